"""LaterTxns: transactions that are applied while the close of a session before them goes on, and so pass it.

Those may that have nothing to do with what it deletes, nor with the parents of that: whoever looks at these waits for
the end of the close, so nobody can tell that it has not been first. Their digests count from its end on.
"""

from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE, path_above
from pyzoo.datatree.txn_result import decode_parts
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CheckVersionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    TxnDigest,
    TxnHeader,
)

MOST_PARTS: Final = 100
"""A longer multi waits, so that a glance at it costs little."""


@final
@mypyc_attr(acyclic=True)
class LaterTxn:
    """One that has passed: what it has added to the digest of the tree, and which digest is logged with it."""

    def __init__(self, zxid: i64, digest: i64) -> None:
        self.zxid: i64 = zxid
        self.digest: i64 = digest
        self.expected: TxnDigest | None = None


@final
class LaterTxns:
    """Those of one close, once it `is_open` for them; `expected` is the digest that is logged with the close itself.

    `owned` are the paths that it deletes, `parents` those above, the root as "/".
    """

    def __init__(self, session_id: i64, zxid: i64, owned: dict[str, None], parents: dict[str, None]) -> None:
        self.is_open = False
        self.most_parts: i64 = MOST_PARTS
        self.newest_zxid: i64 = zxid
        self.expected: TxnDigest | None = None
        self.txns: list[LaterTxn] = []
        self._session_id: i64 = session_id
        self._owned = owned
        self._parents = parents

    def add(self, zxid: i64, digest: i64) -> None:
        """A transaction was applied before the close has ended, and has added this to the digest of the tree."""
        self.newest_zxid = zxid
        self.txns.append(LaterTxn(zxid, digest))

    def expect(self, digest: TxnDigest | None) -> None:
        """The digest that is logged with the last of all these, to be compared at the end."""
        if self.txns:
            self.txns[-1].expected = digest
        else:
            self.expected = digest

    # --- what may pass

    def may_pass(self, header: TxnHeader, txn: Record | None) -> bool:
        """Whether this transaction may."""
        if not self.is_open or header.client_id == self._session_id:
            return False
        if isinstance(txn, MultiTxn):
            types: list[int] = []
            parts: list[Record] = []
            if txn.txns is None or len(txn.txns) > self.most_parts or not decode_parts(txn, types, parts):
                return False
            return self.parts_may_pass(header, types, parts)
        return isinstance(txn, CreateSessionTxn) or self._is_apart(txn)

    def parts_may_pass(self, header: TxnHeader, types: list[int], txns: list[Record]) -> bool:
        """Whether a multi of these parts may."""
        if not self.is_open or header.client_id == self._session_id or len(types) > self.most_parts:
            return False
        for txn in txns:
            if not self._is_apart(txn):
                return False
        return True

    def close_may_pass(self, header: TxnHeader, paths: list[str | None]) -> bool:
        """Whether the close of a session with these ephemerals may."""
        if not self.is_open or header.client_id == self._session_id or len(paths) > self.most_parts:
            return False
        for path in paths:
            if not self._leaves_both(path):
                return False
        return True

    def _is_apart(self, txn: Record | None) -> bool:
        if isinstance(txn, SetDataTxn):
            return self._leaves(txn.path)
        if isinstance(txn, CreateTxn):
            return self._leaves_both(txn.path)
        if isinstance(txn, DeleteTxn):
            return self._leaves_both(txn.path)
        if isinstance(txn, ErrorTxn):
            return True
        if isinstance(txn, CheckVersionTxn):
            return self._leaves(txn.path)
        if isinstance(txn, SetACLTxn):
            return self._leaves(txn.path)
        if isinstance(txn, CreateTTLTxn):
            return self._leaves_both(txn.path)
        return isinstance(txn, CreateContainerTxn) and self._leaves_both(txn.path)

    def _leaves(self, path: str | None) -> bool:
        """Whether the close leaves this node as it is."""
        if path is None or path.startswith(ZOOKEEPER_SUBTREE):
            return False
        return path not in self._owned and (path or "/") not in self._parents

    def _leaves_both(self, path: str | None) -> bool:
        """The same, and its parent."""
        # A multi may make the parent, too.
        return path is not None and self._leaves(path) and self._leaves(path_above(path))
