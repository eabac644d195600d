"""The addresses of sessions by the four-letter word `cons`, where that is allowed."""

import re
import socket
from collections.abc import Iterable
from typing import Final

TIMEOUT_S: Final = 2.0
MOST_BYTES: Final = 16 << 20
_CONNECTION: Final = re.compile(r"^ ?/(?P<address>\S+?)\[[01]\]\((?:.*,)?sid=0x(?P<session>[0-9a-f]+),", re.MULTILINE)


def session_addresses(hosts: Iterable[tuple[str, int]]) -> dict[int, str]:
    """The addresses of the sessions that these servers have, by session id; servers that do not say are left out.

    A member of an ensemble has only its own connections.
    """
    found: dict[int, str] = {}
    for host, port in hosts:
        found |= addresses_in(_ask(host, port))
    return found


def addresses_in(text: str) -> dict[int, str]:
    """What an answer says; session ids are signed, as in the stat of a node."""
    return {_signed(int(match["session"], 16)): match["address"] for match in _CONNECTION.finditer(text)}


def _signed(session: int) -> int:
    return session - (1 << 64) if session >= 1 << 63 else session


def _ask(host: str, port: int) -> str:
    """The answer, empty where there is none."""
    answer = bytearray()
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            connection.sendall(b"cons")
            while len(answer) < MOST_BYTES and (piece := connection.recv(1 << 16)):
                answer += piece
    except OSError:
        return ""
    return answer.decode("utf-8", "replace")
