"""Recipes of client libraries, and what only looks like one."""

# ruff: noqa: E501 - a table has one recipe a line

from typing import Final

from pyzoo.recipes.pattern import SEQUENCE, Pattern

_HEX: Final = "[0-9a-f]{32}"
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: Who creates with protection finds his node again by this (Curator's ProtectedUtils; go-zookeeper has no dashes).
_PROTECTED: Final = f"_c_(?:{_UUID}|{_HEX})-"
_KAZOO_LOCK: Final = f"{_HEX}__lock__{SEQUENCE}"

KAZOO: Final = (
    Pattern("kazoo Lock, ReadLock, WriteLock, Election", "lock", "line", entry=_KAZOO_LOCK, shared=f"{_HEX}__rlock__{SEQUENCE}"),
    Pattern(
        "kazoo Semaphore", "semaphore", "semaphore", entry=_HEX, ephemeral=True, permits="data",
        queue="../{name}-__lock__", queue_entry=_KAZOO_LOCK,
    ),
    Pattern("kazoo LockingQueue", "queue", "items", at="*/entries", needs=("../taken",), entry=rf"entry-[0-9]{{3}}-{SEQUENCE}", taken="../taken"),
    Pattern("kazoo Queue", "queue", "items", entry=rf"entry-[0-9]{{3}}-{SEQUENCE}"),
    Pattern("kazoo Party", "group", "members", entry=f"{_HEX}__party__", ephemeral=True),
    Pattern("kazoo ShallowParty", "group", "members", entry=f"{_HEX}-(?P<label>.+)", ephemeral=True),
    Pattern("kazoo NonBlockingLease", "lock", "owner", at="lease_holder", label="{holder} until {end}", labelled=True),
)  # fmt: skip

CURATOR: Final = (
    Pattern("Curator InterProcessReadWriteLock", "lock", "line", entry=f"{_PROTECTED}__WRIT__{SEQUENCE}", shared=f"{_PROTECTED}__READ__{SEQUENCE}"),
    Pattern(
        "Curator InterProcessSemaphoreV2", "semaphore", "semaphore", needs=("leases",), leases="leases", queue="locks",
        entry=f"{_PROTECTED}lease-{SEQUENCE}", queue_entry=f"{_PROTECTED}lock-{SEQUENCE}",
    ),
    Pattern("Curator LeaderLatch", "election", "line", entry=f"{_PROTECTED}latch-{SEQUENCE}"),
    Pattern("Curator InterProcessMutex, LeaderSelector; go-zookeeper Lock", "lock", "line", entry=f"{_PROTECTED}lock-{SEQUENCE}"),
    Pattern("Curator DistributedQueue", "queue", "items", entry=rf"queue-(?:\|[^|]*\||[01][0-9A-F]{{8}})?{SEQUENCE}", ephemeral=False, label="none"),
    Pattern("Curator ServiceDiscovery", "service", "members", label="{address}:{port} {serviceType}", labelled=True, entry=_UUID),
    Pattern("Curator, kazoo DoubleBarrier", "barrier", "barrier", entry=f"{_UUID}|{_HEX}", ephemeral=True, ready="ready"),
)  # fmt: skip

APACHE: Final = (
    Pattern("ZooKeeper recipes WriteLock, zoo_lock", "lock", "line", entry=f"x-[0-9a-f-]{{1,20}}-{SEQUENCE}"),
    Pattern("ZooKeeper recipes LeaderElectionSupport", "election", "line", entry=f"n_{SEQUENCE}", ephemeral=True),
    Pattern("ZooKeeper recipes DistributedQueue, Curator SimpleDistributedQueue", "queue", "items", entry=f"qn-{SEQUENCE}"),
)  # fmt: skip

CLIENT_PATTERNS: Final = (*KAZOO, *CURATOR, *APACHE)

GUESSES: Final = (
    Pattern("ephemeral sequential nodes", "lock", "line", entry=f".*{SEQUENCE}", ephemeral=True, guess=True),
    Pattern("ephemeral nodes", "group", "members", ephemeral=True, guess=True),
    Pattern("number called count", "counter", "value", at="*count*", label="number", guess=True),
    Pattern("node called barrier", "barrier", "flag", at="*barrier*", guess=True),
)  # fmt: skip
"""What no client has in just this form; without any proof, so they come last."""
