"""A node as the page and the API tell of it: its kind, its Stat, its owner, and a line for each of its children."""

from typing import Final
from urllib.parse import quote

from attrs import frozen

from pyzoo.console.nodes.reader import Reader, name_of
from pyzoo.console.rendering import link
from pyzoo.datatree.ephemeral_type import CONTAINER, EPHEMERAL, TTL, ttl_of
from pyzoo.datatree.node import DataNode
from pyzoo.jute.records import Stat

URL: Final = "/console/tree"
KINDS: Final = {EPHEMERAL: "ephemeral", CONTAINER: "container", TTL: "ttl"}
PERSISTENT_KIND: Final = "persistent"
LONGEST_LINK: Final = 6000
"""Characters of a path in a URL: a request line with more would be refused (`pyzoo.http.maxHeaderBytes`)."""


def kind_name(node: DataNode) -> str:
    """persistent, ephemeral, container, or ttl."""
    return KINDS.get(node.kind, PERSISTENT_KIND)


def ttl_ms(node: DataNode) -> int | None:
    """How long the node lives without children after its last change; None for other kinds."""
    return int(ttl_of(node.ephemeral_owner)) if node.kind == TTL else None


def linked(path: str) -> str:
    """The URL of a node; empty for a path that no URL has room for."""
    return link(URL, path=path) if len(quote(path)) <= LONGEST_LINK else ""


@frozen
class ChildLine:
    """A child in the list of its brothers; of one that may not be read there is only the name."""

    path: str
    name: str
    readable: bool
    kind: str = ""
    size: int = 0
    children: int = 0
    mtime: int = 0
    owner: int = 0


def child_line(reader: Reader, path: str) -> ChildLine | None:
    """The line of a child; None when it is gone by now."""
    node = reader.tree.get_node(path)
    if node is None:
        return None
    if not reader.may_read(node):
        return ChildLine(path, name_of(path), False)
    stat = node.stat()
    return ChildLine(
        path,
        name_of(path),
        True,
        kind_name(node),
        stat.data_length,
        stat.num_children,
        stat.mtime,
        stat.ephemeral_owner,
    )


def stat_values(stat: Stat) -> dict[str, int]:
    """The numbers of a Stat by the names that zkCli gives them, in its order."""
    return {
        "cZxid": stat.czxid,
        "ctime": stat.ctime,
        "mZxid": stat.mzxid,
        "mtime": stat.mtime,
        "pZxid": stat.pzxid,
        "cversion": stat.cversion,
        "dataVersion": stat.version,
        "aclVersion": stat.aversion,
        "ephemeralOwner": stat.ephemeral_owner,
        "dataLength": stat.data_length,
        "numChildren": stat.num_children,
    }
