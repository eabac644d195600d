"""Changes that are prepared and not applied yet: what the next write has to be checked against.

A ChangeRecord is the state of one node after a transaction that is on its way to the disk. Records are never
changed, so taking back a multi is putting the earlier records back.
"""

from collections import deque
from typing import final

from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.digest import stat_digest
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ACL
from pyzoo.server.metrics import ServerMetrics


@final
@mypyc_attr(acyclic=True)
class ChangeRecord:
    """One node as it will be after `zxid`; `exists` is False for a deleted node.

    `ephemeral_mode`: it was created with an ephemeral flag, which for a container changes nothing but that it
    takes no children until it is applied.
    """

    def __init__(self, zxid: i64, path: str, exists: bool, data: bytes | None, acl: list[ACL] | None) -> None:
        self.zxid: i64 = zxid
        self.path = path
        self.exists = exists
        self.data = data
        self.acl = acl
        self.child_count: i64 = 0
        self.czxid: i64 = 0
        self.mzxid: i64 = 0
        self.ctime: i64 = 0
        self.mtime: i64 = 0
        self.pzxid: i64 = 0
        self.ephemeral_owner: i64 = 0
        self.ephemeral_mode = False
        self.version: i32 = 0
        self.cversion: i32 = 0
        self.aversion: i32 = 0
        self.digest: i64 = 0

    def copy(self, zxid: i64) -> "ChangeRecord":
        """The same node as the start of another change (ChangeRecord.duplicate)."""
        record = ChangeRecord(zxid, self.path, self.exists, self.data, self.acl)
        record.child_count = self.child_count
        record.czxid = self.czxid
        record.mzxid = self.mzxid
        record.ctime = self.ctime
        record.mtime = self.mtime
        record.pzxid = self.pzxid
        record.ephemeral_owner = self.ephemeral_owner
        record.ephemeral_mode = self.ephemeral_mode
        record.version = self.version
        record.cversion = self.cversion
        record.aversion = self.aversion
        record.digest = self.digest
        return record


def record_of(path: str, node: DataNode, acl: list[ACL]) -> ChangeRecord:
    """A node of the tree as a record, not changed yet."""
    record = ChangeRecord(-1, path, True, node.data, acl)
    record.child_count = node.num_children
    record.czxid = node.czxid
    record.mzxid = node.mzxid
    record.ctime = node.ctime
    record.mtime = node.mtime
    record.pzxid = node.pzxid
    record.ephemeral_owner = node.ephemeral_owner
    record.version = node.version
    record.cversion = node.cversion
    record.aversion = node.aversion
    return record


@final
class Undo:
    """What a path had before one step of a multi."""

    def __init__(self, path: str, before: ChangeRecord | None) -> None:
        self.path = path
        self.before = before


@final
class OutstandingChanges:
    """The latest record of every node with a change on its way, and the digest of the tree after them all."""

    def __init__(self, tree: DataTree, digest_enabled: bool, metrics: ServerMetrics) -> None:
        self.tree = tree
        self.metrics = metrics
        self.digest_enabled = digest_enabled
        self.records: dict[str, ChangeRecord] = {}
        self.tree_digest: i64 = tree.tree_digest
        self._queue: deque[ChangeRecord] = deque()
        self._undo: list[Undo] | None = None
        self._undo_digest: i64 = 0

    def get(self, path: str) -> ChangeRecord | None:
        """The node after all changes on their way, or None when it does not exist (getRecordForPath)."""
        record = self.records.get(path)
        if record is not None:
            return record if record.exists else None
        node = self.tree.get_node(path)
        if node is None:
            return None
        record = record_of(path, node, self.tree.acl_of(node))
        if self.digest_enabled:
            record.digest = node.digest
        return record

    def digest_of(self, record: ChangeRecord) -> i64:
        """What the node adds to the digest of the tree."""
        return stat_digest(
            record.path,
            record.data,
            record.czxid,
            record.mzxid,
            record.pzxid,
            record.ctime,
            record.mtime,
            record.version,
            record.cversion,
            record.aversion,
            record.ephemeral_owner,
        )

    def add(self, record: ChangeRecord) -> None:
        """Make this the latest record of its path; its `digest` still is the one before the change."""
        if self.digest_enabled:
            before = record.digest
            record.digest = self.digest_of(record) if record.exists else 0
            self.tree_digest += record.digest - before
        path = record.path
        if self._undo is not None:
            self._undo.append(Undo(path, self.records.get(path)))
        self.records[path] = record
        self._queue.append(record)
        self.metrics.outstanding_changes_queued += 1

    def begin_multi(self) -> None:
        """Remember how things are, in case the multi fails."""
        self._undo = []
        self._undo_digest = self.tree_digest

    def end_multi(self, failed: bool) -> None:
        """Keep the steps of the multi, or take them all back (rollbackPendingChanges)."""
        undo = self._undo
        self._undo = None
        if not failed or undo is None:
            return
        for _ in range(len(undo)):
            self._queue.pop()
        for step in reversed(undo):
            if step.before is None:
                del self.records[step.path]
            else:
                self.records[step.path] = step.before
        self.tree_digest = self._undo_digest

    def committed(self, zxid: i64) -> None:
        """Drop the records of transactions up to `zxid`: the tree has them now."""
        queue = self._queue
        while queue and queue[0].zxid <= zxid:
            record = queue.popleft()
            self.metrics.outstanding_changes_removed += 1
            if self.records.get(record.path) is record:
                del self.records[record.path]

    def settle(self) -> None:
        """With nothing on its way, continue from the tree's own digest."""
        if not self._queue:
            self.tree_digest = self.tree.tree_digest

    def ephemerals(self, session_id: i64, paths: dict[str, None]) -> None:
        """Bring a session's paths up to date with the changes on their way."""
        for record in self._queue:
            if not record.exists:
                paths.pop(record.path, None)
            elif record.ephemeral_owner == session_id:
                paths[record.path] = None
