"""Why servers could not be reached, in words: ConnectionLoss alone does not tell a wrong name from a refusal."""

import errno
import socket
import struct
from typing import Final, final

NO_ZOOKEEPER: Final = "what answers there is no ZooKeeper server, or one that wants TLS"
CLOSED: Final = "it closed the connection: it does not serve yet, or is no ZooKeeper server"
NO_ANSWER: Final = "it accepts connections but does not answer: is it a ZooKeeper server?"
LONGEST_CONNECT_RESPONSE: Final = 1024
"""Bytes; a real one has 40."""


@final
class Failures:
    """What went wrong last with each server, and why a login failed; nothing once one of them has let us in."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._login: str | None = None

    def note(self, host: str, port: int, reason: str) -> None:
        """Remember why a server could not be reached."""
        self._reasons[f"[{host}]:{port}" if ":" in host else f"{host}:{port}"] = reason

    def note_login(self, reason: str) -> None:
        """A server was reached, but not logged in to."""
        self.clear()
        self._login = reason

    def clear(self) -> None:
        """A server was reached."""
        self._reasons.clear()
        self._login = None

    def lines(self) -> list[str]:
        """A line for each server, or the one for the login."""
        if self._login is not None:
            return [f"the login failed: {self._login}"]
        return [f"cannot reach {server}: {reason}" for server, reason in self._reasons.items()]


def name_is_unknown(error: OSError) -> str:
    """For a host that cannot be looked up."""
    return f"the name is not known ({error.strerror or error})"


def reason_of(error: BaseException) -> str:
    """What an exception of a connect means; one that kazoo has wrapped keeps its cause as context."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, OSError):
        found = None if found.__suppress_context__ else found.__context__
    if isinstance(found, TimeoutError) or (found is None and "connect to socket" in str(error)):
        return "timed out: no answer to the connect"
    if isinstance(found, socket.gaierror):
        return name_is_unknown(found)
    if isinstance(found, ConnectionResetError | BrokenPipeError):
        return CLOSED  # with bytes of ours that it has not read
    if found is not None:
        text = found.strerror or str(found)
        return f"{text}: no server listens there" if found.errno == errno.ECONNREFUSED else text
    if isinstance(error, struct.error | ValueError | IndexError):
        return NO_ZOOKEEPER
    return str(error) or type(error).__name__
