"""The command that keeps printing what changes below a path: watch."""

import time
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from attrs import define, field

from pyzoo import errors as codes
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import KeeperError
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.command import Command, Context
from pyzoo.shell.errors import MalformedCommand, ShellError
from pyzoo.shell.events import Event
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.render import iso_text
from pyzoo.shell.watches import WatcherType
from pyzoo.subtrees.paths import check_path, child_of
from pyzoo.subtrees.values import Json, data_json
from pyzoo.zxid import zxid_text

CREATED: Final = "created"
CHANGED: Final = "changed"
DELETED: Final = "deleted"
CHILDREN: Final = "NodeChildrenChanged"
VERBS: Final = {"NodeCreated": CREATED, "NodeDataChanged": CHANGED, "NodeDeleted": DELETED}
PATIENCE_S: Final = 0.5
"""How often to look whether the session still lives."""
SHOWN_MAX: Final = 60
"""Characters of data on a line."""


def watch(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    check_path(path)
    limit = _count(given)
    seen = 0
    following = Following(context.zk, path)
    context.redirect_events(following.events.put)
    try:
        following.begin()
        for verb, changed, zxid in following.changes():
            _show(context, verb, changed, zxid)
            seen += 1
            if seen == limit:
                break
    finally:
        following.end()
        context.redirect_events(None)
    return {"changes": seen}


def _count(given: Arguments) -> int | None:
    if not given.has("count"):
        return None
    count = parse_decimal(given.value("count"))
    if count is None or count < 1:
        raise MalformedCommand(f"--count {given.value('count')}: give a whole number, 1 or more")
    return count


def _show(context: Context, verb: str, path: str, zxid: int) -> None:
    """One change, with the data that the node has by now."""
    at = iso_text(int(time.time() * 1000))
    data = None
    if verb != DELETED:
        with suppress(KeeperError):
            data = context.zk.get_data(path)[0]
    context.printer.line(f"{at}  {verb}  {context.printer.styled(path, 'node')}{_shown(data)}")
    value: dict[str, Json] = {"time": at, "change": verb, "path": path, "zxid": zxid_text(zxid)}
    context.printer.document(value if verb == DELETED else value | data_json(data))
    context.printer.flush()


def _shown(data: bytes | None) -> str:
    """Short text as it is, everything else by its size."""
    if not data:
        return ""
    text = data.decode("utf-8", "replace")
    return f"  {text}" if text.isprintable() and len(text) <= SHOWN_MAX else f"  ({len(data)} bytes)"


@define
class Following:
    """Changes of a node and all below it, from a persistent recursive watch.

    Servers before 3.6 have none: there every node gets ordinary watches, which are set again after each event. Then
    changes that follow each other closely may be told as one.
    """

    zk: ZooKeeper
    path: str
    events: SimpleQueue[Event] = field(factory=SimpleQueue)
    #: The children of each node, where every node is watched on its own.
    known: dict[str, set[str]] = field(factory=dict)
    recursive: bool = True

    def begin(self) -> None:
        """Set the watch; raises KeeperError."""
        try:
            self.zk.add_watch(self.path, recursive=True)
        except KeeperError as error:
            if error.code != codes.UNIMPLEMENTED:
                raise
            self.recursive = False
            self._adopt(self.path)

    def changes(self) -> Iterator[tuple[str, str, int]]:
        """What was done to which node, and the zxid of that; raises ShellError when the session is over."""
        while True:
            event = self._next_event()
            assert event.path is not None
            if event.type == CHILDREN:
                for path in self._new_children(event.path):
                    yield CREATED, path, event.zxid
                continue
            verb = VERBS.get(event.type)
            if verb is None:
                continue
            if not self.recursive and not self._again(verb, event.path):
                continue
            yield verb, event.path, event.zxid

    def end(self) -> None:
        """Take the watch back."""
        with suppress(KeeperError):
            self.zk.remove_watches(self.path, WatcherType.PERSISTENT_RECURSIVE, local=True)

    def _next_event(self) -> Event:
        while True:
            try:
                return self.events.get(timeout=PATIENCE_S)
            except Empty:
                if not self.zk.session.alive:
                    raise ShellError("the session is over, and the watch with it") from None

    def _adopt(self, top: str) -> list[str]:
        """Watch a node and all below it; returns those that were there."""
        waiting, found = [top], []
        while waiting:
            path = waiting.pop()
            self.zk.exists(path, watch=True)
            try:
                names, _ = self.zk.get_children(path, watch=True)
            except KeeperError as error:
                if error.code == codes.NONODE:
                    continue
                raise
            self.known[path] = set(names)
            found.append(path)
            waiting += [child_of(path, name) for name in reversed(names)]
        return found

    def _new_children(self, path: str) -> list[str]:
        """Watch the children of a node again; returns the nodes that are new, with what is below them."""
        if self.recursive:
            return []
        try:
            names, _ = self.zk.get_children(path, watch=True)
        except KeeperError:
            return []
        new = set(names) - self.known.get(path, set())
        self.known[path] = set(names)
        return [each for name in sorted(new) for each in self._adopt(child_of(path, name))]

    def _again(self, verb: str, path: str) -> bool:
        """Watch a node again after an event; whether that event is to be told."""
        if verb == DELETED:
            self.known.pop(path, None)
            if path == self.path:
                self._adopt(path)
            return True
        if verb == CREATED:
            return path == self.path and bool(self._adopt(path))
        self.zk.exists(path, watch=True)
        return True


COMMANDS: Final = (
    Command(
        "watch",
        "path [--count n]",
        watch,
        Options.of(Option("count", "End after so many changes; else at an interrupt", takes_value=True, long=True)),
        most=2,
        summary="Keep printing what changes in a node and all below it.",
    ),
)
