"""What became of a tree between two zxids: which nodes were added, removed, changed, or made anew."""

from collections.abc import Iterator
from typing import Final

from attrs import define, evolve, field, frozen

from pyzoo.datatree.ephemeral_type import CONTAINER, EPHEMERAL, PERSISTENT, TTL, ttl_of
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.paths import path_above
from pyzoo.datatree.tree import DataTree
from pyzoo.history.change import changes_of
from pyzoo.history.playback import LoggedTxn
from pyzoo.history.query import is_within
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"
RECREATED: Final = "recreated"

KIND_NAMES: Final = {PERSISTENT: "persistent", EPHEMERAL: "ephemeral", CONTAINER: "container", TTL: "ttl"}
_QUOTA_STATS: Final = "/zookeeper_stats"


@frozen
class NodeState:
    """A node as it was: what a client sees of it, its ACL, and that of its parent. Times in ms since 1970."""

    data: bytes | None
    acl: list[ACL]
    parent_acl: list[ACL]
    czxid: int
    mzxid: int
    pzxid: int
    ctime_ms: int
    mtime_ms: int
    version: int
    cversion: int
    aversion: int
    owner: int
    kind: int
    num_children: int

    @property
    def ephemeral_owner(self) -> int:
        """The session of an ephemeral, 0 for others."""
        return self.owner if self.kind == EPHEMERAL else 0

    @property
    def ttl_ms(self) -> int | None:
        """The time to live of a TTL node."""
        return ttl_of(self.owner) if self.kind == TTL else None


def state_of(tree: DataTree, path: str) -> NodeState | None:
    """A node of a tree; None where there is none."""
    node = tree.get_node(path)
    if node is None:
        return None
    parent = tree.get_node(path_above(path))
    assert parent is not None
    return _state(node, tree.acl_of(node), tree.acl_of(parent))


def _state(node: DataNode, acl: list[ACL], parent_acl: list[ACL]) -> NodeState:
    return NodeState(
        node.data,
        acl,
        parent_acl,
        node.czxid,
        node.mzxid,
        node.pzxid,
        node.ctime,
        node.mtime,
        node.version,
        node.reported_cversion(),
        node.aversion,
        node.ephemeral_owner,
        node.kind,
        node.num_children,
    )


@frozen
class NodeDifference:
    """What became of one node; `what` of it is different: data, version, acl, owner."""

    path: str
    change: str
    before: NodeState | None
    after: NodeState | None
    what: list[str]


@define
class Difference:
    """Sees the transactions between two zxids, and then tells what is different at or below `top`.

    What only its children change of a node, such as pzxid, counts for nothing.
    """

    top: str = "/"
    _before: dict[str, NodeState | None] = field(factory=dict)

    def watch(self, tree: DataTree, logged: LoggedTxn) -> None:
        """A transaction that the tree is to get next."""
        for change in changes_of(logged.header, logged.txn):
            if change.path is not None and not change.is_void:
                self._keep(tree, change.path)
        if logged.header.type == op.CLOSE_SESSION:
            # Servers before 3.6 did not log which ephemerals went with it.
            for path in tree.ephemerals_of(logged.header.client_id):
                self._keep(tree, path)

    def _keep(self, tree: DataTree, path: str) -> None:
        """Note how a node was, and its parent, whose counters may change with it, before anything became of them."""
        if path in self._before or not is_within(path, self.top) or path.endswith(_QUOTA_STATS):
            return
        parent = path_above(path)
        if parent not in self._before:
            self._before[parent] = self._state_before(tree, parent)
        self._before[path] = self._state_before(tree, path)

    def _state_before(self, tree: DataTree, path: str) -> NodeState | None:
        state = state_of(tree, path)
        parent = self._before.get(path_above(path))
        return state if state is None or parent is None else evolve(state, parent_acl=parent.acl)

    def between(self, tree: DataTree) -> Iterator[NodeDifference]:
        """All that is different in the tree as it is now, by path."""
        for path in sorted(path for path in self._before if is_within(path, self.top)):
            found = compare(path, self._before[path], state_of(tree, path))
            if found is not None:
                yield found


def compare(path: str, before: NodeState | None, after: NodeState | None) -> NodeDifference | None:
    """What is different of a node; None for nothing."""
    if before is None or after is None:
        if before is after:
            return None
        return NodeDifference(path, ADDED if before is None else REMOVED, before, after, [])
    what = []
    if before.data != after.data:
        what.append("data")
    if (before.mzxid, before.version) != (after.mzxid, after.version):
        what.append("version")
    if (before.acl, before.aversion) != (after.acl, after.aversion):
        what.append("acl")
    if before.owner != after.owner:
        what.append("owner")
    if before.czxid != after.czxid:
        return NodeDifference(path, RECREATED, before, after, what)
    return NodeDifference(path, CHANGED, before, after, what) if what else None
