"""A snapshot as text, and as JSON for ncdu (SnapshotFormatter)."""

import base64
from collections.abc import Iterator
from itertools import count
from typing import Final

from pyzoo.config.json_escapes import JSON_ESCAPES
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.filetools.dates import Dates
from pyzoo.filetools.snapshot_tree import SnapshotTree, children_of, data_length, node_at, session_order

_MASK: Final = 0xFFFFFFFFFFFFFFFF
_FIRST_INODE: Final = 1001


def details(snapshot: SnapshotTree, dates: Dates, with_data: bool = False) -> Iterator[str]:
    """All nodes, the sessions and the last zxid."""
    tree = snapshot.tree
    highest = snapshot.zxid
    yield f"ZNode Details (count={tree.node_count}):\n"
    for path in _in_order(tree):
        node = node_at(tree, path)
        highest = max(highest, node.mzxid, node.pzxid)
        yield f"----\n{path}\n{_node_text(node, dates, with_data)}"
    yield "----\nSession Details (sid, timeout, ephemeralCount):\n"
    for session_id in session_order(list(snapshot.sessions)):
        ephemerals = len(tree.ephemerals_of(session_id))
        yield f"{_hex(session_id)}, {snapshot.sessions[session_id]}, {ephemerals}\n"
    yield f"----\nLast zxid: 0x{highest & _MASK:x}\n"


def _in_order(tree: DataTree) -> Iterator[str]:
    """Parents before their children, children in Java's order."""
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        yield path
        waiting.extend(reversed(children_of(node_at(tree, path))))


def _node_text(node: DataNode, dates: Dates, with_data: bool) -> str:
    if with_data:
        last = f"data = {base64.b64encode(node.data or b'').decode()}"
    else:
        last = f"dataLength = {data_length(node)}"
    return (
        f"  cZxid = {_hex(node.czxid)}\n"
        f"  ctime = {dates.full(node.ctime)}\n"
        f"  mZxid = {_hex(node.mzxid)}\n"
        f"  mtime = {dates.full(node.mtime)}\n"
        f"  pZxid = {_hex(node.pzxid)}\n"
        f"  cversion = {node.cversion}\n"
        f"  dataVersion = {node.version}\n"
        f"  aclVersion = {node.aversion}\n"
        f"  ephemeralOwner = {_hex(node.ephemeral_owner)}\n"
        f"  {last}\n"
    )


def _hex(value: int) -> str:
    """Sixteen characters with the 0x, as %#016x."""
    return f"0x{value & _MASK:014x}"


def json_text(snapshot: SnapshotTree, now_ms: int) -> Iterator[str]:
    """One line without an end: sizes by node; what has children is an array that begins with itself."""
    tree = snapshot.tree
    yield f'[1,0,{{"progname":"SnapshotFormatter.java","progver":"0.01","timestamp":{now_ms}}}'
    inodes = count(_FIRST_INODE)
    # Paths whose turn comes, and the ends of arrays.
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path == "]":
            yield path
            continue
        node = node_at(tree, path)
        children = children_of(node)
        name = path if path == "/" else path[path.rindex("/") + 1 :]
        size = data_length(node)
        entry = (
            f'{{"name":"{name.translate(JSON_ESCAPES)}","asize":{size},"dsize":{size},"dev":0,"ino":{next(inodes)}}}'
        )
        yield f",[{entry}" if children else f",{entry}"
        if children:
            waiting.append("]")
            waiting.extend(reversed(children))
    yield "]"
