"""How many records of TLS come, and how many of them tell something.

An update of keys (TLS 1.3) is 30 to 50 us of work for a record of 27 bytes, and OpenSSL makes all at once that it has.
So it gets only some records before it is seen what was in them, and who sends very many for nothing is cut off.
"""

import ssl
from typing import Final, final

from mypy_extensions import i64

HEADER_BYTES: Final = 5
"""Of a record; the last two are the size of what follows."""
RECORDS_AT_ONCE: Final = 64
"""OpenSSL gets no more before it is seen what was in them."""
IDLE_RECORDS: Final = 100
"""So many records may tell nothing, and one more for each 1024 that do."""


@final
class Records:
    """The records of one direction of a connection; `told` is to be counted by whoever reads what was in them."""

    def __init__(self) -> None:
        self.told: i64 = 0
        self.begun: i64 = 0
        self._header = b""  # as much of it as has come
        self._still_to_come: i64 = 0  # of the record that has begun

    def end(self, data: bytes, at: i64) -> i64:
        """Where RECORDS_AT_ONCE more records end, or all that have come; counts those that begin."""
        size: i64 = len(data)
        if len(self._header) > 0:
            # Cut in its middle by the network: so it begins anew, with what has come of it.
            missing: i64 = HEADER_BYTES - len(self._header)
            header = self._header + data[at : at + missing]
            if len(header) < HEADER_BYTES:
                self._header = header
                return size
            self._header = b""
            self.begun += 1
            self._still_to_come = missing + (header[3] << 8) + header[4]
        at += self._still_to_come
        count: i64 = 0
        while at + HEADER_BYTES <= size and count < RECORDS_AT_ONCE:
            at += HEADER_BYTES + (data[at + 3] << 8) + data[at + 4]
            count += 1
        self.begun += count
        self._still_to_come = max(at - size, 0)
        if at < size < at + HEADER_BYTES:
            self._header = data[at:]
            at = size
        return min(at, size)

    def refuse_idleness(self) -> None:
        """Raise SSLError for who sends very many records with nothing in them, such as updates of keys."""
        if self.begun - self.told > IDLE_RECORDS + (self.told >> 10):
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, "too many records that say nothing")
