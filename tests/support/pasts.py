"""Data directories with a past that is known: made step by step, beside a plain model of what each step did."""

from collections.abc import Iterator
from typing import Any

from attrs import define, evolve, field, frozen

from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CloseSessionTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    Txn,
    TxnDigest,
    TxnHeader,
)
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import join
from pyzoo.persistence.log_format import encode_file_header
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.persistence.snapshot.saved import SnapshotFile
from tests.support.codec import encode_record, encode_txn, encoded
from tests.support.persistence_cases import DATA, OPEN_ACL, VERSION_2, put

SECRET_ACL = [ACL(31, "digest", "bob:x")]
ACLS = [OPEN_ACL, SECRET_ACL, [ACL(1, "world", "anyone")]]
PATHS = ["/a", "/a/b", "/a/b/c", "/a/b2", "/d", "/d/e"]
SESSIONS = [0x1000001, 0x2000002]
BEGIN_MS = 1_700_000_000_000


@frozen
class ModelNode:
    """A node as the model has it."""

    data: bytes | None
    acl: list[ACL]
    czxid: int
    mzxid: int
    version: int = 0
    aversion: int = 0
    owner: int = 0


@frozen
class Row:
    """A change as the model has it: zxid, kind, path."""

    zxid: int
    kind: str
    path: str
    session: int


def time_of(zxid: int) -> int:
    """When a transaction was made, in ms."""
    return BEGIN_MS + (zxid >> 32) * 1_000_000 + (zxid & 0xFFFFFFFF) * 1000


