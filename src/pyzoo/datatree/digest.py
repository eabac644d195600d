"""The digest of the tree: the sum of a CRC-32 of every node (DigestCalculator version 2, AdHash).

The sum never needs to wrap: it would take 2^31 nodes. Nodes below /zookeeper/ do not count, for every server
changes them on its own.
"""

from collections import deque
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.checksums import crc32
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE
from pyzoo.jute.records import TxnDigest

DIGEST_VERSION: Final = 2
DIGEST_LOG_INTERVAL: Final = 128
DIGEST_LOG_LIMIT: Final = 1024

# A constant of this module: what another one has is looked up by its name for each node.
_crc32: Final = crc32
_COPY_LIMIT: Final = 1024
_UNCOUNTED: Final = ZOOKEEPER_SUBTREE.encode()
_UNCOUNTED_LENGTH: Final = 11
_SLASH: Final = 0x2F
_LOW_HALF: Final = 0xFFFFFFFF


def stat_digest(
    path: str,
    data: bytes | None,
    czxid: i64,
    mzxid: i64,
    pzxid: i64,
    ctime: i64,
    mtime: i64,
    version: i32,
    cversion: i32,
    aversion: i32,
    ephemeral_owner: i64,
) -> i64:
    """What a node with these values adds to the digest of the tree; `cversion` is the stored counter."""
    key, versions = _node_key(path), versions_of(version, cversion)
    return key_digest(BytesWriter(), key, data, czxid, mzxid, pzxid, ctime, mtime, versions, aversion, ephemeral_owner)


def key_digest(
    out: BytesWriter,
    key: bytes,
    data: bytes | None,
    czxid: i64,
    mzxid: i64,
    pzxid: i64,
    ctime: i64,
    mtime: i64,
    versions: i64,
    aversion: i32,
    owner: i64,
) -> i64:
    """The same of a path in UTF-8, the root as ""; for `versions` see `versions_of`.

    `out` is for nothing but this; what it holds is lost.
    """
    if is_uncounted(key):
        return 0
    out.truncate(0)
    return _end(out, _begin(out, key, data), czxid, mzxid, pzxid, ctime, mtime, versions, aversion, owner)


def new_digest(out: BytesWriter, key: bytes, data: bytes | None, zxid: i64, time: i64, owner: i64) -> i64:
    """The same of a node that was just made."""
    if is_uncounted(key):
        return 0
    out.truncate(0)
    return _end(out, _begin(out, key, data), zxid, zxid, zxid, time, time, 0, 0, owner)


def persisted_digest(out: BytesWriter, key: bytes, data: bytes | None, record: bytes, at: i64) -> i64:
    """The same of a path in UTF-8, the root as "", and what a snapshot has behind the data, which begins `at` here."""
    if is_uncounted(key):
        return 0
    out.truncate(0)
    return _end(
        out,
        _begin(out, key, data),
        read_i64_be(record, at + 8),
        read_i64_be(record, at + 16),
        read_i64_be(record, at + 60),
        read_i64_be(record, at + 24),
        read_i64_be(record, at + 32),
        read_i64_be(record, at + 40),
        read_i32_be(record, at + 48),
        read_i64_be(record, at + 52),
    )


def changed_digest(out: BytesWriter, key: bytes, data: bytes | None, node: DataNode) -> i64:
    """The same of a node with this path in UTF-8 and this data."""
    if is_uncounted(key):
        return 0
    out.truncate(0)
    return _end(
        out,
        _begin(out, key, data),
        node.czxid,
        node.mzxid,
        node.pzxid,
        node.ctime,
        node.mtime,
        versions_of(node.version, node.cversion),
        node.aversion,
        node.ephemeral_owner,
    )


def versions_of(version: i32, cversion: i32) -> i64:
    """The version, and in the lower half the stored counter of creates, as a digest has them."""
    return i64(version) << 32 | i64(cversion) & _LOW_HALF


def _node_key(path: str) -> bytes:
    return path.encode("utf-8") if path != "/" else b""


