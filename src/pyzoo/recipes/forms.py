"""What each form of pattern makes of a node: a Thing, or None where it is not of that form."""

from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Final

from attrs import evolve

from pyzoo.recipes.children import (
    LISTED,
    Breaths,
    Entry,
    collected,
    entries_of,
    is_right,
    part_of,
    parts_of,
    read_entry,
)
from pyzoo.recipes.labels import label_of
from pyzoo.recipes.nodes import Node, NodeView, relative
from pyzoo.recipes.pattern import Pattern
from pyzoo.recipes.thing import GONE, HOLDER, ITEM, MEMBER, WAITER, Part, Thing
from pyzoo.subtrees.paths import child_of, name_of


def recognised(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    """What the node is by this pattern."""
    if pattern.at_re is not None and pattern.at_re.fullmatch(node.path) is None:
        return None
    if any(view.node(relative(node.path, step)) is None for step in pattern.needs):
        return None
    return (yield from _FORMS[pattern.form](pattern, view, node))


def _thing(pattern: Pattern, node: Node, parts: tuple[Part, ...], total: int) -> Thing:
    return Thing(pattern.kind, pattern.name, node.path, parts, total, guess=pattern.guess, notes=pattern.notes)


def _line(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    entries = yield from entries_of(pattern, view, node.path)
    if not entries.first:
        return None
    if pattern.permits == "all":
        holding = entries.total
    else:
        holding = _sharing(entries.first) if pattern.shared else int(pattern.permits)
    parts = yield from parts_of(pattern, view, node.path, entries.first, lambda at: HOLDER if at < holding else WAITER)
    if not any(entry.shares for entry in entries.first):
        parts = tuple(evolve(part, mode="") for part in parts)
    permits = None if pattern.permits == "all" or pattern.shared else int(pattern.permits)
    return evolve(_thing(pattern, node, parts, entries.total), permits=permits)


def _sharing(entries: list[Entry]) -> int:
    """How many hold: all that share before the first that excludes, else that one, with what shares its number.

    A read lock of Curator below a write lock of the same thread has the number of that write lock.
    """
    sharing = len(list(takewhile(lambda entry: entry.shares, entries)))
    return sharing or len(list(takewhile(lambda entry: entry.sequence == entries[0].sequence, entries)))


def _semaphore(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    permits = label_of("number", node.data) if pattern.permits == "data" else ""
    if pattern.permits == "data" and not permits.isdecimal():
        return None
    leases, queue = relative(node.path, pattern.leases), relative(node.path, pattern.queue)
    held = yield from entries_of(pattern, view, leases)
    behind = yield from collected(view, queue, lambda name: read_entry(pattern.queue_entry_re, name))
    if not held.total and not behind.total:
        return None
    holders = yield from parts_of(pattern, view, leases, held.first, lambda at: HOLDER)
    waiters = yield from parts_of(pattern, view, queue, behind.first, lambda at: WAITER)
    holders = tuple(sorted(holders, key=lambda part: part.czxid))
    total = held.total + behind.total
    early = _early_lease(holders, waiters[0]) if waiters and leases != node.path else None
    if early is not None:
        holders, total = tuple(part for part in holders if part is not early), total - 1
    claims = tuple(path for path in (leases, queue) if path != node.path)
    return evolve(
        _thing(pattern, node, (*holders, *waiters), total), permits=int(permits) if permits else None, claims=claims
    )


def _early_lease(holders: Iterable[Part], first: Part) -> Part | None:
    """The lease that the first in the queue has made already, and holds only when there are few enough.

    InterProcessSemaphoreV2 makes it with the lock in hand, and keeps the lock until then.
    """
    own = [part for part in holders if part.session == first.session and part.czxid > first.czxid]
    return max(own, key=lambda part: part.czxid, default=None)


def _items(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    taken = relative(node.path, pattern.taken) if pattern.taken else ""

    def in_order(name: str) -> Entry | None:
        # Names are what these clients sort by, priorities in front.
        entry = read_entry(pattern.entry_re, name)
        return None if entry is None else entry._replace(sequence=0)

    entries = yield from collected(view, node.path, in_order)
    parts = []
    for part in (yield from parts_of(pattern, view, node.path, entries.first, lambda at: ITEM)):
        owner = view.node(child_of(taken, name_of(part.path))) if taken else None
        part = part if owner is None else evolve(part, role=HOLDER, session=owner.session)
        parts.append(_counted(pattern, view, part))
    right = [part for part in parts if part.role == HOLDER or is_right(pattern, part.session)]
    if not right:
        return None
    return evolve(_thing(pattern, node, tuple(right), entries.total), claims=(taken,) if taken else ())


def _counted(pattern: Pattern, view: NodeView, part: Part) -> Part:
    """An item with how many are in each of its lists."""
    lengths = [(step, len(view.first_names(relative(part.path, step), LISTED))) for step in pattern.counts]
    words = [part.label, ", ".join(f"{step} {length}" for step, length in lengths)]
    return evolve(part, label=" ".join(filter(None, words)))


def _members(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    entries = yield from entries_of(pattern, view, node.path)
    if not entries.first:
        return None
    parts = yield from parts_of(pattern, view, node.path, entries.first, lambda at: MEMBER)
    if pattern.labelled:
        parts = tuple(part for part in parts if part.label)
    if pattern.alive:
        parts = tuple(_living(pattern, view, part) for part in parts)
    return _thing(pattern, node, parts, entries.total) if parts else None


def _living(pattern: Pattern, view: NodeView, part: Part) -> Part:
    """A member that is alive while it has a child of its session."""
    sign = view.node(relative(part.path, pattern.alive))
    return evolve(part, role=GONE) if sign is None else evolve(part, session=sign.session, since=sign.ctime)


def _barrier(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    thing = yield from _members(pattern, view, node)
    if thing is None:
        return None
    ready = relative(node.path, pattern.ready)
    if view.node(ready) is not None:
        return evolve(thing, value="entered", claims=(ready,))
    return evolve(thing, value="waiting", parts=tuple(evolve(part, role=WAITER) for part in thing.parts))


def _owner(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    yield None
    if not is_right(pattern, node.session):
        return None
    parts = [part_of(pattern, node, HOLDER)]
    if pattern.labelled and not parts[0].label:
        return None
    standby = relative(node.path, pattern.standby) if pattern.standby else ""
    names = sorted(view.first_names(standby, LISTED)) if standby else []
    waiting = [view.node(child_of(standby, name)) for name in names]
    parts += [part_of(pattern, found, WAITER) for found in waiting if found is not None]
    return evolve(_thing(pattern, node, tuple(parts), len(parts)), claims=(standby,) if standby else ())


def _value(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    yield None
    value = "" if node.num_children else label_of(pattern.label, node.data)
    return evolve(_thing(pattern, node, (), 0), value=value) if value else None


def _flag(pattern: Pattern, view: NodeView, node: Node) -> Breaths[Thing | None]:
    yield None
    if node.num_children or not is_right(pattern, node.session):
        return None
    return evolve(_thing(pattern, node, (part_of(pattern, node, ITEM),), 1), value="closed")


_FORMS: Final[dict[str, Callable[[Pattern, NodeView, Node], Breaths[Thing | None]]]] = {
    "line": _line,
    "semaphore": _semaphore,
    "items": _items,
    "members": _members,
    "barrier": _barrier,
    "owner": _owner,
    "value": _value,
    "flag": _flag,
}
