"""Changes that are prepared and not applied yet: what the next write has to be checked against.

A ChangeRecord is the state of one node after a transaction that is on its way to the disk. Records are never
changed, so taking back a multi is putting the earlier records back. The ephemerals of a closing session, of which
there may be many, have no records: they are gone because their owner is closing.
"""

from collections import deque
from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from pyzoo.datatree.digest_parts import pzxid_part
from pyzoo.datatree.java_order import copy_buckets, ephemerals_copy_order, grown, table_order
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.ownership import SessionPaths
from pyzoo.datatree.path_hash import hash_of_key, key_of
from pyzoo.datatree.paths import parent_of
from pyzoo.datatree.tree import DataTree
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.requests.change_records import ChangeRecord, DraftChanges, Undo, record_of
from pyzoo.server.requests.close_sums import CloseSums, LosingParent

MOST_DROPPED: Final = 2000
"""Records that are dropped at once."""
_NOT_KNOWN: Final = -1


@final
class ClosingSession:
    """A session whose close, the transaction `zxid`, is on its way; `changes` is what it counts as in the metrics."""

    def __init__(self, session_id: i64, zxid: i64, changes: i64) -> None:
        self.session_id: i64 = session_id
        self.zxid: i64 = zxid
        self.changes: i64 = changes


