"""The children of a node as a pattern sees them: which of them count, and in which order.

A node may have a million children, so what goes through them is a generator that yields a breath (None) every few
hundred: the caller lets others go on then.
"""

import re
from collections.abc import Callable, Generator, Iterable
from typing import Final, NamedTuple, TypeVar

from attrs import evolve, frozen

from pyzoo.recipes.labels import label_of
from pyzoo.recipes.nodes import Node, NodeView
from pyzoo.recipes.pattern import Pattern
from pyzoo.recipes.thing import Part
from pyzoo.subtrees.paths import child_of

LISTED: Final = 1000
"""Parts of a thing that are told one by one."""
NAMES_A_BREATH: Final = 200
EXCLUSIVE: Final = "exclusive"
SHARED: Final = "shared"

Element = TypeVar("Element")
Breaths = Generator[None, None, Element]


class Entry(NamedTuple):
    """A child that counts. Their order is that of their turns; of two with one number who shares comes second."""

    sequence: int
    shares: bool
    name: str
    label: str


@frozen
class Entries:
    """The first of them in their order, of `total`."""

    first: list[Entry]
    total: int


def entries_of(pattern: Pattern, view: NodeView, path: str) -> Breaths[Entries]:
    """The children that the pattern means."""

    def read(name: str) -> Entry | None:
        entry = read_entry(pattern.entry_re, name, False)
        if entry is None and pattern.shared_re is not None:
            entry = read_entry(pattern.shared_re, name, True)
        if entry is None or pattern.ephemeral is None:
            return entry
        return entry if is_right(pattern, view.session(child_of(path, name))) else None

    return collected(view, path, read)


def read_entry(wanted: re.Pattern[str], name: str, shares: bool = False) -> Entry | None:
    """What a name says; None for one that does not match."""
    match = wanted.fullmatch(name)
    if match is None:
        return None
    groups = match.groupdict()
    return Entry(int(groups.get("sequence") or 0), shares, name, groups.get("label") or "")


def is_right(pattern: Pattern, session: int) -> bool:
    """Whether a node is ephemeral as far as the pattern asks for that."""
    return pattern.ephemeral is None or pattern.ephemeral == (session != 0)


def collected(view: NodeView, path: str, read: Callable[[str], Entry | None]) -> Breaths[Entries]:
    """All children that `read` makes something of."""
    first: list[Entry] = []
    last: Entry | None = None
    total = 0
    for at, name in enumerate(view.names(path)):
        if at % NAMES_A_BREATH == 0:
            yield None
        entry = read(name)
        if entry is None:
            continue
        total += 1
        if last is not None and entry > last:
            continue
        first.append(entry)
        if len(first) >= 2 * LISTED:
            # What comes later is only counted: of a million nothing is put in order at once.
            first.sort()
            del first[LISTED:]
            last = first[-1]
    first.sort()
    return Entries(first[:LISTED], total)


def parts_of(
    pattern: Pattern, view: NodeView, path: str, entries: Iterable[Entry], role_at: Callable[[int], str]
) -> Breaths[tuple[Part, ...]]:
    """The parts of entries whose nodes are still there; the role is that of the place."""
    parts = []
    for at, entry in enumerate(entries):
        if at % NAMES_A_BREATH == 0:
            yield None
        node = view.node(child_of(path, entry.name))
        if node is not None:
            part = part_of(pattern, node, role_at(at), entry.label)
            parts.append(evolve(part, mode=SHARED if entry.shares else EXCLUSIVE) if pattern.shared else part)
    return tuple(parts)


def part_of(pattern: Pattern, node: Node, role: str, label: str = "") -> Part:
    """A node as a part; what its name says comes before what its data says."""
    return Part(role, node.path, node.session, node.ctime, node.czxid, label or label_of(pattern.label, node.data))
