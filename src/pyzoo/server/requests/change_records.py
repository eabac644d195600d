"""ChangeRecord: one node after a transaction that is on its way; DraftChanges: those of a multi without a zxid."""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.digest import key_digest, stat_digest, versions_of
from pyzoo.datatree.digest_parts import zxid_part
from pyzoo.datatree.foreseen import Foreseen
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.path_hash import key_of
from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE
from pyzoo.jute.records import ACL

UNCHANGED: Final = -1
"""Instead of the zxid of a change: the node is in the tree like that, and nobody has the record but who has asked."""

_ROOT_KEY: Final = b""


@final
@mypyc_attr(acyclic=True)
class ChangeRecord(Foreseen):
    """One node as it will be after `zxid`; `exists` is False for a deleted node.

    `ephemeral_mode`: it was created with an ephemeral flag, which for a container changes nothing but that it
    takes no children until it is applied. Unless it `has_own_data`, the data is that of the node in the tree: a change
    of it that is on its way would have left a record, and this one would have been made of that.
    """

    def __init__(
        self,
        zxid: i64,
        path: str,
        key: bytes,
        node: DataNode | None,
        acl: list[ACL] | None,
    ) -> None:
        super().__init__(key, node)
        self.zxid: i64 = zxid
        self.path = path
        self.exists = True
        self.own_data: bytes | None = None
        self.has_own_data = False
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

    def copy(self, zxid: i64) -> "ChangeRecord":
        """The same node as the start of another change (ChangeRecord.duplicate)."""
        record = ChangeRecord(zxid, self.path, self.key, self.node, self.acl)
        record.own_data = self.own_data
        record.has_own_data = self.has_own_data
        record.exists = self.exists
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

    def begin(self, zxid: i64) -> "ChangeRecord":
        """The same node as the start of another change: this very record where it is fresh from the tree."""
        if self.zxid == UNCHANGED:
            self.zxid = zxid
            return self
        return self.copy(zxid)

    def renamed(self, path: str) -> "ChangeRecord":
        """The same node, and the same change, by another name."""
        record = self.copy(self.zxid)
        record.path = path
        record.key = key_of(path)
        return record

    def deleted(self, zxid: i64) -> "ChangeRecord":
        """The node after its deletion."""
        gone = self.begin(zxid)
        gone.exists = False
        gone.set_data(None)
        gone.acl = None
        return gone

    def without_children(self, count: i64, zxid: i64) -> "ChangeRecord":
        """The node after so many of its children were deleted."""
        changed = self.begin(zxid)
        changed.child_count -= count
        if zxid > changed.pzxid:
            changed.pzxid = zxid
        return changed

    @property
    def data(self) -> bytes | None:
        """What the node will have."""
        node = self.node
        return self.own_data if self.has_own_data or node is None else node.data

    def set_data(self, data: bytes | None) -> None:
        """Other data than before."""
        self.own_data = data
        self.has_own_data = True

    def digest_of(self, out: BytesWriter) -> i64:
        """What the node adds to the digest of the tree; what `out` holds is lost."""
        key = self.key
        return key_digest(
            out,
            key if len(key) != 1 else _ROOT_KEY,
            self.data,
            self.czxid,
            self.mzxid,
            self.pzxid,
            self.ctime,
            self.mtime,
            versions_of(self.version, self.cversion),
            self.aversion,
            self.ephemeral_owner,
        )


def record_of(path: str, key: bytes, node: DataNode, acl: list[ACL]) -> ChangeRecord:
    """A node of the tree as a record, not changed yet."""
    record = ChangeRecord(UNCHANGED, path, key, node, acl)
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
@mypyc_attr(acyclic=True)
class Undo:
    """What a path had before one step of a multi."""

    def __init__(self, path: str, before: ChangeRecord | None) -> None:
        self.path = path
        self.before = before


FUTURE: Final = 0x7FFFFFFFFFFFFFFF
"""Stands for the zxid of a multi that has none yet, and is later than all others."""


@final
class DraftChanges:
    """The changes of a multi that has no zxid yet: the latest record of each node that it changes.

    `digests_before` is what these added to the digest of the tree before, `steps` counts the changes. After `seal`,
    which goes over them bit by bit, all that depends on the zxid is found at once.
    """

    def __init__(self) -> None:
        self.records: dict[str, ChangeRecord] = {}
        self.digests_before: i64 = 0
        self.steps: i64 = 0
        self.has_owned = False
        self._marks: list[int] = []
        self._to_seal: list[ChangeRecord] | None = None

    def add(self, record: ChangeRecord, name: str) -> None:
        """Make this the latest of its node."""
        before = self.records.get(name)
        if before is None:
            self.digests_before += record.digest
        elif not before.exists:
            # What is made anew comes last.
            del self.records[name]
        self.records[name] = record
        self.steps += 1

    @property
    def is_sealed(self) -> bool:
        """Whether `numbered` may be called."""
        return self._to_seal is not None and len(self._marks) == len(self._to_seal)

    def seal(self, most: i64) -> i64:
        """Find the digests of so many nodes, but for the zxid; returns of how many it was."""
        left = self._to_seal
        if left is None:
            left = list(self.records.values())
            self._to_seal = left
        begin: i64 = len(self._marks)
        end: i64 = min(begin + most, len(left))
        for at in range(begin, end):
            record = left[at]
            self.has_owned = self.has_owned or record.ephemeral_owner != 0
            self._marks.append(_marks_of(record))
            record.digest = _digest_but_future(record)
        return end - begin

    def numbered(self, zxid: i64) -> i64:
        """Put the zxid into all records; returns what they add to the digest of the tree."""
        parts: list[int] = [
            int(zxid_part(zxid, mask & _CZXID != 0, mask & _MZXID != 0, mask & _PZXID != 0)) for mask in range(_COUNTS)
        ]
        digests: i64 = 0
        records, marks = self._to_seal or [], self._marks
        for at in range(len(records)):
            record = records[at]
            mark: i64 = marks[at]
            record.zxid = zxid
            if mark & _CZXID:
                record.czxid = zxid
            if mark & _MZXID:
                record.mzxid = zxid
            if mark & _PZXID:
                record.pzxid = zxid
            if mark & _COUNTS:
                record.digest ^= parts[mark - _COUNTS]
                digests += record.digest
        return digests


_CZXID: Final = 1
_MZXID: Final = 2
_PZXID: Final = 4
_COUNTS: Final = 8


def _marks_of(record: ChangeRecord) -> int:
    """Which zxids of a record are not known yet, and whether it counts in the digest of the tree."""
    marks = 0
    if record.czxid == FUTURE:
        marks += _CZXID
    if record.mzxid == FUTURE:
        marks += _MZXID
    if record.pzxid == FUTURE:
        marks += _PZXID
    if record.exists and not record.path.startswith(ZOOKEEPER_SUBTREE):
        marks += _COUNTS
    return marks


def _known(zxid: i64) -> i64:
    """The zxid, 0 in place of the one that is not known yet."""
    if zxid == FUTURE:
        return 0
    return zxid


def _digest_but_future(record: ChangeRecord) -> i64:
    """What the node would add to the digest of the tree if its multi had the zxid 0."""
    if not record.exists:
        return 0
    return stat_digest(
        record.path,
        record.data,
        _known(record.czxid),
        _known(record.mzxid),
        _known(record.pzxid),
        record.ctime,
        record.mtime,
        record.version,
        record.cversion,
        record.aversion,
        record.ephemeral_owner,
    )