@define
class Past:
    """A server's files on a disk in memory.

    `states` are the model's trees by zxid, `rows` what changed, oldest first.
    """

    disk: MemoryDisk = field(factory=lambda: MemoryDisk(crashable=False))
    tree: DataTree = field(factory=DataTree)
    zxid: int = 0
    states: dict[int, dict[str, ModelNode]] = field(factory=lambda: {0: {}})
    rows: list[Row] = field(factory=list)
    _nodes: dict[str, ModelNode] = field(factory=dict)
    _creates: dict[str, int] = field(factory=dict)
    _log: str = ""
    _size: int = 0
    _chunks: Iterator[bytes] | None = None
    _file: SnapshotFile | None = None

    def __attrs_post_init__(self) -> None:
        self.disk.make_directory(VERSION_2)
        self.save_snapshot()

    @property
    def directories(self) -> Directories:
        return Directories(DATA, DATA)

    # --- files

    def roll(self) -> None:
        """Let the next transaction begin a log."""
        self._log = ""

    def save_snapshot(self) -> None:
        """A snapshot that nothing happens beside."""
        self.begin_snapshot()
        self.end_snapshot()

    def begin_snapshot(self) -> None:
        """A snapshot of which a node a transaction is written, until `end_snapshot`."""
        self.end_snapshot()
        self._file = SnapshotFile(self.disk, VERSION_2, self.zxid)
        self._chunks = snapshot_chunks(self.tree, {}, slice_nodes=1)
        self._write_chunk()

    def end_snapshot(self) -> None:
        while self._chunks is not None:
            self._write_chunk()

    def _write_chunk(self) -> None:
        assert self._chunks is not None
        assert self._file is not None
        chunk = next(self._chunks, None)
        if chunk is not None:
            self._file.write(chunk)
            return
        self._file.save()
        self._chunks = self._file = None

    def purge_before(self, zxid: int) -> None:
        """Take away the logs that begin before this zxid, and the snapshots."""
        for name in self.disk.list(VERSION_2):
            if int(name.split(".")[1], 16) < zxid:
                self.disk.remove(join(VERSION_2, name))

    # --- transactions

    def begin_epoch(self) -> None:
        """A new leader."""
        self.zxid = ((self.zxid >> 32) + 1) << 32

    def log(self, type: int, txn: Record | None, session: int = SESSIONS[0]) -> int:
        """Log and apply a transaction; returns its zxid."""
        self.zxid += 1
        zxid = self.zxid
        header = TxnHeader(session, zxid & 0xFFFF, zxid, time_of(zxid), type)
        self.tree.process_txn(header, txn)
        self._creates.clear()
        digest = None if type == op.ERROR else TxnDigest(2, self.tree.tree_digest)
        record = encode_record(encode_txn(header, txn, digest))
        if not self._log:
            self._log = join(VERSION_2, f"log.{zxid:x}")
            put(self.disk, self._log, encode_file_header() + bytes(1 << 12))
            self._size = len(encode_file_header())
        self.disk.open_write(self._log).write_at(self._size, record)
        self._size += len(record)
        if self._chunks is not None:
            self._write_chunk()
        self.states[zxid] = dict(self._nodes)
        return zxid

    def _row(self, kind: str, path: str, session: int) -> None:
        self.rows.append(Row(self.zxid + 1, kind, path, session))

    def can(self, kind: str, path: str) -> bool:
        """Whether this may be done to a node now."""
        if kind != "create":
            is_parent = any(other.startswith(path + "/") for other in self._nodes)
            return path in self._nodes and not (kind == "delete" and is_parent)
        parent = self._nodes.get(path.rpartition("/")[0])
        return path not in self._nodes and (path.count("/") == 1 or (parent is not None and parent.owner == 0))

    def step(self, kind: str, path: str, data: bytes = b"", acl: int = 0, session: int = SESSIONS[0]) -> None:
        """One change, or an error where it cannot be made."""
        done = self._change(kind, path, data, acl, session)
        self.log(*(done or (op.ERROR, ErrorTxn(-101))), session)

    def multi(self, steps: list[tuple[str, str, bytes, int]], session: int) -> None:
        """Several changes in one; those that cannot be made are left out."""
        parts = [part for step in steps if (part := self._change(*step, session)) is not None]
        self.log(op.MULTI, MultiTxn([Txn(type, encoded(txn)) for type, txn in parts]), session)

    def _change(self, kind: str, path: str, data: bytes, acl: int, session: int) -> tuple[int, Record] | None:
        if not self.can("create" if kind == "ephemeral" else kind, path):
            return None
        zxid = self.zxid + 1
        node = self._nodes.get(path)
        if kind in ("create", "ephemeral"):
            is_ephemeral = kind == "ephemeral"
            self._nodes[path] = ModelNode(data, ACLS[acl], zxid, zxid, owner=session if is_ephemeral else 0)
            self._row("create", path, session)
            parent = path.rpartition("/")[0]
            self._creates[parent] = self._creates.get(parent, 0) + 1
            return op.CREATE, CreateTxn(path, data, ACLS[acl], is_ephemeral, self._cversion_after(parent))
        assert node is not None
        if kind == "delete":
            del self._nodes[path]
            self._row("delete", path, session)
            return op.DELETE, DeleteTxn(path)
        if kind == "setData":
            self._nodes[path] = evolve(node, data=data, mzxid=zxid, version=node.version + 1)
            self._row("setData", path, session)
            return op.SET_DATA, SetDataTxn(path, data, node.version + 1)
        self._nodes[path] = evolve(node, acl=ACLS[acl], aversion=node.aversion + 1)
        self._row("setACL", path, session)
        return op.SET_ACL, SetACLTxn(path, ACLS[acl], node.aversion + 1)

    def _cversion_after(self, parent: str) -> int:
        """The counter of a parent that gets another child in the transaction that is being made."""
        node = self.tree.get_node(parent)
        return self._creates[parent] + (0 if node is None else node.cversion)

    def close(self, session: int) -> None:
        """The end of a session."""
        gone = [path for path, node in self._nodes.items() if node.owner == session]
        for path in gone:
            del self._nodes[path]
            self._row("delete", path, session)
        self.log(op.CLOSE_SESSION, CloseSessionTxn(list(gone)), session)


def model_of(tree: DataTree) -> dict[str, ModelNode]:
    """A tree in the form of the model, without what every tree has."""
    return {
        path: model_of_node(node, tree.acl_of(node))
        for path, node in tree.nodes.items()
        if path not in ("", "/") and not path.startswith("/zookeeper")
    }


def model_of_node(node: Any, acl: list[ACL]) -> ModelNode:
    """A node likewise; it may also be a NodeState."""
    owner = node.owner if hasattr(node, "owner") else node.ephemeral_owner
    return ModelNode(node.data, acl, node.czxid, node.mzxid, node.version, node.aversion, owner)
