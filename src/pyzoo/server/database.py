"""ZKDatabase: the tree and the sessions, which together are what snapshots and logs hold, and the latest proposals."""

from collections.abc import Callable, Iterator
from typing import final

from mypy_extensions import i64

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree, ProcessTxnResult
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import CreateSessionTxn, MultiTxn, TxnDigest, TxnHeader
from pyzoo.persistence.log_format import decode_txn
from pyzoo.persistence.recovery import RecoverySettings
from pyzoo.persistence.snapshot.stream import stream_chunks
from pyzoo.quorum.history import CommittedLog, History, Proposal
from pyzoo.server.clients.request import Request
from pyzoo.zxid import zxid_text


def new_tree(config: ServerConfig) -> DataTree:
    """An empty tree with the server's settings."""
    return DataTree(config.extended_types_enabled, config.emulate_353_ttl_nodes, config.digest_enabled)


def recovery_settings(config: ServerConfig, is_member: bool) -> RecoverySettings:
    """How a server loads its files: one that is alone sends nobody what it read, and removes orphans by itself."""
    return RecoverySettings(
        trust_empty_snapshot=config.snapshot_trust_empty,
        trust_cut_log=config.log_trust_cut,
        db_autocreate=config.db_autocreate,
        commit_log_count=config.commit_log_count if is_member else 0,
        compression_method=config.snapshot_compression,
        last_zxid=config.serialize_last_processed_zxid,
        remove_orphans=not is_member,
    )


@final
class AppliedTxn(Proposal):
    """A transaction that came as bytes, and what became of it."""

    def __init__(
        self, zxid: i64, payload: bytes, header: TxnHeader, txn: Record | None, digest: TxnDigest | None
    ) -> None:
        super().__init__(zxid, payload)
        self.header = header
        self.txn = txn
        self.digest = digest
        self.result = ProcessTxnResult(header.type)


def decoded(zxid: i64, payload: bytes) -> AppliedTxn:
    """A transaction as it is logged and proposed; raises MalformedRecord, also for one of another zxid."""
    header, txn, digest = decode_txn(payload)
    if header.zxid != zxid:
        raise MalformedRecord(f"the transaction of {zxid_text(zxid)} says that it is {zxid_text(header.zxid)}")
    return AppliedTxn(zxid, payload, header, txn, digest)


@final
class ZKDatabase(History):
    """The replicated state of a server; `sessions` maps ids to timeouts in ms.

    `finish_commits` is how whoever serves it applies at once what is committed. `passed` are the transactions that
    have passed a close that goes on, oldest first.
    """

    def __init__(self, tree: DataTree, sessions: dict[int, int], committed_log: CommittedLog | None = None) -> None:
        super().__init__(CommittedLog(0) if committed_log is None else committed_log)
        self.tree = tree
        self.sessions = sessions
        self.finish_commits: Callable[[], None] | None = None
        self.passed: list[Proposal] = []
        self._is_closing = False

    @property
    def last_processed_zxid(self) -> i64:
        """The newest transaction that the tree holds."""
        return self.tree.last_processed_zxid

    @property
    def last_zxid(self) -> i64:
        return self.tree.last_processed_zxid

    def snapshot_chunks(self) -> Iterator[bytes]:
        return stream_chunks(self.tree, dict(self.sessions))

    def settle(self) -> None:
        if self.finish_commits is not None:
            self.finish_commits()

    # --- what was prepared here

    def process_txn(self, request: Request) -> ProcessTxnResult:
        """Apply a prepared request."""
        header = request.header
        assert header is not None
        if request.payload:
            self._remember(request.zxid, request.payload)
        types, txns = request.sub_types, request.sub_txns
        if types is not None and txns is not None and header.type == op.MULTI:
            return self.tree.process_multi(header, types, txns)
        tree = self.tree
        if tree.closing is None:
            # While a close goes on the nodes may be some other way than they will be after it.
            tree.foreseen, tree.foreseen_parent = request.foreseen, request.foreseen_parent
        result = tree.process_txn(header, request.txn)
        tree.foreseen = tree.foreseen_parent = None
        self._keep_session(header, request.txn)
        return result

    # --- transactions that take several turns: closes of sessions with many ephemerals, multis of many parts

    def begin_close(
        self,
        header: TxnHeader,
        txn: Record | None,
        more_than: i64,
        digest: TxnDigest | None,
        parents: dict[str, None] | None = None,
    ) -> bool:
        """Begin with a closeSession of more than so many ephemerals: the tree's `closing` goes on with it.

        `close_ended` is to follow. False, with nothing done, for all others.
        """
        if not self.tree.begin_close(header, txn, more_than, digest, parents):
            return False
        self._is_closing = True
        # Now, for whoever saves a snapshot may bring the tree to the end of the close before it is answered.
        self._keep_session(header, txn)
        return True

    def begin_multi(
        self,
        header: TxnHeader,
        multi: MultiTxn | None,
        types: list[int],
        txns: list[Record],
        result: ProcessTxnResult,
        more_than: i64,
        digest: TxnDigest | None,
    ) -> bool:
        """The same for a multi (see DataTree.begin_multi)."""
        if not self.tree.begin_multi(header, multi, types, txns, result, more_than, digest):
            return False
        self._is_closing = True
        return True

    def close_ended(self, zxid: i64, payload: bytes) -> None:
        """The tree has what was begun with, and what has passed it."""
        self._is_closing = False
        if payload:
            self.committed_log.add(zxid, payload)
        for proposal in self.passed:
            self.committed_log.add(proposal.zxid, proposal.payload)
        self.passed.clear()

    def _remember(self, zxid: i64, payload: bytes) -> None:
        if self._is_closing:
            self.passed.append(Proposal(zxid, payload))
        else:
            self.committed_log.add(zxid, payload)

    # --- what came as bytes

    def apply(self, zxid: i64, payload: bytes, compare: bool = True) -> AppliedTxn:
        """Apply a transaction as it is logged and proposed; raises MalformedRecord.

        Without `compare` its digest is not looked at: a tree from a fuzzy snapshot is ahead of it.
        """
        applied = decoded(zxid, payload)
        applied.result = self.tree.process_txn(applied.header, applied.txn)
        self.applied(applied, compare)
        return applied

    def applied(self, applied: AppliedTxn, compare: bool = True) -> None:
        """The tree has this transaction."""
        self._keep_session(applied.header, applied.txn)
        if compare:
            self.tree.compare_digest(applied.digest)
        self._remember(applied.zxid, applied.payload)

    def _keep_session(self, header: TxnHeader, txn: Record | None) -> None:
        if header.type == op.CREATE_SESSION:
            assert isinstance(txn, CreateSessionTxn)
            self.sessions[header.client_id] = txn.time_out
        elif header.type == op.CLOSE_SESSION:
            self.sessions.pop(header.client_id, None)
