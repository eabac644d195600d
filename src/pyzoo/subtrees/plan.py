"""Where the nodes of a document go when it is imported, and what becomes of those that are there already."""

from typing import Final

from attrs import frozen

from pyzoo.subtrees.acl_text import Acl
from pyzoo.subtrees.document import SavedNode

EXISTING: Final = ("fail", "skip", "overwrite")
"""What an import does with nodes that are there already: nothing of it, leave them alone, set their data and ACL."""
CREATE_AND_ADMIN: Final = 4 | 16
"""What whoever imports needs on a node, until its children are there and it gets its own ACL."""


@frozen
class Planned:
    """A node to make; `acl` is None for an open one, or one that is left as it is."""

    path: str
    saved: SavedNode
    acl: tuple[Acl, ...] | None


def planned(node: SavedNode, top: str, with_acl: bool) -> Planned:
    """The node of a document that is imported to `top`."""
    if top == "/":
        path = node.path
    else:
        path = top if node.path == "/" else top + node.path
    return Planned(path, node, node.acl if with_acl else None)


def path_below(path: str, top: str) -> str:
    """What a document calls a node that is exported with `top`."""
    return path if top == "/" else path.removeprefix(top) or "/"
