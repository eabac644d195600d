"""What pyzoo knows about configuration keys: the vocabulary, and the lookup over all tables.

The tables themselves are in the `keys_*` modules, one per subject. They decide how a key is read, what its
default is and what is said about it; ServerConfig repeats the defaults, and a test holds the two equal.
"""

import difflib
from enum import Enum
from functools import partial
from typing import Final

from attrs import frozen


class Kind(Enum):
    """How the text of a value is read."""

    BOOL = "true/false"
    INT = "number"
    LONG = "large number"
    FLOAT = "ratio"
    TEXT = "text"
    LIST = "list"
    PATH = "path"
    PORT = "port"
    HOST = "host"


class Source(Enum):
    """Where a key may be given."""

    FILE = "file"  # only in the file; a wrong value stops the start
    PROPERTY = "both"  # in the file, or as -Dzookeeper.<name>; a wrong value falls back with a warning
    RAW = "-D"  # only as -D<name>, without a prefix


class Treatment(Enum):
    """What pyzoo does with a key."""

    USED = "used"
    NO_EFFECT = "no effect"  # accepted; a value other than the default gets a warning that says why
    NOT_YET = "not yet"  # accepted; a value other than the default gets a warning that it is not there yet
    ENSEMBLE = "ensemble"  # read by members of an ensemble, accepted in silence by a server that is alone


@frozen
class Key:
    """One key. `default` is text that would give the default; `meaning` is what the documentation says.

    `at_least` and `at_most` bound a number, beside the size of its kind. What a number outside of them, or a text that
    is none, leads to is said where it is read: Apache's server takes the default for most keys, and ends with some.
    """

    name: str
    kind: Kind
    default: str
    meaning: str
    treatment: Treatment = Treatment.USED
    source: Source = Source.PROPERTY
    at_least: int | None = None
    at_most: int | None = None

    @property
    def values(self) -> str:
        """What may be written, in words: the kind, and the range of a number."""
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return ", ".join([self.kind.value, *(f"{word} {end}" for word, end in ends if end is not None)])

    def fault_of(self, number: int) -> str | None:
        """What a number should be instead, in words; None for one in the range."""
        if self.at_least is not None and number < self.at_least:
            return f"at least {self.at_least}"
        if self.at_most is not None and number > self.at_most:
            return f"at most {self.at_most}"
        return None

    @property
    def property_name(self) -> str:
        """The name of the system property."""
        return self.name if self.source is Source.RAW else "zookeeper." + self.name

    @property
    def is_family(self) -> bool:
        """Whether the name ends in `*` and stands for all keys that begin like it."""
        return self.name.endswith("*")


file_key: Final = partial(Key, source=Source.FILE)
"""A key that only the file can give."""

raw_key: Final = partial(Key, source=Source.RAW)
"""A key that only -D can give, without the zookeeper prefix."""

# Headings of the Apache manual that people copy although no code reads them.
HEADINGS: Final[dict[str, str]] = {
    "advancedFlowControlEnabled": "netty.advancedFlowControl.enabled",
    "connectionDecreaseRatio": "connection_throttle_decrease_ratio",
    "connectionDropDecrease": "connection_throttle_drop_decrease",
    "connectionDropIncrease": "connection_throttle_drop_increase",
    "connectionFreezeTime": "connection_throttle_freeze_time",
    "connectionMaxTokens": "connection_throttle_tokens",
    "connectionTokenFillCount": "connection_throttle_fill_count",
    "connectionTokenFillTime": "connection_throttle_fill_time",
    "globalSessionWeight": "connection_throttle_global_session_weight",
    "localSessionWeight": "connection_throttle_local_session_weight",
    "maxConcurrentDiffSyncs": "leader.maxConcurrentDiffSyncs",
    "maxConcurrentSnapSyncs": "leader.maxConcurrentSnapSyncs",
    "maxTimeToWaitForEpoch": "leader.maxTimeToWaitForEpoch",
    "outstandingHandshake.limit": "netty.server.outstandingHandshake.limit",
    "renewSessionWeight": "connection_throttle_renew_session_weight",
    "requestStaleConnectionCheck": "request_stale_connection_check",
    "requestStaleLatencyCheck": "request_stale_latency_check",
    "requestThrottleDropStale": "request_throttle_drop_stale",
    "requestThrottleLimit": "request_throttle_max_requests",
    "requestThrottleStallTime": "request_throttle_stall_time",
    "throttledOpWaitTime": "throttled_op_wait_time",
}


@frozen
class KeyTable:
    """All keys, with the lookups that the parser needs; some names exist with and without the prefix."""

    sections: tuple[tuple[str, tuple[Key, ...]], ...]
    by_name: dict[str, Key]
    raw_by_name: dict[str, Key]
    families: tuple[Key, ...]

    @classmethod
    def of(cls, *sections: tuple[str, tuple[Key, ...]]) -> "KeyTable":
        """Build the lookups; every property may stand in one section only."""
        keys = [key for _, rows in sections for key in rows]
        assert len(keys) == len({key.property_name for key in keys})
        return cls(
            sections,
            {key.name: key for key in keys if key.source is not Source.RAW},
            {key.name: key for key in keys if key.source is Source.RAW},
            tuple(key for key in keys if key.is_family),
        )

    def find(self, name: str) -> Key | None:
        """The key that a file may hold under that name, alone or as one of a family."""
        key = self.by_name.get(name)
        if key is None:
            key = next((family for family in self.families if name.startswith(family.name[:-1])), None)
        return key

    def closest(self, name: str) -> str | None:
        """The known key that an unknown one was probably meant to be."""
        if name in HEADINGS:
            return HEADINGS[name]
        lower = {known.lower(): known for known in self.by_name if not known.endswith("*")}
        near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.8)
        return lower[near[0]] if near else None
