"""LongTxn: a transaction that changes so many nodes that it is applied over several turns.

Until it is done the tree's digest and last zxid are those from before, nobody may look at what it `hides`, and of other
transactions only those may be applied that `later` lets pass.
"""

from mypy_extensions import i64

from pyzoo.datatree.later_txns import LaterTxns
from pyzoo.datatree.node_store import NodeStore
from pyzoo.datatree.watcher import Watcher


class LongTxn:
    """What is left to do of one: `paths` are all nodes that it changes, `parents` those above, the root as "/"."""

    def __init__(
        self, tree: NodeStore, session_id: i64, zxid: i64, paths: dict[str, None], parents: dict[str, None]
    ) -> None:
        self.session_id: i64 = session_id
        self.zxid: i64 = zxid
        self.is_done = False
        self.later = LaterTxns(session_id, zxid, paths, parents)
        self._store = tree
        self._changed = paths
        self._above = parents
        self._promised: dict[Watcher, None] = {}

    @property
    def has_begun(self) -> bool:
        """Whether something may be changed already, or somebody told."""
        raise NotImplementedError

    def hides(self, path: str) -> bool:
        """Whether this node, its Stat or the list of its children may be half changed."""
        return self.has_begun and (path in self._changed or path in self._above)

    def step(self, units: i64) -> i64:
        """Do about so many units, a path being at least one; returns how many it were."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do all that is left, at once."""
        while not self.is_done:
            self.step(1 << 40)

    def _promise(self) -> None:
        """Let others pass, if all who may be owed an event can be told so before the events are known."""
        tree = self._store
        later = self.later
        for manager in (tree.data_watches, tree.child_watches):
            for watcher in manager.watchers():
                if watcher in self._promised or not manager.may_concern(watcher, self._changed, self._above):
                    continue
                if not watcher.owe():
                    self._keep_promise()
                    return
                self._promised[watcher] = None
        if later.most_parts > tree.owed.many_parts:
            later.most_parts = tree.owed.many_parts
        later.is_open = True

    def _keep_promise(self) -> None:
        promised = self._promised
        self._promised = {}
        for watcher in promised:
            watcher.release()
