"""SessionClose: the closeSession of a session with many ephemerals while it is applied, over several turns if need be.

Watches fire in the order of the transaction, nodes are taken out in that in which they were made: there are few misses
of the processor's caches then.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.children import Children
from pyzoo.datatree.digest import node_digest
from pyzoo.datatree.java_order import CHILDREN_BUCKETS
from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_store import NodeStore
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE

FEW: Final = 32
"""Ephemerals that are just deleted one by one."""
_EVENT_UNITS: Final = 3
_OBSERVER_UNITS: Final = 50
"""What an observer may do for each ephemeral: write a line to a log."""
_FIRE_UNITS: Final = 4
"""To find who watches a path, whose tables the processor has not at hand; events that are told later cost one more."""
_LOOKS_A_UNIT: Final = 3
"""Paths that are looked at to find their parents."""
_PARENT_UNITS: Final = 2
_CROWD_PART: Final = 8
"""From this part of a node's children on their listing is made anew when they go."""


def can_close(owned: dict[str, None], paths: list[str | None]) -> bool:
    """Whether the paths of a transaction are just the ephemerals of its session, as in all but replayed ones.

    Equal sums of their hashes stand for equal sets, which costs a tenth of looking all of them up.
    """
    if len(paths) != len(owned) or sum(map(hash, paths)) != sum(map(hash, owned)):
        return False
    for path in owned:
        if path.startswith(ZOOKEEPER_SUBTREE):
            return False
    return True


