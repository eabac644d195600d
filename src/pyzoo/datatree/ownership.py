"""Nodes that do not stay by themselves: ephemerals by session, containers, nodes with a time to live."""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.ephemeral_type import CONTAINER, EPHEMERAL, TTL, ttl_of
from pyzoo.datatree.java_order import SESSION_BUCKETS, copy_buckets, grown, table_order
from pyzoo.datatree.node import DataNode

_NONE: Final[list[str]] = []


def may_go(kind: i32, owner: i64, cversion: i32, mtime: i64, now_ms: i64, max_never_used_ms: i64) -> bool:
    """Whether the container manager may delete a node without children (ContainerManager.getCandidates).

    A container goes once it has had children, or when `max_never_used_ms` is not 0 and it has been unused for longer.
    """
    age_ms = now_ms - mtime
    if kind == CONTAINER:
        return cversion > 0 or (max_never_used_ms != 0 and age_ms > max_never_used_ms)
    ttl = ttl_of(owner)
    return kind == TTL and ttl != 0 and age_ms > ttl


def has_expired(node: DataNode | None, now_ms: i64, max_never_used_ms: i64) -> bool:
    """Whether the container manager may delete a node of the tree."""
    if node is None or node.num_children > 0:
        return False
    return may_go(node.kind, node.ephemeral_owner, node.cversion, node.mtime, now_ms, max_never_used_ms)


@final
class SessionPaths:
    """The ephemerals of one session; `buckets` is the size of Java's table, `changes` counts who came and went."""

    def __init__(self) -> None:
        self.paths: dict[str, None] = {}
        self.buckets: i64 = SESSION_BUCKETS
        self.changes: i64 = 0

    def ordered(self) -> list[str]:
        """The paths in Java's order."""
        return table_order(list(self.paths), 0, self.buckets)

    def paths_as_cloned(self) -> list[str]:
        """The paths in an order that leads a clone of the table to its order, as Java's own would."""
        # In a table that is not smaller those of one bucket come from one bucket.
        return list(self.paths) if copy_buckets(len(self.paths)) >= self.buckets else self.ordered()


@final
class Ownership:
    """The three indexes; every node with an owner is in exactly one of them."""

    def __init__(self) -> None:
        self.sessions: dict[int, SessionPaths] = {}
        self.containers: dict[str, None] = {}
        self.ttls: dict[str, None] = {}

    def clear(self) -> None:
        """Forget all owners, before a snapshot is loaded."""
        self.sessions.clear()
        self.containers.clear()
        self.ttls.clear()

    def add(self, path: str, kind: i32, owner: i64) -> None:
        """A node that is not persistent was made or loaded."""
        if kind == EPHEMERAL:
            session = self.sessions.get(owner)
            if session is None:
                session = SessionPaths()
                self.sessions[owner] = session
            session.paths[path] = None
            session.buckets = grown(session.buckets, len(session.paths))
            session.changes += 1
        elif kind == CONTAINER:
            self.containers[path] = None
        elif kind == TTL:
            self.ttls[path] = None

    def discard(self, path: str, kind: i32, owner: i64) -> None:
        """A node is gone; the session stays known until it is closed, as in Java."""
        if kind == EPHEMERAL:
            session = self.sessions.get(owner)
            if session is not None:
                session.paths.pop(path, None)
                session.changes += 1
        elif kind == CONTAINER:
            self.containers.pop(path, None)
        elif kind == TTL:
            self.ttls.pop(path, None)

    def ephemerals_of(self, session_id: i64) -> list[str]:
        """The ephemerals of a session in the order of Java's table."""
        session = self.sessions.get(session_id)
        return list(_NONE) if session is None else session.ordered()

    def count_of(self, session_id: i64) -> i64:
        """How many ephemerals a session has."""
        session = self.sessions.get(session_id)
        return 0 if session is None else len(session.paths)

    def table_of(self, session_id: i64) -> tuple[list[str], i64]:
        """The ephemerals of a session as they came, and the number of buckets of Java's table."""
        session = self.sessions.get(session_id)
        return (list(_NONE), SESSION_BUCKETS) if session is None else (list(session.paths), session.buckets)

    def take_session(self, session_id: i64) -> SessionPaths:
        """The ephemerals of a session, which is then no longer known."""
        session = self.sessions.pop(session_id, None)
        return SessionPaths() if session is None else session

    def expiring(self) -> list[str]:
        """All containers and TTL nodes, in the order in which they are to be looked at."""
        return [*self.containers, *self.ttls]
