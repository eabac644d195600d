"""Watcher, who is told of events, and OwedEvent, one of which it is told later."""

from typing import final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.acl import READ
from pyzoo.jute.records import ACL
from pyzoo.outbox import Outbox


@mypyc_attr(allow_interpreted_subclasses=True)
class Watcher(Outbox):
    """Someone who is told about events: a connection, which sends them."""

    def process(self, event_type: i32, path: str, zxid: i64, acl: list[ACL] | None) -> None:
        """Something happened to `path`.

        `acl` is what the watcher must be able to read to be told; None means that it need not be checked.
        """
        raise NotImplementedError

    def owe(self, is_promised: bool = False) -> bool:
        """An event is to come with `tell`, and nothing that is later before that.

        False to be told by `process` at once. `is_promised`: the same was said before, and `release` is to follow.
        """
        return True

    def release(self) -> None:
        """In place of `tell`: all that was promised is owed now."""

    def tell(self, event: "OwedEvent") -> None:
        """The event that was owed has its turn: what comes later may follow."""
        self.process(event.event_type, event.path, event.zxid, event.acl)


class WatchTable:
    """Where watches are that an event has used up."""

    def forget_used_up(self, path: str, watchers: list[Watcher]) -> None:
        """These have been told, and have no one-shot watch at this path unless it is a new one."""
        raise NotImplementedError


@final
@mypyc_attr(acyclic=True)
class OwedEvent:
    """One event, owed to `watchers`; `acl` is None where everybody may read the node.

    `frame` belongs to those who send it: the bytes that are the same for all of them.
    """

    __slots__ = ("acl", "event_type", "frame", "manager", "path", "used_up", "watchers", "zxid")

    def __init__(
        self,
        manager: WatchTable,
        event_type: i32,
        path: str,
        zxid: i64,
        acl: list[ACL] | None,
        watchers: list[Watcher],
        used_up: list[Watcher],
    ) -> None:
        self.manager = manager
        self.event_type: i32 = event_type
        self.path = path
        self.zxid: i64 = zxid
        self.acl = None if acl is None or is_public(acl) else acl
        self.watchers = watchers
        self.used_up = used_up
        self.frame = b""


def is_public(acl: list[ACL]) -> bool:
    """Whether everybody may read a node with this ACL."""
    for entry in acl:
        if entry.scheme == "world" and entry.id == "anyone" and entry.perms & READ:
            return True
    return False
