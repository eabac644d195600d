"""A driver that makes transactions as PrepRequestProcessor would, and a watcher that remembers."""

from collections.abc import Callable

import pytest

from pyzoo.datatree.tree import DataTree, ProcessTxnResult
from pyzoo.datatree.watcher import Watcher
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    SetACLTxn,
    SetDataTxn,
    TxnHeader,
)
from pyzoo.outbox import Packets

OPEN = [ACL(31, "world", "anyone")]


class RecordingWatcher(Watcher):
    """Keeps (event type, path, zxid, acl) of every event."""

    def __init__(self) -> None:
        super().__init__(Packets())
        self.events: list[tuple[int, str, int, list[ACL] | None]] = []

    def process(self, event_type: int, path: str, zxid: int, acl: list[ACL] | None) -> None:
        self.events.append((event_type, path, zxid, acl))

    def take(self) -> list[tuple[int, str]]:
        """Type and path of the events since the last call."""
        taken = [(event_type, path) for event_type, path, _, _ in self.events]
        self.events.clear()
        return taken


class Driver:
    """Applies transactions with rising zxids; the time of each is a thousand times its zxid."""

    def __init__(self, tree: DataTree | None = None) -> None:
        self.tree = DataTree() if tree is None else tree
        self.zxid = 0
        self.session = 0x100000000000001

    def apply(self, type: int, txn: Record | None, zxid: int | None = None) -> ProcessTxnResult:
        self.zxid = self.zxid + 1 if zxid is None else zxid
        return self.tree.process_txn(self.header(type), txn)

    def header(self, type: int) -> TxnHeader:
        return TxnHeader(self.session, 7, self.zxid, self.zxid * 1000, type)

    def next_cversion(self, path: str) -> int:
        parent = self.tree.get_node(path.rpartition("/")[0])
        return 1 if parent is None else parent.cversion + 1

    def create_txn(
        self, path: str, data: bytes | None = b"", ephemeral: bool = False, acl: list[ACL] | None = None
    ) -> CreateTxn:
        return CreateTxn(path, data, OPEN if acl is None else acl, ephemeral, self.next_cversion(path))

    def create(
        self, path: str, data: bytes | None = b"", ephemeral: bool = False, acl: list[ACL] | None = None
    ) -> ProcessTxnResult:
        return self.apply(op.CREATE, self.create_txn(path, data, ephemeral, acl))

    def create_container(self, path: str) -> ProcessTxnResult:
        return self.apply(op.CREATE_CONTAINER, CreateContainerTxn(path, b"", OPEN, self.next_cversion(path)))

    def create_ttl(self, path: str, ttl: int) -> ProcessTxnResult:
        return self.apply(op.CREATE_TTL, CreateTTLTxn(path, b"", OPEN, self.next_cversion(path), ttl))

    def delete(self, path: str) -> ProcessTxnResult:
        return self.apply(op.DELETE, DeleteTxn(path))

    def set_data(self, path: str, data: bytes | None, version: int | None = None) -> ProcessTxnResult:
        node = self.tree.get_node(path)
        if version is None:
            version = 1 if node is None else node.version + 1
        return self.apply(op.SET_DATA, SetDataTxn(path, data, version))

    def set_acl(self, path: str, acl: list[ACL], aversion: int) -> ProcessTxnResult:
        return self.apply(op.SET_ACL, SetACLTxn(path, acl, aversion))

    def close_session(self, paths: list[str | None] | None) -> ProcessTxnResult:
        return self.apply(op.CLOSE_SESSION, None if paths is None else CloseSessionTxn(paths))


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def driver_of() -> Callable[[DataTree], Driver]:
    return Driver


@pytest.fixture
def watcher() -> RecordingWatcher:
    return RecordingWatcher()


@pytest.fixture
def another_watcher() -> RecordingWatcher:
    return RecordingWatcher()
