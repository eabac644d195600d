"""DataTree: the replicated state of a server, and what each transaction as a whole does to it.

The same transactions in the same order make the same tree on every server, also when a fuzzy snapshot already
has some of their effects. Watches fire while a transaction is applied.
"""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.changes import NodeChanges
from pyzoo.datatree.long_multi import LongMulti, is_long
from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.session_close import FEW, SessionClose
from pyzoo.datatree.txn_result import ProcessTxnResult, decode_parts
from pyzoo.errors import OK, RUNTIMEINCONSISTENCY
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import CloseSessionTxn, CreateTxn, MultiTxn, SetDataTxn, TxnDigest, TxnHeader

__all__ = ["DataTree", "ProcessTxnResult"]

_NO_RESULTS: Final[list[ProcessTxnResult]] = []


@final
class DataTree(NodeChanges):
    """The tree of one server; `closing` is the transaction that is half applied: a close of a session, or a multi."""

    def __init__(
        self, extended_types: bool = False, emulate_353_ttl: bool = False, digest_enabled: bool = True
    ) -> None:
        super().__init__(extended_types, emulate_353_ttl, digest_enabled)
        self.closing: LongTxn | None = None
        self.load_built_in_nodes()

    def clear(self) -> None:
        self.closing = None
        super().clear()

    # --- transactions

    @property
    def answer_zxid(self) -> i64:
        """The newest transaction that answers tell of: `last_processed_zxid`, or what has passed a close by now."""
        closing = self.closing
        if closing is None or not closing.later.is_open:
            return self.last_processed_zxid
        return closing.later.newest_zxid

    def process_txn(self, header: TxnHeader, txn: Record | None) -> ProcessTxnResult:
        """Apply a committed or replayed transaction (DataTree.processTxn).

        The result's error is one that replay ignores; a live transaction has none, except type -1.
        """
        passes = self.may_pass(header, txn, None, None)
        if not passes:
            self.settle()
        before: i64 = self.tree_digest
        result = ProcessTxnResult(header.type)
        if isinstance(txn, MultiTxn):
            types: list[int] = []
            parts: list[Record] = []
            if decode_parts(txn, types, parts):
                self._apply_parts(header, types, parts, result)
            else:
                result.results = list(_NO_RESULTS)
        else:
            self.apply(header, header.type, txn, result)
        if passes:
            self._passed(header.zxid, before)
        else:
            self._applied(header.zxid)
        return result

    def process_again(self, header: TxnHeader, key: bytes, txn: Record | None) -> bool:
        """Apply a logged create or set with this path; False, with nothing done, where that takes `process_txn`.

        Nobody is told what came of it. The body needs no path.
        """
        if self.closing is not None:
            return False
        if isinstance(txn, CreateTxn):
            if not self.create_again(header, key, txn):
                return False
        elif not isinstance(txn, SetDataTxn) or not self.set_again(header, key, txn):
            return False
        self._applied(header.zxid)
        return True

    def process_multi(self, header: TxnHeader, types: list[int], txns: list[Record]) -> ProcessTxnResult:
        """Apply a multi whose parts are decoded already: a type and a body each, in order."""
        passes = self.may_pass(header, None, types, txns)
        if not passes:
            self.settle()
        before: i64 = self.tree_digest
        result = ProcessTxnResult(header.type)
        self._apply_parts(header, types, txns, result)
        if passes:
            self._passed(header.zxid, before)
        else:
            self._applied(header.zxid)
        return result

    def may_pass(
        self, header: TxnHeader, txn: Record | None, types: list[int] | None, txns: list[Record] | None
    ) -> bool:
        """Whether the next transaction may be applied before the close that goes on has ended.

        A multi whose parts are decoded already is given as these.
        """
        closing = self.closing
        if closing is None or self.quotas.is_needed:
            return False
        if types is not None and txns is not None:
            return closing.later.parts_may_pass(header, types, txns)
        if header.type == op.CLOSE_SESSION:
            if self.ownership.count_of(header.client_id) > FEW:
                return False
            paths: list[str | None] = list(self.ownership.ephemerals_of(header.client_id))
            if isinstance(txn, CloseSessionTxn):
                paths.extend(txn.paths2_delete or [])
            return closing.later.close_may_pass(header, paths)
        return closing.later.may_pass(header, txn)

    def _passed(self, zxid: i64, before: i64) -> None:
        """A transaction was applied that the close may be behind; its digest counts from the end of that on."""
        closing = self.closing
        assert closing is not None
        closing.later.add(zxid, self.tree_digest - before)
        self.tree_digest = before

    def _applied(self, zxid: i64) -> None:
        if zxid > self.last_processed_zxid:
            self.last_processed_zxid = zxid
        if self.digest_enabled:
            self.digests.applied(zxid, self.tree_digest)

    def _apply_parts(self, header: TxnHeader, types: list[int], txns: list[Record], result: ProcessTxnResult) -> None:
        """All parts, or none of them when one is an error: then each result is 0, the error, or -2."""
        results: list[ProcessTxnResult] = []
        result.results = results
        if len(types) > self.owed.many_parts:
            # What is older has to be told first.
            self.owed.tell_all()
            self.owed.collects = True
        failed = op.ERROR in types
        reached_error = False
        for at in range(len(types)):
            part_type: i32 = types[at]
            part = ProcessTxnResult(op.ERROR if failed else part_type)
            results.append(part)
            if failed and part_type != op.ERROR:
                part.err = RUNTIMEINCONSISTENCY if reached_error else OK
            else:
                reached_error = failed
                self.apply(header, part_type, txns[at], part)
            if part.err != 0 and result.err == 0:
                result.err = part.err
        self.owed.collects = False

    def compare_digest(self, digest: TxnDigest | None) -> bool:
        """Whether the digest logged with the transaction just applied is ours; a mismatch is counted.

        True too where there is nothing to compare: digests off, another version, none logged, a fuzzy
        snapshot that has not reached its own digest yet, or a close that goes on: at its end they are compared.
        """
        closing = self.closing
        if closing is not None:
            closing.later.expect(digest)
            return True
        return not self.digest_enabled or self.digests.compare(digest, self.tree_digest)

    # --- transactions that take several turns

    def begin_close(
        self,
        header: TxnHeader,
        txn: Record | None,
        more_than: i64,
        digest: TxnDigest | None = None,
        parents: dict[str, None] | None = None,
    ) -> bool:
        """Begin to apply a closeSession with more than so many ephemerals: `closing` is to do it, step by step.

        False, with nothing done, for every other transaction. `digest` is that which is logged with it, to be
        compared. With `parents` the paths are known to be just the session's, and these to be their parents.
        """
        if self.closing is not None or not isinstance(txn, CloseSessionTxn) or header.type != op.CLOSE_SESSION:
            return False
        paths = txn.paths2_delete
        session = self.ownership.sessions.get(header.client_id)
        if paths is None or len(paths) <= more_than or session is None or len(paths) != len(session.paths):
            return False
        self.ownership.take_session(header.client_id)
        closing = SessionClose(self, header.client_id, header.zxid, session, paths, True)
        closing.later.expect(digest)
        self.closing = closing
        if parents is not None:
            closing.begin(parents)
        return True

    def begin_multi(
        self,
        header: TxnHeader,
        multi: MultiTxn | None,
        types: list[int],
        txns: list[Record],
        result: ProcessTxnResult,
        more_than: i64,
        digest: TxnDigest | None = None,
    ) -> bool:
        """The same for a multi that costs more than so many units; `result` gets what comes of it.

        Its parts are `txns` with their `types`, or they are to be read from `multi`.
        """
        if self.closing is not None or header.type != op.MULTI or not is_long(multi, types, more_than):
            return False
        closing = LongMulti(self, header, multi, types, txns, result)
        closing.later.expect(digest)
        self.closing = closing
        return True

    def close_one_by_one(self, session_id: i64, zxid: i64, paths: list[str | None], session: SessionPaths) -> None:
        closing = self.closing
        assert closing is not None
        self.closing = None
        self.ownership.sessions[session_id] = session
        self.kill_session(session_id, zxid, paths)
        self._close_applied(closing)

    def settle(self) -> None:
        """Do what is left of a close that is half applied, so that nodes, digest and last zxid belong together."""
        if self.closing is not None:
            self.closing.finish()

    def close_ended(self) -> None:
        closing = self.closing
        if closing is None:
            return
        self.closing = None
        self._close_applied(closing)

    def _close_applied(self, closing: LongTxn) -> None:
        """A close was applied, and after it what has passed it."""
        self._applied(closing.zxid)
        self.compare_digest(closing.later.expected)
        for later in closing.later.txns:
            self.tree_digest += later.digest
            self._applied(later.zxid)
            self.compare_digest(later.expected)