@final
class SessionClose(LongTxn):
    """What is left to do of one; `paths` are those of the transaction, the same as the session has them.

    Equal sums (xor) of their hashes stand for equal sets, which costs a tenth of looking all of them up.
    """

    def __init__(
        self,
        tree: NodeStore,
        session_id: i64,
        zxid: i64,
        session: SessionPaths,
        paths: list[str | None],
        owes: bool,
    ) -> None:
        """With `owes` it is the `closing` of the tree, and its events are told later: somebody sees to that."""
        owned = session.paths
        parents: dict[str, None] = {}
        super().__init__(tree, session_id, zxid, owned, parents)
        self._tree = tree
        self._session = session
        self._owned = owned
        self._paths = paths
        self._owes = owes
        self._told: i64 = 0
        self._is_simple = True
        self._difference: i64 = 0
        self._waiting = list(owned)
        self._gone: i64 = 0
        self._parents = parents
        # What changes with the end of this.
        self._digest: i64 = 0
        self._size: i64 = 0
        self._quotas: dict[str, list[int]] = {}
        # What the last path had in common with the next.
        self._prefix = ""
        self._slash: i64 = -1
        self._parent: DataNode | None = None
        self._children: Children | None = None
        self._acl_id: i64 = 0
        self._acl_uses: i64 = 0
        self._looked_at: i64 = 0

    @property
    def has_begun(self) -> bool:
        return self._looked_at == len(self._waiting)

    def step(self, units: i64) -> i64:
        count: i64 = len(self._paths)
        if self._looked_at < count:
            return self._find_parents(units)
        if self._told < count:
            return self._tell(units)
        return self._remove(units)

    def begin(self, parents: dict[str, None]) -> None:
        """Begin with the watches at once: it is known that these are the parents."""
        self._parents.update(parents)
        self._looked_at = len(self._waiting)
        self._promise()

    def _find_parents(self, units: i64) -> i64:
        waiting = self._waiting
        paths = self._paths
        begin: i64 = self._looked_at
        at: i64 = begin
        count: i64 = len(waiting)
        found: i64 = 0
        prefix = ""
        last: i64 = -1
        difference: i64 = self._difference
        while at < count and (at - begin) // _LOOKS_A_UNIT + found * _PARENT_UNITS < units:
            path = waiting[at]
            difference ^= hash(path) ^ hash(paths[at])
            if path.startswith(ZOOKEEPER_SUBTREE):
                self._is_simple = False
            at += 1
            slash: i64 = path.rfind("/")
            if slash != last or not path.startswith(prefix):
                prefix = path[: slash + 1]
                last = slash
                found += 1
                self._parents[path[:slash] if slash > 0 else "/"] = None
        self._looked_at = at
        self._difference = difference
        used = 1 + (at - begin) // _LOOKS_A_UNIT + found * _PARENT_UNITS
        if at == count:
            if difference != 0 or not self._is_simple:
                self.is_done = True
                self._tree.close_one_by_one(self.session_id, self.zxid, self._paths, self._session)
            elif self._owes:
                self._promise()
        return used

    # --- watches

    def _tell(self, units: i64) -> i64:
        tree = self._tree
        observer = tree.session_observer
        if tree.watch_count == 0 and not observer.wants_ephemerals:
            self._told = len(self._paths)
            self._all_told()
            return 0
        owed = tree.owed
        used: i64 = 0
        if self._owes and self._told == 0 and owed.is_pending:
            # What is older has to be told first.
            return owed.tell(units)
        owed.collects = self._owes
        owed.is_promised = self.later.is_open
        count: i64 = len(self._paths)
        while used < units and self._told < count:
            path = self._paths[self._told]
            self._told += 1
            assert path is not None
            told = tree.fire_ephemeral_deleted(path, self.zxid)
            used += 1 if told == 0 else _FIRE_UNITS + (told if self._owes else _EVENT_UNITS * told)
            if observer.wants_ephemerals:
                observer.ephemeral_deleted(self.session_id, path, True)
                used += _OBSERVER_UNITS
        owed.collects = False
        owed.is_promised = False
        if self._told == count:
            self._all_told()
        return used

    def _all_told(self) -> None:
        self._keep_promise()
        if self._owes:
            self.later.is_open = True

    # --- nodes

    def _remove(self, units: i64) -> i64:
        tree = self._tree
        waiting = self._waiting
        begin: i64 = self._gone
        end: i64 = len(waiting)
        if end > begin + units:
            end = begin + units
        counts_quotas = tree.quotas.is_needed
        for at in range(begin, end):
            path = waiting[at]
            slash: i64 = path.rfind("/")
            if slash != self._slash or not path.startswith(self._prefix):
                self._next_parent(path, slash)
            node = tree.nodes.get(path)
            if node is None:
                continue
            tree.take_out(node, self._children)
            data_size = node.data_length
            self._digest -= node.digest
            self._size -= len(path) + data_size
            if node.acl_id == self._acl_id:
                self._acl_uses += 1
            else:
                self._count_acl(node.acl_id)
            if counts_quotas:
                self._count_quota(path, data_size)
        self._gone = end
        if end == len(waiting):
            self._end()
        return end - begin

    def _next_parent(self, path: str, slash: i64) -> None:
        self._leave_parent()
        self._slash = slash
        self._prefix = path[: slash + 1]
        parent = self._tree.nodes.get(path[:slash])
        self._parent = parent
        self._children = None if parent is None else parent.children
        if parent is None:
            return
        if self.zxid > parent.pzxid:
            parent.more().pzxid = self.zxid
            if self._tree.digest_enabled:
                digest = node_digest(path[:slash], parent)
                self._digest += digest - parent.digest
                parent.digest = digest
        children = self._children
        if children is not None and len(self._waiting) * _CROWD_PART >= children.count:
            children.crowd = None

    def _leave_parent(self) -> None:
        children = self._children
        parent = self._parent
        if parent is not None and children is not None and children.count == 0:
            if children.buckets == CHILDREN_BUCKETS:
                parent.more().children = None

    def _count_acl(self, acl_id: i64) -> None:
        if self._acl_uses > 0:
            self._tree.acl_cache.remove_uses(self._acl_id, self._acl_uses)
        self._acl_id = acl_id
        self._acl_uses = 1

    def _count_quota(self, path: str, data_size: i64) -> None:
        prefix = self._tree.quotas.deepest(path)
        if prefix is not None:
            sums = self._quotas.setdefault(prefix, [0, 0])
            sums[0] -= int(data_size)
            sums[1] -= 1

    def _end(self) -> None:
        self._leave_parent()
        self._count_acl(0)
        for prefix, (data_size, count) in self._quotas.items():
            self._tree.quotas.book(prefix, data_size, count)
        self.is_done = True
        self._tree.tree_digest += self._digest
        self._tree.approximate_data_size += self._size
        if self._owes:
            self._tree.close_ended()
