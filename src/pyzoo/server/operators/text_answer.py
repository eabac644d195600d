"""TextAnswer: a text that goes out in pieces, as fast as its connection takes them; then the connection closes."""

import logging
from collections.abc import Iterator
from typing import Final, final

from mypy_extensions import i64

from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.server.slices import SlicedWork

logger: Final = logging.getLogger(__name__)

_UNITS_A_PIECE: Final = 4
_UNITS_OF_NOTHING: Final = 500
"""Of an empty piece: up to a thousand items were put in order."""
_CHARACTERS_A_UNIT: Final = 32
_PACKET: Final = 8192
"""Characters of an answer that count as one packet sent (BufferedWriter)."""


def answer_text(server: OperatedServer, cnxn: ServerCnxn, pieces: Iterator[str]) -> None:
    """Send a text, which may be endless, and close."""
    work = TextAnswer(server, cnxn, pieces)
    cnxn.work = work
    cnxn.is_busy = True
    server.slices.begin(work, server.now_ms)


def count_packets(server: OperatedServer, cnxn: ServerCnxn, characters: i64) -> None:
    """Count an answer of this length."""
    packets = (characters + _PACKET - 1) // _PACKET
    cnxn.packets_sent += packets
    server.stats.packets_sent += packets


@final
class TextAnswer(SlicedWork):
    """The answer to a four-letter word."""

    def __init__(self, server: OperatedServer, cnxn: ServerCnxn, pieces: Iterator[str]) -> None:
        super().__init__()
        self._server = server
        self._cnxn = cnxn
        self._pieces = pieces
        self._characters: i64 = 0

    def step(self, units: i64) -> i64:
        cnxn = self._cnxn
        room = cnxn.room()
        if cnxn.closing:
            self._leave()
            return 1
        # It says nothing for as long as it is answered.
        cnxn.last_io_ms = self._server.now_ms
        done: i64 = 0
        texts: list[str] = []
        try:
            while done < units and room > 0:
                piece = next(self._pieces, None)
                if piece is None:
                    self._leave()
                    break
                length: i64 = len(piece)
                self._characters += length
                texts.append(piece)
                room -= length
                done += _UNITS_A_PIECE + length // _CHARACTERS_A_UNIT if length > 0 else _UNITS_OF_NOTHING
        except Exception:
            logger.exception(
                "Closing the connection of %s after an internal error", cnxn.address, extra=of_client(cnxn)
            )
            self._server.metrics.unrecoverable_error_count += 1
            cnxn.abort()
            self._leave()
        cnxn.write_text("".join(texts))
        self.is_stalled = room <= 0
        if self.is_done:
            count_packets(self._server, cnxn, self._characters)
            cnxn.close()
        return done + 1

    def abandon(self) -> None:
        self._leave()
        self._cnxn.abort()

    def _leave(self) -> None:
        self.is_done = True
        self._cnxn.work = None
        self._cnxn.is_busy = False
