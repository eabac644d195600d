"""Reads: the tree as those see it who read it, and how much may be read in one turn."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo import errors as err
from pyzoo.datatree.acl import READ
from pyzoo.datatree.listings import BYTES_A_UNIT
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import KeeperError
from pyzoo.jute.records import Id
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.cnxn import OUT_HIGH_WATER
from pyzoo.server.metrics import ServerMetrics

TAKES_LONGER: Final = 1
"""In place of an error code: the answer is for a LongRead."""
KEEP_BODY: Final = -1000
"""Added to an error code whose reply keeps the body written so far."""
BODY_BYTES_A_UNIT: Final = 2
"""Of a request that names many paths; the shortest takes five."""
_UNITS_A_NAME: Final = 16
"""More than a name can be in the listing of a node's children: so few need not be looked at."""


@final
class Reads:
    """What reads of one server look at; `most_units` and `most_bytes` are what one may be at once.

    `multi_read_max_bytes` is what all results of a multiRead may be together. With `all_at_once` the next read is
    answered in this turn, however much it is.
    """

    def __init__(
        self,
        tree: DataTree,
        access: AccessControl,
        metrics: ServerMetrics,
        slice_units: i64,
        multi_read_max_bytes: i64,
    ) -> None:
        self.tree = tree
        self.access = access
        self.metrics = metrics
        self.most_units: i64 = slice_units
        self.multi_read_max_bytes: i64 = multi_read_max_bytes
        self.most_bytes: i64 = min(slice_units * BYTES_A_UNIT, multi_read_max_bytes, OUT_HIGH_WATER)
        self.few_names: i64 = slice_units // _UNITS_A_NAME
        self.all_at_once = False

    def node(self, path: str | None) -> DataNode:
        """The node; raises KeeperError."""
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        node = self.tree.get_node(path)
        if node is None:
            raise KeeperError(err.NONODE, path)
        return node

    def may_read(self, node: DataNode, ids: list[Id]) -> bool:
        """Whether these identities may read it."""
        return node.acl_id == -1 or self.access.allows(self.tree.acl_of(node), READ, ids)

    def readable(self, path: str | None, ids: list[Id]) -> DataNode:
        """The node, if it is there and these identities may read it; raises KeeperError."""
        node = self.node(path)
        if not self.may_read(node, ids):
            raise KeeperError(err.NOAUTH)
        return node


@final
class PathsRead:
    """What was read for one answer, to be counted when that is there: it may have to be begun again."""

    def __init__(self) -> None:
        self._paths: list[str] = []
        self._sizes: list[int] = []

    def add(self, path: str | None, size: i64) -> None:
        """A node was read: bytes of data, or of children's names."""
        self._paths.append(path or "")
        self._sizes.append(size)

    def count(self, metrics: ServerMetrics) -> None:
        """All of it is part of an answer."""
        for at in range(len(self._paths)):
            metrics.path_read(self._paths[at], self._sizes[at])
