"""The faults of a member's links, told by the process that has started it: lines over a socket that it inherits.

    {"number": 1, "cut": [2, 3], "delay_ms": 0}     the faults from now on; the first line comes before it starts
    1                                               the answer: they are in force

For ensembles on one machine, in tests. Nothing else has such a socket.
"""

import json
import socket
from collections.abc import Set
from typing import Final

import trio

from pyzoo.runtime.transport.link_faults import LinkFaults

ANSWER_SECONDS: Final = 10.0
READ_SIZE: Final = 4096


def _read_line(sock: socket.socket) -> bytes:
    """One line, waited for; what there is where the other end is gone."""
    line = b""
    while not line.endswith(b"\n"):
        byte = sock.recv(1)
        if not byte:
            break
        line += byte
    return line


def _apply(line: bytes, faults: LinkFaults) -> bytes:
    """Have what a line says, and answer."""
    told = json.loads(line)
    faults.set(frozenset(told["cut"]), told["delay_ms"])
    return f"{told['number']}\n".encode()


class FaultReceiver:
    """The end of the member; `faults` are what the first line says when it is made."""

    def __init__(self, descriptor: int) -> None:
        """Waits for that line."""
        self.faults = LinkFaults()
        self._sock = socket.socket(fileno=descriptor)
        line = _read_line(self._sock)
        if line:
            self._sock.sendall(_apply(line, self.faults))

    async def obey(self) -> None:
        """Until the other end is gone."""
        sock = trio.socket.from_stdlib_socket(self._sock)
        waiting = b""
        try:
            while data := await sock.recv(READ_SIZE):
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    await sock.send(_apply(line, self.faults))
        except OSError:
            pass  # The other end is gone.


class FaultSender:
    """The end of whoever starts a member; `far_end` is for the member to inherit."""

    def __init__(self) -> None:
        self._sock, self.far_end = socket.socketpair()
        self._sock.settimeout(ANSWER_SECONDS)
        self._number = 0

    def tell(self, cut: Set[int], delay_ms: int) -> None:
        """Have these faults, and no others; nothing is waited for. One that is gone needs none."""
        self._number += 1
        line = json.dumps({"number": self._number, "cut": sorted(cut), "delay_ms": delay_ms})
        try:
            self._sock.sendall(line.encode() + b"\n")
        except OSError:
            pass

    def wait(self) -> bool:
        """Whether what was told last is in force; False where nobody has answered in time."""
        try:
            while line := _read_line(self._sock):
                if line.strip() == str(self._number).encode():
                    return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Nobody is told any more."""
        self._sock.close()
        self.far_end.close()