def is_uncounted(key: bytes) -> bool:
    """Whether a path begins with /zookeeper/, of which the last byte is looked at first."""
    end: i64 = _UNCOUNTED_LENGTH
    return len(key) >= end and key[end - 1] == _SLASH and key.startswith(_UNCOUNTED)


def _begin(out: BytesWriter, key: bytes, data: bytes | None) -> i64:
    """Put path and data into `out`, which is empty; or take the CRC of them if that is too much, and put nothing in."""
    out.write(key)
    if data is None:
        return 0
    if len(data) <= _COPY_LIMIT:
        out.write(data)
        return 0
    crc: i64 = _crc32(data, _crc32(out.getvalue()))
    out.truncate(0)
    return crc


def _end(
    out: BytesWriter,
    crc: i64,
    czxid: i64,
    mzxid: i64,
    pzxid: i64,
    ctime: i64,
    mtime: i64,
    versions: i64,
    aversion: i32,
    owner: i64,
) -> i64:
    """The CRC of all after `_begin`, with the stat; for `versions` see `versions_of`."""
    write_i64_be(out, czxid)
    write_i64_be(out, mzxid)
    write_i64_be(out, pzxid)
    write_i64_be(out, ctime)
    write_i64_be(out, mtime)
    write_i64_be(out, versions)
    write_i32_be(out, aversion)
    write_i64_be(out, owner)
    return _crc32(out.getvalue(), crc)


def digest_without_pzxid(path: str, node: DataNode) -> i64:
    """What a node would add with the pzxid 0; `pzxid_part` makes it the digest with another one."""
    return stat_digest(
        path,
        node.data,
        node.czxid,
        node.mzxid,
        0,
        node.ctime,
        node.mtime,
        node.version,
        node.cversion,
        node.aversion,
        node.ephemeral_owner,
    )


def node_digest(path: str, node: DataNode) -> i64:
    """What this node adds to the digest of the tree."""
    return changed_digest(BytesWriter(), _node_key(path), node.data, node)


@final
class DigestLog:
    """Digests of the past, and what comes of comparing them.

    While a fuzzy snapshot has not caught up with its own digest (`waiting_zxid` above 0) nothing is compared
    and nothing remembered.
    """

    def __init__(self) -> None:
        self.mismatches: i64 = 0
        self.last_zxid: i64 = 0
        self.entries: deque[tuple[int, int]] = deque()
        self.waiting_zxid: i64 = 0
        self._waiting_version: i32 = 0
        self._waiting_digest: i64 = 0

    def expect(self, zxid: i64, version: i32, digest: i64) -> None:
        """The tree that was just loaded should have this digest after `zxid`; 0 for none."""
        self.waiting_zxid = zxid if zxid > 0 else 0
        self._waiting_version = version
        self._waiting_digest = digest

    def reached(self, zxid: i64, tree_digest: i64) -> None:
        """The tree is at `zxid`; compare if the snapshot's digest is for here (compareSnapshotDigests)."""
        if self.waiting_zxid == 0 or zxid != self.waiting_zxid:
            return
        self.waiting_zxid = 0
        if self._waiting_version == DIGEST_VERSION and self._waiting_digest != tree_digest:
            self.mismatches += 1

    def applied(self, zxid: i64, tree_digest: i64) -> None:
        """A transaction was applied, and this is the digest after it (logZxidDigest)."""
        if self.waiting_zxid != 0:
            self.reached(zxid, tree_digest)
            return
        self.last_zxid = zxid
        if zxid % DIGEST_LOG_INTERVAL == 0:
            self.entries.append((zxid, tree_digest))
            if len(self.entries) > DIGEST_LOG_LIMIT:
                self.entries.popleft()

    def compare(self, digest: TxnDigest | None, tree_digest: i64) -> bool:
        """Whether the digest logged with the transaction just applied agrees, if it can be compared."""
        if digest is None or self.waiting_zxid != 0 or digest.version != DIGEST_VERSION:
            return True
        if digest.tree_digest == tree_digest:
            return True
        self.mismatches += 1
        return False

    def clear(self) -> None:
        """Forget all but the number of mismatches."""
        self.last_zxid = 0
        self.entries.clear()
        self.waiting_zxid = 0
