"""HTTP by hand: requests that no library sends, and what becomes of them and of their connection."""

import re
import socket

from attrs import frozen

from interop.server import Server

SECONDS = 30
QUIET_SECONDS = 1.0
STATUS_LINE = re.compile(rb"^HTTP/1\.1 (\d{3}) ?(.*)\r\n", re.MULTILINE)


@frozen
class Conversation:
    """Everything that came back, and whether the connection is still open."""

    received: bytes
    is_open: bool

    @property
    def statuses(self) -> list[tuple[int, str]]:
        """Status and reason of each answer; where a request was not understood the reason is free text."""
        found = [(int(status), reason.decode()) for status, reason in STATUS_LINE.findall(self.received)]
        return [(status, "" if status in (400, 505) else reason) for status, reason in found]

    @property
    def connection(self) -> list[str]:
        """What is said of the connection."""
        return [value.decode().lower() for value in re.findall(rb"^Connection: (.*)\r\n", self.received, re.MULTILINE)]

    @property
    def json(self) -> list[str]:
        """The bodies that are JSON."""
        return [body.decode() for body in re.findall(rb"^\{\n.*?^\}", self.received, re.MULTILINE | re.DOTALL)]


def converse(server: Server, request: bytes) -> Conversation:
    """Send bytes to the AdminServer, and listen until it closes or has been quiet for a while."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.admin_port), SECONDS) as connection:
        connection.sendall(request)
        try:
            while piece := connection.recv(65536):
                received += piece
                connection.settimeout(QUIET_SECONDS)
        except TimeoutError:
            return Conversation(received, is_open=True)
        except ConnectionError:
            pass
    return Conversation(received, is_open=False)
