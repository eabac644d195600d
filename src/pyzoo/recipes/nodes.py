"""NodeView: the nodes as the recogniser sees them, whoever has them: a server with somebody's rights, or a client."""

from collections.abc import Iterator
from typing import Protocol

from attrs import frozen

from pyzoo.subtrees.paths import child_of, name_of, parent_of


@frozen
class Node:
    """One node; times in ms since 1970, `session` is 0 for all that are not ephemeral.

    `data` is None where there is none, where it may not be read, and where nobody asked for it.
    """

    path: str
    czxid: int
    ctime: int
    mtime: int
    session: int
    num_children: int
    data: bytes | None = None


class NodeView(Protocol):
    """What may be looked at. Paths begin with a slash and the root is "/"."""

    def node(self, path: str) -> Node | None:
        """A node with its data; None where there is none."""
        ...

    def session(self, path: str) -> int:
        """Whose ephemeral it is; 0 for a node that is none, and where there is no node."""
        ...

    def has_children(self, path: str) -> bool:
        """Whether there are any; False also where there is no such node."""
        ...

    def first_names(self, path: str, most: int) -> list[str]:
        """As `names`, but no more than so many."""
        ...

    def names(self, path: str) -> Iterator[str]:
        """The names of the children that it has now, in any order; none where they may not be listed.

        There may be a million: whoever goes through them lets others go on meanwhile, who may change them.
        """
        ...


def relative(path: str, step: str) -> str:
    """Where a step leads from a node: `x/y` below it, `../x` beside it, `.` itself; `{name}` stands for its name."""
    step = step.replace("{name}", name_of(path))
    while step == ".." or step.startswith("../"):
        path, step = parent_of(path), step[3:]
    return path if step in (".", "") else child_of(path, step)
