"""ZKDatabase: the tree and the sessions, which together are what snapshots and logs hold."""

from typing import final

from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree, ProcessTxnResult
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateSessionTxn
from pyzoo.server.request import Request


@final
class ZKDatabase:
    """The replicated state of a server; `sessions` maps ids to timeouts in ms."""

    def __init__(self, tree: DataTree, sessions: dict[int, int]) -> None:
        self.tree = tree
        self.sessions = sessions

    @property
    def last_processed_zxid(self) -> i64:
        """The newest transaction that the tree holds."""
        return self.tree.last_processed_zxid

    def process_txn(self, request: Request) -> ProcessTxnResult:
        """Apply a prepared request."""
        header = request.header
        assert header is not None
        types, txns = request.sub_types, request.sub_txns
        if types is not None and txns is not None and header.type == op.MULTI:
            return self.tree.process_multi(header, types, txns)
        result = self.tree.process_txn(header, request.txn)
        if header.type == op.CREATE_SESSION:
            txn = request.txn
            assert isinstance(txn, CreateSessionTxn)
            self.sessions[header.client_id] = txn.time_out
        elif header.type == op.CLOSE_SESSION:
            self.sessions.pop(header.client_id, None)
        return result