@final
class OutstandingChanges:
    """The latest record of every node with a change on its way, and the digest of the tree after them all."""

    def __init__(self, tree: DataTree, digest_enabled: bool, metrics: ServerMetrics) -> None:
        self.tree = tree
        self.metrics = metrics
        self.digest_enabled = digest_enabled
        self.records: dict[str, ChangeRecord] = {}
        self.tree_digest: i64 = tree.tree_digest
        # Oldest first; so many of them are dropped.
        self._queue: list[ChangeRecord] = []
        self._dropped: i64 = 0
        # Of nodes with an owner, by owner: what a closing session has to look at.
        self._owned: dict[int, deque[ChangeRecord]] = {}
        self._closing: dict[int, int] = {}
        self._closings: deque[ClosingSession] = deque()
        # Of a large close: what is being found of it, and the parents that have no records, once it has a zxid.
        self.sums: CloseSums | None = None
        self._losing: dict[str, LosingParent] = {}
        # Those of one that is over; whoever takes them frees them.
        self.lost: dict[str, LosingParent] = {}
        self._losing_zxid: i64 = 0
        self._undo: list[Undo] | None = None
        self._undo_digest: i64 = 0
        # Of a multi that is being prepared over several turns, while it is its turn.
        self.draft: DraftChanges | None = None
        self._committed_zxid: i64 = 0
        self._digest_out = BytesWriter()

    def get(self, path: str) -> ChangeRecord | None:
        """The node after all changes on their way, or None when it does not exist (getRecordForPath)."""
        record = self._on_its_way(path)
        if record is not None:
            if not record.exists:
                return None
            # The root may have been changed by its other name, which is part of its digest.
            return record if len(path) > 1 or path == record.path else record.renamed(path)
        key = key_of(path)
        node = self._in_tree(key, hash_of_key(key))
        if node is None:
            return None
        record = record_of(path, key, node, self.tree.acl_of(node))
        if self.digest_enabled:
            record.digest = node.digest
        if self._losing_zxid != 0 and path in self._losing:
            # It is as after the large close on its way, of which the tree may have a part.
            parent = self._losing[path]
            record.child_count = parent.children - parent.lost
            record.pzxid = self._losing_zxid
            if self.digest_enabled:
                record.digest = record.digest_of(self._digest_out)
        return record

    def has(self, path: str, key: bytes, path_hash: i64) -> bool:
        """Whether `get` would give a record; the path in UTF-8 and the hash of that are known."""
        record = self._on_its_way(path)
        return self._in_tree(key, path_hash) is not None if record is None else record.exists

    def _on_its_way(self, path: str) -> ChangeRecord | None:
        name = path if len(path) != 1 else _ROOT
        draft = self.draft
        record = None if draft is None else draft.records.get(name)
        return self.records.get(name) if record is None else record

    def _in_tree(self, key: bytes, path_hash: i64) -> DataNode | None:
        """The node that has no change on its way, unless its session is closing."""
        node = self.tree.nodes.find(key, path_hash)
        is_going = node is not None and len(self._closing) > 0 and node.ephemeral_owner in self._closing
        return None if is_going else node

    def add(self, record: ChangeRecord, part: i64 = _NOT_KNOWN) -> None:
        """Make this the latest record of its path; its `digest` is that of before, `part` the difference (xor)."""
        draft = self.draft
        if draft is not None:
            draft.add(record, record.path if len(record.path) != 1 else _ROOT)
            return
        if self.digest_enabled:
            before = record.digest
            if not record.exists:
                record.digest = 0
            elif part == _NOT_KNOWN or before == 0:
                record.digest = record.digest_of(self._digest_out)
            else:
                record.digest = before ^ part
            self.tree_digest += record.digest - before
        path = record.path if len(record.path) != 1 else _ROOT
        if self.sums is not None:
            self.sums.touch(path)
        if self._undo is not None:
            self._undo.append(Undo(path, self.records.get(path)))
        self.records[path] = record
        self._queue.append(record)
        if record.ephemeral_owner != 0:
            self._own(record)
        self.metrics.outstanding_changes_queued += 1

    def _own(self, record: ChangeRecord) -> None:
        owned = self._owned.get(record.ephemeral_owner)
        if owned is None:
            owned = deque()
            self._owned[record.ephemeral_owner] = owned
        owned.append(record)

    def _disown(self, record: ChangeRecord, is_oldest: bool) -> None:
        owned = self._owned[record.ephemeral_owner]
        if is_oldest:
            owned.popleft()
        else:
            owned.pop()
        if not owned:
            del self._owned[record.ephemeral_owner]

    def adopt(self, draft: DraftChanges, zxid: i64) -> None:
        """The multi that was being prepared has this zxid: its changes are on their way."""
        if self.digest_enabled:
            self.tree_digest += draft.numbered(zxid) - draft.digests_before
        else:
            draft.numbered(zxid)
        if self.sums is not None:
            for name in draft.records:
                self.sums.touch(name)
        self.records.update(draft.records)
        self._queue.extend(draft.records.values())
        if draft.has_owned:
            for record in draft.records.values():
                if record.ephemeral_owner != 0:
                    self._own(record)
        # In Apache's server each step is a change.
        self.metrics.outstanding_changes_queued += draft.steps
        self.metrics.outstanding_changes_removed += draft.steps - len(draft.records)

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
            record = self._queue.pop()
            if record.ephemeral_owner != 0:
                self._disown(record, False)
        for step in reversed(undo):
            if step.before is None:
                del self.records[step.path]
            else:
                self.records[step.path] = step.before
        self.tree_digest = self._undo_digest

    def committed(self, zxid: i64) -> None:
        """The tree has the transactions up to `zxid`: their records say the same until `settle` drops them."""
        self._committed_zxid = zxid
        closings = self._closings
        while closings and closings[0].zxid <= zxid:
            closed = closings.popleft()
            if self._closing[closed.session_id] == closed.zxid:
                del self._closing[closed.session_id]
            self.metrics.outstanding_changes_removed += closed.changes
            if closed.zxid == self._losing_zxid:
                self._losing_zxid = 0
                self.lost = self._losing
                self._losing = {}

    @property
    def has_more_to_drop(self) -> bool:
        """Whether `settle` has records to drop."""
        queue = self._queue
        return self._dropped < len(queue) and queue[self._dropped].zxid <= self._committed_zxid

    def _drop(self, most: i64) -> None:
        queue = self._queue
        zxid = self._committed_zxid
        begin = at = self._dropped
        size: i64 = len(queue)
        if queue[size - 1].zxid <= zxid and size - at <= most:
            # Most often nothing else is on its way.
            self.metrics.outstanding_changes_removed += size - at
            self.records.clear()
            self._owned.clear()
            self._queue = []
            self._dropped = 0
            return
        end = min(at + most, size)
        while at < end:
            record = queue[at]
            if record.zxid > zxid:
                break
            at += 1
            path = record.path if len(record.path) != 1 else _ROOT
            if self.records.get(path) is record:
                del self.records[path]
            if record.ephemeral_owner != 0:
                self._disown(record, True)
        self.metrics.outstanding_changes_removed += at - begin
        if 2 * at >= size:
            self._queue = queue[at:]
            at = 0
        self._dropped = at

    def settle(self) -> None:
        """With nothing on its way, continue from the tree's own digest."""
        if self.has_more_to_drop:
            self._drop(MOST_DROPPED)
        if not self._queue and not self._closings:
            self.tree_digest = self.tree.tree_digest

    # --- the end of a session

    def ephemerals(self, session_id: i64) -> list[str]:
        """A session's ephemerals after all changes on their way, in the order in which Apache's server deletes them.

        That is the order of a clone of its set (DataTree.getEphemerals), brought up to date.
        """
        session = None if session_id in self._closing else self.tree.ownership.sessions.get(session_id)
        owned = self._owned.get(session_id)
        if session is None:
            session = SessionPaths()
        paths = session.paths_as_cloned()
        if owned is None:
            return ephemerals_copy_order(paths)
        buckets = copy_buckets(len(paths))
        present = dict.fromkeys(paths)
        for record in owned:
            if not record.exists:
                present.pop(record.path, None)
            else:
                present[record.path] = None
                buckets = grown(buckets, len(present))
        return table_order(list(present), 0, buckets)

    def may_have_ephemerals(self, session_id: i64) -> bool:
        """Whether a session may have any, after all changes on their way too."""
        return session_id in self._owned or self.tree.ownership.count_of(session_id) > 0

    def has_all(self, session_id: i64, session: SessionPaths) -> bool:
        """Whether a session has just these ephemerals after all changes on their way too."""
        if session_id in self._closing or self.tree.ownership.sessions.get(session_id) is not session:
            return False
        for record in self._owned.get(session_id, _NO_RECORDS):
            if not record.exists or record.path not in session.paths:
                return False
        return True

    @property
    def may_begin_sums(self) -> bool:
        """Whether no other large close is being prepared or on its way."""
        return self.sums is None and self._losing_zxid == 0

    def begin_sums(self, session_id: i64, session: SessionPaths) -> CloseSums:
        """Begin with the sums of a large close; `may_begin_sums` is True."""
        sums = CloseSums(self.tree, self.digest_enabled, session_id, session)
        for path in self.records:
            sums.touch(path)
        self.sums = sums
        return sums

    def _close_by_sums(self, sums: CloseSums, zxid: i64) -> None:
        """All ephemerals of a session go, and only nodes that others have changed meanwhile get records."""
        self.sums = None
        owned = sums.session.paths
        parents = sums.parents
        records: i64 = 0
        for path, digest in sums.touched.items():
            if path in owned:
                sums.digests -= digest
                record = self.get(path)
                if record is not None:
                    self.add(record.deleted(zxid))
                    records += 1
            losing = parents.pop(path, None)
            if losing is not None:
                parent = self.get(path)
                if parent is not None:
                    self.add(parent.without_children(losing.lost, zxid))
                    records += 1
        if self.digest_enabled:
            changes: i64 = -sums.digests
            part = pzxid_part(zxid)
            for losing in parents.values():
                changes += (losing.base ^ part) - losing.digest
            self.tree_digest += changes
        self._losing = parents
        self._losing_zxid = zxid
        self._closes(sums.session_id, zxid, 2 * len(owned) - records)

    def _closes(self, session_id: i64, zxid: i64, changes: i64) -> None:
        self.metrics.outstanding_changes_queued += changes
        self._closing[session_id] = zxid
        self._closings.append(ClosingSession(session_id, zxid, changes))

    def close_session(self, session_id: i64, zxid: i64) -> None:
        """All ephemerals of a session go with the transaction `zxid`."""
        sums = self.sums
        if sums is not None and sums.is_verified and sums.session_id == session_id:
            self._close_by_sums(sums, zxid)
            return
        session = None if session_id in self._closing else self.tree.ownership.sessions.get(session_id)
        parents: dict[str, int] = {}
        count: i64 = 0 if session is None else self._leave_out(session, parents)
        explicit: i64 = 0
        for path in {record.path: None for record in self._owned.get(session_id, _NO_RECORDS)}:
            record = self.records.get(path)
            if record is not None and record.exists and record.ephemeral_owner == session_id:
                self.add(record.deleted(zxid))
                explicit += 1
                above = parent_of(path)
                parents[above] = parents.get(above, 0) + 1
        for above, lost in parents.items():
            parent = self.get(above)
            if parent is not None:
                self.add(parent.without_children(lost, zxid))
        # In Apache's server each node is two changes: its own and that of its parent.
        self._closes(session_id, zxid, 2 * (count + explicit) - explicit - len(parents))

    def _leave_out(self, session: SessionPaths, parents: dict[str, int]) -> i64:
        """Take the nodes without records of a session out of the digest; returns how many, in `parents` below whom."""
        nodes = self.tree.nodes
        records = self.records
        digests: i64 = 0
        count: i64 = 0
        brothers: i64 = 0
        prefix = ""
        last_slash: i64 = -1
        for path in session.paths:
            if path in records:
                continue
            node = nodes.get(path)
            if node is None:
                continue
            digests += node.digest
            count += 1
            slash: i64 = path.rfind("/")
            if slash != last_slash or not path.startswith(prefix):
                if brothers > 0:
                    above = prefix[:-1]
                    parents[above] = parents.get(above, 0) + brothers
                prefix = path[: slash + 1]
                last_slash = slash
                brothers = 0
            brothers += 1
        if brothers > 0:
            above = prefix[:-1]
            parents[above] = parents.get(above, 0) + brothers
        if self.digest_enabled:
            self.tree_digest -= digests
        return count


_ROOT: Final = ""
"""The name under which the root is listed, which is "/" too."""
_NO_RECORDS: Final[deque[ChangeRecord]] = deque()
