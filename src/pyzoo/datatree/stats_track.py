"""StatsTrack: the text of the two nodes of a quota.

    count=3,bytes=8                                          plain
    count=3,bytes=8=;byteHardLimit=100;countHardLimit=10     with more keys, sorted

The lone `=` lets readers that know only the plain form stop there. Unknown keys survive.
"""

import re
from typing import Final, final

from pyzoo.jute.primitives import to_i64

COUNT: Final = "count"
BYTES: Final = "bytes"
COUNT_HARD_LIMIT: Final = "countHardLimit"
BYTES_HARD_LIMIT: Final = "byteHardLimit"

_SEPARATORS: Final = re.compile("[,;]+")
_NUMBER: Final = re.compile(r"[+-]?\d+")


@final
class StatsTrack:
    """Numbers by name; -1 stands for a missing one, which as a limit means none."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def get(self, key: str) -> int:
        """The value of a key, -1 when it is missing."""
        return self.values.get(key, -1)

    def add(self, key: str, difference: int) -> None:
        """Change a value, in 64 bits."""
        self.values[key] = to_i64(self.get(key) + difference)

    def encode(self) -> bytes:
        """The text: count and bytes first, the rest by name."""
        text = f"{COUNT}={self.get(COUNT)},{BYTES}={self.get(BYTES)}"
        others = sorted(key for key in self.values if key != COUNT and key != BYTES)
        if others:
            text += "=" + "".join([f";{key}={self.values[key]}" for key in others])
        return text.encode("utf-8", "replace")


def parse_stats(data: bytes | None) -> StatsTrack:
    """Read the text; empty data has no keys. Raises ValueError for null data and for a missing number."""
    if data is None:
        raise ValueError("a quota node without data")
    track = StatsTrack()
    text = data.decode("utf-8", "replace")
    if not text:
        return track
    pieces = _SEPARATORS.split(text)
    while pieces and not pieces[-1]:
        pieces.pop()
    for piece in pieces:
        parts = piece.rstrip("=").split("=")
        if len(parts) < 2:
            raise ValueError(f"no value in {piece!r}")
        track.values[parts[0]] = _parse_long(parts[1]) if parts[1] else -1
    return track


def stats_or_zero(data: bytes | None) -> StatsTrack:
    """Read the usage of a quota; what cannot be read counts as nothing used, and the next change mends it."""
    try:
        return parse_stats(data)
    except ValueError:
        track = StatsTrack()
        track.values[COUNT] = 0
        track.values[BYTES] = 0
        return track


def _parse_long(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a number")
    value = int(text)
    if to_i64(value) != value:
        raise ValueError(f"{text!r} does not fit in 64 bits")
    return value
