"""A server deletes by itself only containers that were used and TTL nodes whose time is over, and only empty ones."""

from pyzoo.datatree.ephemeral_type import CONTAINER, TTL, ttl_of
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import DeleteTxn
from pyzoo.sim.checkers.base import Checker
from pyzoo.sim.ledger import Entry, PathState
from pyzoo.sim.member import SimMember


class DeletionChecker(Checker):
    """See the module."""

    def committed(self, member: SimMember, entry: Entry) -> None:
        if entry.header.type != op.DELETE_CONTAINER:
            return
        assert isinstance(entry.txn, DeleteTxn)
        path, before_zxid = entry.txn.path or "", entry.zxid - 1
        before = self.ledger.state(path, before_zxid)
        self.require(
            before.exists and not self.ledger.children_of(path, before_zxid) and self._may_go(path, before, entry),
            f"server {member.sid} has deleted {path} by itself at {entry.zxid:#x}, which was {before}",
        )

    def _may_go(self, path: str, node: PathState, entry: Entry) -> bool:
        if node.kind == CONTAINER:
            return self.ledger.children_changed_between(path, node.czxid, entry.zxid) > 0
        written = self.ledger.entries[self.ledger.index[node.zxid]].header.time
        return node.kind == TTL and entry.header.time - written > ttl_of(node.owner)
