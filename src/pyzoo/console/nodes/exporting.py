"""A subtree as the document that `pyzoo cli export` writes, a piece at a time; see `subtrees.document`.

Ephemerals are left out, and what may not be read with all below it; both are told at the end of the document.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any, Final

from pyzoo.console.nodes.child_page import Pause
from pyzoo.console.nodes.reader import ROOT, Reader, is_below
from pyzoo.console.nodes.walks import SortedWalk, Visit
from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.paths import ZOOKEEPER
from pyzoo.errors import KeeperError
from pyzoo.subtrees.acl_text import Acl
from pyzoo.subtrees.document import FORMAT, SavedNode, node_json, to_text
from pyzoo.subtrees.plan import path_below

NODES_AT_ONCE: Final = 100
NAMED: Final = 20
"""How many of the nodes that are left out are named."""


class LeftOut:
    """What is not in a document."""

    def __init__(self) -> None:
        self.ephemerals = 0
        self.not_readable: list[str] = []
        self.not_readable_count = 0

    def refuse(self, path: str) -> None:
        """A node may not be read."""
        self.not_readable_count += 1
        if len(self.not_readable) < NAMED:
            self.not_readable.append(path)

    def as_json(self) -> dict[str, Any]:
        """Empty where nothing is left out."""
        if not self.ephemerals and not self.not_readable_count:
            return {}
        return {
            "left_out": {
                "ephemeral": self.ephemerals,
                "not_readable": self.not_readable_count,
                "not_readable_paths": self.not_readable,
            }
        }


async def exported(reader: Reader, top: str, format: str, with_acl: bool, pause: Pause) -> AsyncGenerator[bytes]:
    """The pieces of the document."""
    head = {"format": FORMAT, "path": top}
    yield _head(head, format).encode()
    walk, left_out, first = SortedWalk(reader, top), LeftOut(), True
    while not walk.is_over:
        pieces: list[str] = []
        for visit in walk.step(NODES_AT_ONCE):
            saved = _saved(reader, visit, top, with_acl, left_out)
            if saved is not None:
                pieces.append(_node(saved, format, first))
                first = False
        if pieces:
            yield "".join(pieces).encode("utf-8", "replace")
        await pause()
    yield _end(left_out.as_json(), format).encode("utf-8", "replace")


def _saved(reader: Reader, visit: Visit, top: str, with_acl: bool, left_out: LeftOut) -> SavedNode | None:
    path, node = visit.path, visit.node
    if top == ROOT and (path == ZOOKEEPER or is_below(path, ZOOKEEPER)):
        return None
    if not visit.readable:
        left_out.refuse(path)
        return None
    if node.kind == EPHEMERAL:
        left_out.ephemerals += 1
        return None
    acl = None
    if with_acl:
        try:
            entries = reader.acl(path, node)
        except KeeperError:
            left_out.refuse(path)
            return None
        acl = tuple(Acl(entry.perms, entry.scheme or "", entry.id or "") for entry in entries)
    return SavedNode(path_below(path, top), node.data, acl)


def _head(head: dict[str, Any], format: str) -> str:
    if format == "yaml":
        return to_text(head, format) + "nodes:\n"
    return json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "nodes": ['


def _node(saved: SavedNode, format: str, is_first: bool) -> str:
    if format == "yaml":
        return to_text([node_json(saved)], format)
    text = json.dumps(node_json(saved), ensure_ascii=False, indent=1).replace("\n", "\n  ")
    return ("" if is_first else ",") + "\n  " + text


def _end(end: dict[str, Any], format: str) -> str:
    if format == "yaml":
        return to_text(end, format) if end else ""
    text = json.dumps(end, ensure_ascii=False, indent=1)
    more = "," + text[1:-2] if end else ""
    return f"\n ]{more}\n}}\n"
