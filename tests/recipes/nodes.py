"""A tree of nodes for the recogniser, written down as paths."""

from collections.abc import Iterator

from pyzoo.recipes.nodes import Node
from pyzoo.recipes.pattern import Pattern
from pyzoo.recipes.survey import Survey, thing_at
from pyzoo.recipes.table import PatternTable
from pyzoo.recipes.thing import Thing
from pyzoo.subtrees.paths import name_of, parent_of

A = "0" * 31 + "a"
B = "0" * 31 + "b"
C = "0" * 31 + "c"


class Nodes:
    """A NodeView; zxids and times count up in the order of `add`, parents come by themselves."""

    def __init__(self) -> None:
        self._data: dict[str, tuple[int, int, bytes | None]] = {"/": (0, 0, None)}
        self._names: dict[str, list[str]] = {"/": []}

    def add(self, path: str, data: bytes | str | None = None, session: int = 0) -> "Nodes":
        if parent_of(path) not in self._data:
            self.add(parent_of(path))
        content = data.encode() if isinstance(data, str) else data
        self._data[path] = (len(self._data), session, content)
        self._names.setdefault(parent_of(path), []).append(name_of(path))
        return self

    def node(self, path: str) -> Node | None:
        if path not in self._data:
            return None
        zxid, session, data = self._data[path]
        return Node(path, zxid, 1000 * zxid, 1000 * zxid, session, len(self._names.get(path, [])), data)

    def has_children(self, path: str) -> bool:
        return path in self._names

    def session(self, path: str) -> int:
        return self._data[path][1] if path in self._data else 0

    def first_names(self, path: str, most: int) -> list[str]:
        return self._names.get(path, [])[:most]

    def names(self, path: str) -> Iterator[str]:
        return iter(list(self._names.get(path, [])))


def all_in(nodes: Nodes, *more: Pattern, top: str = "/") -> list[Thing]:
    """What is recognised in all of them, without what only looks like something."""
    survey = Survey(PatternTable(more), nodes, top)
    for _ in survey.breaths():
        pass
    assert not survey.stopped
    return [thing for thing in survey.things if not thing.guess]


def one_in(nodes: Nodes, *more: Pattern) -> Thing:
    """The only one."""
    (thing,) = all_in(nodes, *more)
    return thing


def at(nodes: Nodes, path: str) -> Thing | None:
    """What is recognised at one path."""
    steps = thing_at(PatternTable(), nodes, path)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Thing | None = end.value
            return found


def names(thing: Thing, role: str) -> list[str]:
    """The last parts of the paths of those with a role, in their order."""
    return [name_of(part.path) for part in thing.parts if part.role == role]


def labels(thing: Thing, role: str) -> list[str]:
    """What they say of themselves."""
    return [part.label for part in thing.parts if part.role == role]
