"""CloseSums: what a large close takes out of the digest, and out of which parents, found over several turns.

Others' writes go on meanwhile. The nodes that they change are `touched`, and get records of their own in the end.
"""

from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from pyzoo.datatree.digest import digest_without_pzxid
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE
from pyzoo.datatree.tree import DataTree
from pyzoo.server.slices import SlicedWork

_PATH_UNITS: Final = 2
_PARENT_UNITS: Final = 5


@final
@mypyc_attr(acyclic=True)
class LosingParent:
    """A parent of ephemerals that go: how many it has `lost`, and what it was before.

    `base` is its digest without the zxid that changes; a parent without one has to get a record.
    """

    def __init__(self, children: i64, digest: i64, base: i64, has_base: bool) -> None:
        self.lost: i64 = 0
        self.children: i64 = children
        self.digest: i64 = digest
        self.base: i64 = base
        self.has_base = has_base


@final
class Disposal(SlicedWork):
    """Frees what a large close has needed, bit by bit: 200,000 parents take a tenth of a second."""

    def __init__(self, parents: dict[str, LosingParent]) -> None:
        super().__init__()
        self._parents = parents

    def step(self, units: i64) -> i64:
        parents = self._parents
        used: i64 = 0
        while parents and used < units:
            parents.popitem()
            used += _PATH_UNITS
        self.is_done = not parents
        return used + 1

    def abandon(self) -> None:
        self._parents = {}


@final
class CloseSums:
    """The sums for one session. `touched` are changed paths with the digests that their nodes had before."""

    def __init__(self, tree: DataTree, digest_enabled: bool, session_id: i64, session: SessionPaths) -> None:
        self.session_id: i64 = session_id
        self.session = session
        self.touched: dict[str, int] = {}
        self.parents: dict[str, LosingParent] = {}
        self.digests: i64 = 0
        self.is_verified = False
        self._tree = tree
        self._digest_enabled = digest_enabled
        self._paths = list(session.paths)
        self._done: i64 = 0

    @property
    def is_done(self) -> bool:
        """Whether all paths are in the sums."""
        return self._done == len(self._paths)

    def parent_paths(self) -> dict[str, None]:
        """The paths of the parents, the root as "/"."""
        found: dict[str, None] = dict.fromkeys(self.parents)
        if "" in found:
            del found[""]
            found["/"] = None
        return found

    def touch(self, path: str) -> None:
        """This node is about to change, or was when this began."""
        if path not in self.touched:
            node = self._tree.nodes.get(path)
            self.touched[path] = 0 if node is None else int(node.digest)

    def step(self, units: i64) -> i64:
        """Do about so many units of work (see slices.py); returns how many it were."""
        nodes = self._tree.nodes
        touched = self.touched
        paths = self._paths
        used: i64 = 0
        at: i64 = self._done
        count: i64 = len(paths)
        prefix = ""
        last: i64 = -1
        parent: LosingParent | None = None
        while at < count and used < units:
            path = paths[at]
            at += 1
            used += _PATH_UNITS
            if path in touched:
                self.digests += touched[path]
            else:
                node = nodes.get(path)
                if node is not None:
                    self.digests += node.digest
            slash: i64 = path.rfind("/")
            if parent is None or slash != last or not path.startswith(prefix):
                prefix = path[: slash + 1]
                last = slash
                parent = self._parent(path[:slash])
                used += _PARENT_UNITS
            parent.lost += 1
        self._done = at
        return used

    def _parent(self, path: str) -> LosingParent:
        parent = self.parents.get(path)
        if parent is not None:
            return parent
        node = self._tree.nodes.get(path)
        newest = self._tree.last_processed_zxid
        if node is None or not path or path in self.touched or node.pzxid > newest:
            parent = LosingParent(0, 0, 0, False)
        elif not self._digest_enabled:
            parent = LosingParent(node.num_children, 0, 0, True)
        elif path.startswith(ZOOKEEPER_SUBTREE):
            parent = LosingParent(0, 0, 0, False)
        else:
            parent = LosingParent(node.num_children, node.digest, digest_without_pzxid(path, node), True)
        if not parent.has_base:
            self.touch(path)
        self.parents[path] = parent
        return parent
