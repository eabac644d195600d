"""An acknowledged write is in the history, once, has done what it says, and nothing told of before comes after it."""

from collections.abc import Callable
from typing import Final

from pyzoo import errors as err
from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SetACLTxn
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.client import SimClient
from pyzoo.sim.ledger import Entry, Ledger, parent_of
from pyzoo.sim.member import SimMember
from pyzoo.sim.operation import CREATES, Operation

UNTOLD: Final = frozenset({err.SESSIONMOVED, err.SESSIONEXPIRED, err.NOTREADONLY})
"""Errors that may come without a transaction."""


class WriteChecker(Checker):
    """`told_zxid` is the newest zxid that any client has seen."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.told_zxid = 0
        self.acknowledged = 0
        self._done: dict[tuple[int, int], int] = {}

    def committed(self, member: SimMember, entry: Entry) -> None:
        header = entry.header
        if header.cxid == 0 or header.type == op.CREATE_SESSION:
            return
        key = (header.client_id, header.cxid)
        before = self._done.setdefault(key, entry.zxid)
        self.require(
            before == entry.zxid,
            f"request {header.cxid} of session {header.client_id:#x} is in the history twice: "
            f"{before:#x} and {entry.zxid:#x}",
        )

    def replied_read_only(self, client: SimClient, operation: Operation) -> None:
        refused = operation.error == err.NOTREADONLY
        needs_quorum = operation.type == op.SYNC or (operation.is_write and operation.type != op.CLOSE_SESSION)
        self.require(refused == needs_quorum, f"{operation} was answered {operation.error} without a quorum")

    def sent(self, client: SimClient, operation: Operation) -> None:
        operation.floor_zxid = self.told_zxid

    def replied(self, client: SimClient, operation: Operation) -> None:
        self.told_zxid = max(self.told_zxid, operation.zxid)
        if not operation.is_write or (operation.error in UNTOLD and operation.type != op.CLOSE_SESSION):
            return
        if operation.type == op.CLOSE_SESSION and operation.session_id not in self.ledger.session_created:
            return
        zxid = operation.zxid
        entry = self.ledger.entry(zxid)
        if entry is None or (entry.header.client_id, entry.header.cxid) != (operation.session_id, operation.xid):
            self.require(
                operation.error not in (0, err.NONODE, err.NODEEXISTS, err.BADVERSION, err.NOTEMPTY),
                f"{operation} was answered {operation.error} at {zxid:#x}, where the history has something else",
            )
            return
        self.require(
            zxid > operation.floor_zxid,
            f"{operation} got {zxid:#x}, but {operation.floor_zxid:#x} was told of before it was asked",
        )
        self.acknowledged += operation.error == 0
        rule = _RULES.get(operation.type)
        if rule is not None:
            wrong = rule(self.ledger, operation, entry)
            self.require(not wrong, f"{operation} was answered {operation.error} at {zxid:#x}: {wrong}")


def _create(ledger: Ledger, operation: Operation, entry: Entry) -> str:
    before = entry.zxid - 1
    path = operation.made_path if operation.error == 0 else operation.path
    parent = ledger.state(parent_of(operation.path), before)
    if operation.error == 0:
        if ledger.state(path, before).exists:
            return "the node was there before"
        if ledger.state(path, entry.zxid).data != operation.data:
            return "the history has other data"
    elif operation.error == err.NODEEXISTS and not operation.is_sequential:
        if not ledger.state(path, before).exists:
            return "the node was not there"
    elif operation.error == err.NONODE and parent.exists:
        return "the parent was there"
    elif operation.error == err.NOCHILDRENFOREPHEMERALS and parent.kind != EPHEMERAL:
        return "the parent was not ephemeral"
    return ""


def _set(ledger: Ledger, operation: Operation, entry: Entry) -> str:
    before = ledger.state(operation.path, entry.zxid - 1)
    after = ledger.state(operation.path, entry.zxid)
    if operation.error == 0:
        if not before.exists or operation.version not in (-1, before.version):
            return f"the node was {before}"
        stat = operation.stat
        if stat is None or (stat.version, stat.mzxid) != (before.version + 1, entry.zxid):
            return f"the stat does not follow from {before}"
        if after.data != operation.data:
            return "the history has other data"
        return ""
    return _refused(operation, before.exists, before.version)


def _refused(operation: Operation, existed: bool, version: int) -> str:
    if operation.error == err.NONODE and existed:
        return "the node was there"
    if operation.error == err.BADVERSION and (not existed or operation.version in (-1, version)):
        return f"the version was {version}"
    return ""


def _delete(ledger: Ledger, operation: Operation, entry: Entry) -> str:
    before = ledger.state(operation.path, entry.zxid - 1)
    children = ledger.children_of(operation.path, entry.zxid - 1)
    if operation.error == 0:
        if not before.exists or children:
            return f"the node was {before} with {len(children)} children"
        return ""
    if operation.error == err.NOTEMPTY and not children:
        return "the node had no children"
    return _refused(operation, before.exists, before.version)


def _set_acl(ledger: Ledger, operation: Operation, entry: Entry) -> str:
    before = ledger.state(operation.path, entry.zxid - 1)
    if operation.error == err.NONODE and before.exists:
        return "the node was there"
    if operation.error == 0:
        txn, stat = entry.txn, operation.stat
        if not before.exists or not isinstance(txn, SetACLTxn) or txn.acl != operation.acl:
            return f"the node was {before}, and the history has {txn}"
        if stat is None or stat.aversion != txn.version or operation.version not in (-1, txn.version - 1):
            return f"the ACL has version {txn.version} then"
    return ""


_RULES: Final[dict[int, Callable[[Ledger, Operation, Entry], str]]] = {
    **dict.fromkeys(CREATES, _create),
    op.SET_ACL: _set_acl,
    op.SET_DATA: _set,
    op.DELETE: _delete,
}
