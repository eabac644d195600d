"""Ledger: the one history that the ensemble has agreed on, as it becomes known, and what the tree was after each entry.

Only the leader of the newest epoch adds to it: what it has applied is committed. From the transactions alone the
ledger works out the state of every path at every zxid, without the server's tree, so that answers can be compared
with it.
"""

from bisect import bisect_right
from typing import Any, Final

from attrs import frozen

from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, EPHEMERAL, kind_of, ttl_owner
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    MultiTxn,
    SetDataTxn,
    TxnHeader,
)
from pyzoo.persistence.log_format import decode_txn
from pyzoo.sim.durable import fingerprint


@frozen
class Entry:
    """A committed transaction; `parts` are those that took effect, with their types."""

    zxid: int
    fingerprint: int
    header: TxnHeader
    txn: Record | None
    parts: tuple[tuple[int, Record], ...]
    committed_ms: int


@frozen
class PathState:
    """A node from `zxid` on; `data` is None and `exists` False after its deletion."""

    zxid: int
    exists: bool
    data: bytes | None = None
    version: int = 0
    czxid: int = 0
    owner: int = 0

    @property
    def kind(self) -> int:
        """What the owner says of the node; see ephemeral_type."""
        return kind_of(self.owner, True, False)

    @property
    def shown_owner(self) -> int:
        """What a stat says of the owner: clients are not told of containers and TTL nodes (DataNode.copyStat)."""
        return self.owner if self.kind == EPHEMERAL else 0


NOWHERE = PathState(0, False)


def parent_of(path: str) -> str:
    """The path above."""
    return path.rpartition("/")[0] or "/"


_PART_DECODERS: Final[dict[int, Any]] = {
    op.DELETE: DeleteTxn,
    op.SET_DATA: SetDataTxn,
    op.CREATE_CONTAINER: CreateContainerTxn,
    op.CREATE_TTL: CreateTTLTxn,
}


def _parts(header: TxnHeader, txn: Record | None) -> tuple[tuple[int, Record], ...]:
    if txn is None or header.type == op.ERROR:
        return ()
    if not isinstance(txn, MultiTxn):
        return ((header.type, txn),)
    found: list[tuple[int, Record]] = []
    for part in txn.txns or []:
        if part.type == op.ERROR:
            return ()
        decoder = _PART_DECODERS.get(part.type, CreateTxn)
        if part.type != op.CHECK:
            found.append((part.type, decoder.decode(InputArchive(part.data or b""))))
    return tuple(found)


def _owner_of(txn: CreateTxn | CreateContainerTxn | CreateTTLTxn, session: int) -> int:
    if isinstance(txn, CreateTTLTxn):
        return ttl_owner(txn.ttl)
    if isinstance(txn, CreateContainerTxn):
        return CONTAINER_OWNER
    return session if txn.ephemeral else 0


class Ledger:
    """See the module."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.zxids: list[int] = []
        self.index: dict[int, int] = {}
        self.paths: dict[str, list[PathState]] = {"/": [PathState(0, True)]}
        self.children: dict[str, dict[str, None]] = {}
        self.child_changes: dict[str, list[int]] = {}
        self.session_created: dict[int, int] = {}
        self.session_closed: dict[int, int] = {}
        self.session_timeouts: dict[int, int] = {}
        self.ephemerals: dict[int, dict[str, None]] = {}

    @property
    def last_zxid(self) -> int:
        """The newest entry, 0 without any."""
        return self.zxids[-1] if self.zxids else 0

    def position(self, zxid: int) -> int:
        """How many entries are not newer than this."""
        return bisect_right(self.zxids, zxid)

    def entry(self, zxid: int) -> Entry | None:
        """The entry with this zxid."""
        at = self.index.get(zxid)
        return None if at is None else self.entries[at]

    # --- growing

    def append(self, zxid: int, payload: bytes, now_ms: int) -> Entry:
        """The next transaction; raises MalformedRecord for one that cannot be read."""
        header, txn, _ = decode_txn(payload)
        if header.zxid != zxid:
            raise MalformedRecord(f"transaction {zxid:#x} calls itself {header.zxid:#x}")
        entry = Entry(zxid, fingerprint(payload), header, txn, _parts(header, txn), now_ms)
        self.index[zxid] = len(self.entries)
        self.entries.append(entry)
        self.zxids.append(zxid)
        for type, part in entry.parts:
            self._apply(entry, type, part)
        return entry

    def _apply(self, entry: Entry, type: int, txn: Record) -> None:
        zxid, session = entry.zxid, entry.header.client_id
        if isinstance(txn, CreateTxn | CreateContainerTxn | CreateTTLTxn):
            made = PathState(zxid, True, txn.data, 0, zxid, _owner_of(txn, session))
            self._set(txn.path or "", made)
            self._child_changed(txn.path or "", zxid)
            if made.kind == EPHEMERAL:
                self.ephemerals.setdefault(made.owner, {})[txn.path or ""] = None
        elif isinstance(txn, SetDataTxn) and type == op.SET_DATA:
            old = self.state(txn.path or "", zxid)
            self._set(txn.path or "", PathState(zxid, True, txn.data, txn.version, old.czxid, old.owner))
        elif isinstance(txn, DeleteTxn):
            self._delete(txn.path or "", zxid)
        elif isinstance(txn, CreateSessionTxn):
            self.session_created[session] = zxid
            self.session_timeouts[session] = txn.time_out
        elif isinstance(txn, CloseSessionTxn):
            self.session_closed[session] = zxid
            for path in txn.paths2_delete or []:
                self._delete(path or "", zxid)

    def _delete(self, path: str, zxid: int) -> None:
        self.ephemerals.get(self.state(path, zxid).owner, {}).pop(path, None)
        self._set(path, PathState(zxid, False))
        self._child_changed(path, zxid)

    def _set(self, path: str, state: PathState) -> None:
        self.paths.setdefault(path, []).append(state)

    def _child_changed(self, path: str, zxid: int) -> None:
        parent = parent_of(path)
        self.child_changes.setdefault(parent, []).append(zxid)
        self.children.setdefault(parent, {})[path] = None

    # --- asking

    def state(self, path: str, zxid: int) -> PathState:
        """What was at this path once this zxid was applied."""
        found = NOWHERE
        for state in reversed(self.paths.get(path, ())):
            if state.zxid <= zxid:
                return state
        return found

    def children_of(self, path: str, zxid: int) -> set[str]:
        """The names below a path at this zxid."""
        return {child.rpartition("/")[2] for child in self.children.get(path, ()) if self.state(child, zxid).exists}

    def changed_between(self, path: str, after_zxid: int, up_to_zxid: int) -> int:
        """The zxid of the first change of a node's data or existence in this range, 0 without one."""
        changes = self.paths.get(path, [])
        for state in reversed(changes):
            if state.zxid <= after_zxid:
                break
            if state.zxid <= up_to_zxid:
                return state.zxid
        return 0

    def children_changed_between(self, path: str, after_zxid: int, up_to_zxid: int) -> int:
        """The same for the list of its children."""
        for zxid in reversed(self.child_changes.get(path, [])):
            if zxid <= after_zxid:
                break
            if zxid <= up_to_zxid:
                return zxid
        return 0
