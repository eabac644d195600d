"""Quotas: where they are kept, and the text of a limit or a count (Quotas, StatsTrack)."""

import re
from typing import Final

from attrs import define, field

QUOTA_ROOT: Final = "/zookeeper/quota"
LIMIT_NODE: Final = "zookeeper_limits"
STAT_NODE: Final = "zookeeper_stats"
COUNT: Final = "count"
BYTES: Final = "bytes"
COUNT_HARD: Final = "countHardLimit"
BYTE_HARD: Final = "byteHardLimit"
NO_LIMIT: Final = -1
_BETWEEN: Final = re.compile("[,;]+")


def quota_path(path: str) -> str:
    """Where the quota of a node is kept."""
    return QUOTA_ROOT + path


def limit_path(path: str) -> str:
    """The node that holds its limits."""
    return f"{QUOTA_ROOT}{path}/{LIMIT_NODE}"


def stat_path(path: str) -> str:
    """The node that holds what is used of them."""
    return f"{QUOTA_ROOT}{path}/{STAT_NODE}"


@define
class StatsTrack:
    """Numbers by name: count and bytes, which are always written, and the hard limits where they were ever set.

    Hard limits that were taken back are written as -1; no test against one holds then.
    """

    values: dict[str, int] = field(factory=dict)

    @classmethod
    def parse(cls, data: bytes | None) -> "StatsTrack":
        """Read the data of a limit or stat node; what is no number counts as no limit."""
        track = cls()
        for pair in filter(None, _BETWEEN.split((data or b"").decode(errors="replace"))):
            name, _, rest = pair.partition("=")
            number = rest.rstrip("=")
            track.values[name] = int(number) if re.fullmatch(r"-?\d{1,19}", number) else NO_LIMIT
        return track

    def get(self, name: str) -> int:
        """The number, -1 for none."""
        return self.values.get(name, NO_LIMIT)

    def __str__(self) -> str:
        """The `=` before the first `;` keeps servers before 3.5 from reading the hard limits as bytes."""
        text = f"{COUNT}={self.get(COUNT)},{BYTES}={self.get(BYTES)}"
        others = sorted(self.values.keys() - {COUNT, BYTES})
        return text + ("=" if others else "") + "".join(f";{name}={self.values[name]}" for name in others)

    def encode(self) -> bytes:
        """The data of the node."""
        return str(self).encode()

    def is_exceeded_by(self, used: "StatsTrack", what: str, hard: str) -> bool:
        """Whether a limit, soft or hard, is below what is used already."""
        return any(NO_LIMIT < self.get(limit) < used.get(what) for limit in (what, hard))
