"""DataNode, a znode.

There may be millions of them, so a node holds nothing that it can share or do without. Its data and its path are one
bytes object; the ACL is a number; and what only some nodes have that were changed, or are not plain leaves, is in
another object (`More`). That nodes are in no cycle and no dict is what keeps the collector away from them.
"""

from typing import Final, cast, final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.acl import OPEN_UNSAFE_ID
from pyzoo.datatree.children import Children
from pyzoo.datatree.ephemeral_type import EPHEMERAL, PERSISTENT
from pyzoo.datatree.path_node import IS_NULL, IS_WIDE, LENGTH_MASK, TIME_LIMIT, TIME_SHIFT, PathNode
from pyzoo.jute.records import Stat

LARGE_DATA: Final = 2048
"""Bytes of data from which on it is an object of its own, which nobody has to copy."""
CHANGED_LARGE_DATA: Final = 512
"""The same of a node that has been changed, and may be again."""


@mypyc_attr(acyclic=True)
class More:
    """What a node has that is no unchanged leaf with an open ACL; `large` is data that is kept apart."""

    __slots__ = (
        "acl_id",
        "aversion",
        "children",
        "cversion",
        "ephemeral_owner",
        "kind",
        "large",
        "mtime",
        "mzxid",
        "pzxid",
        "version",
    )

    def __init__(self, zxid: i64, time: i64) -> None:
        self.mzxid: i64 = zxid
        self.mtime: i64 = time
        self.pzxid: i64 = zxid
        self.ephemeral_owner: i64 = 0
        self.acl_id: i64 = OPEN_UNSAFE_ID
        self.version: i32 = 0
        self.cversion: i32 = 0
        self.aversion: i32 = 0
        self.kind: i32 = PERSISTENT
        self.children: Children | None = None
        self.large: bytes | None = None


@final
@mypyc_attr(acyclic=True)
class OddMore(More):
    """The same of a node whose path is extremely long, or its time of creation far from the present."""

    __slots__ = ("ctime",)

    def __init__(self, zxid: i64, time: i64) -> None:
        super().__init__(zxid, time)
        self.ctime: i64 = time


@final
@mypyc_attr(acyclic=True)
class DataNode(PathNode):
    """One znode, made as a leaf with an open ACL that nobody has changed; what else it is is set then.

    `key` is its path in UTF-8, `path_hash` that of NodeTable, -1 once the node is gone; `is_wide` tells of characters
    beyond the BMP. `content` is the data, unless it is large or null, and behind it the key. `cversion` is the stored
    counter, of creates only; clients see another number. `kind` is that of ephemeral_type. `digest` is what the
    node adds to the digest of the tree, as of its last change; 0 where digests are off.
    """

    __slots__ = ("_digest", "_more", "czxid")

    def __init__(self, key: bytes, path_hash: i64, is_wide: bool, data: bytes | None, zxid: i64, time: i64) -> None:
        packed: i64 = len(key)
        more: More | None = None
        if packed >= LENGTH_MASK or time >= TIME_LIMIT or time < -TIME_LIMIT:
            more = OddMore(zxid, time)
            packed = LENGTH_MASK
        else:
            packed |= time << TIME_SHIFT
        if is_wide:
            packed |= IS_WIDE
        if data is None:
            packed |= IS_NULL
        super().__init__(key, path_hash, packed)
        # Beside the hash: both are half a word.
        self._digest: i32 = 0
        self.czxid: i64 = zxid
        self._more = more
        if data is not None and len(data) > 0:
            self._put(key, data)

    # --- the data

    @property
    def data_length(self) -> i64:
        """Bytes of data, 0 for null."""
        more = self._more
        if more is not None and more.large is not None:
            return len(more.large)
        return len(self.content) - self.path_length

    @property
    def data(self) -> bytes | None:
        """The data, a copy unless it is large."""
        more = self._more
        if more is not None and more.large is not None:
            return more.large
        if self.packed & IS_NULL:
            return None
        content = self.content
        return content[: len(content) - self.path_length]

    @data.setter
    def data(self, data: bytes | None) -> None:
        self.put_data(self.key, data)

    def put_data(self, key: bytes, data: bytes | None) -> None:
        """Set the data of a node whose key is this."""
        more = self._more
        if more is not None:
            if data is not None and len(data) >= CHANGED_LARGE_DATA:
                self.packed &= ~IS_NULL
                self.content = key
                more.large = data
                return
            more.large = None
        if data is None:
            self.packed |= IS_NULL
            self.content = key
        else:
            self.packed &= ~IS_NULL
            self._put(key, data)

    def _put(self, key: bytes, data: bytes) -> None:
        if len(data) < LARGE_DATA and self.packed & LENGTH_MASK != LENGTH_MASK:
            self.content = data + key
        else:
            self.content = key
            self.more().large = data

    def write_data(self, out: BytesWriter) -> None:
        """Append the data as a buffer."""
        more = self._more
        if more is not None and more.large is not None:
            large = more.large
            write_i32_be(out, i32(len(large)))
            out.write(large)
        elif self.packed & IS_NULL:
            write_i32_be(out, -1)
        else:
            # All of it is copied, and what is not data dropped: that costs less than a copy of the data.
            content = self.content
            length = self.path_length
            write_i32_be(out, i32(len(content) - length))
            out.write(content)
            out.truncate(len(out) - length)

    # --- the stat

    def more(self) -> More:
        """What the node has besides, to be changed."""
        more = self._more
        if more is None:
            more = More(self.czxid, self.packed >> TIME_SHIFT)
            self._more = more
        return more

    def change(self, mzxid: i64, mtime: i64, pzxid: i64, version: i32, cversion: i32, aversion: i32) -> None:
        """Set what transactions change, as a snapshot has it."""
        more = self.more()
        more.mzxid = mzxid
        more.mtime = mtime
        more.pzxid = pzxid
        more.version = version
        more.cversion = cversion
        more.aversion = aversion

    def own(self, owner: i64, kind: i32) -> None:
        """Make it a node with an owner."""
        more = self.more()
        more.ephemeral_owner = owner
        more.kind = kind

    @property
    def ctime(self) -> i64:
        packed = self.packed
        if packed & LENGTH_MASK != LENGTH_MASK:
            return packed >> TIME_SHIFT
        more = self._more
        assert isinstance(more, OddMore)
        return more.ctime

    @property
    def mzxid(self) -> i64:
        more = self._more
        return self.czxid if more is None else more.mzxid

    @property
    def mtime(self) -> i64:
        more = self._more
        return self.ctime if more is None else more.mtime

    @property
    def pzxid(self) -> i64:
        more = self._more
        return self.czxid if more is None else more.pzxid

    @property
    def version(self) -> i32:
        more = self._more
        return i32(0) if more is None else more.version

    @property
    def cversion(self) -> i32:
        more = self._more
        return i32(0) if more is None else more.cversion

    @property
    def aversion(self) -> i32:
        more = self._more
        return i32(0) if more is None else more.aversion

    @property
    def ephemeral_owner(self) -> i64:
        more = self._more
        return i64(0) if more is None else more.ephemeral_owner

    @property
    def kind(self) -> i32:
        more = self._more
        return i32(PERSISTENT) if more is None else more.kind

    @property
    def acl_id(self) -> i64:
        more = self._more
        return i64(OPEN_UNSAFE_ID) if more is None else more.acl_id

    @acl_id.setter
    def acl_id(self, acl_id: i64) -> None:
        if self._more is not None or acl_id != OPEN_UNSAFE_ID:
            self.more().acl_id = acl_id

    @property
    def children(self) -> Children | None:
        more = self._more
        return None if more is None else more.children

    def nodes_below(self) -> "list[DataNode]":
        """The children, in the order in which they came."""
        children = self.children
        return [] if children is None else cast(list[DataNode], children.nodes())

    @property
    def digest(self) -> i64:
        value = i64(self._digest)
        return value if value >= 0 else value + 0x100000000

    @digest.setter
    def digest(self, digest: i64) -> None:
        self._digest = i32(digest if digest <= 0x7FFFFFFF else digest - 0x100000000)

    @property
    def num_children(self) -> i64:
        """How many children there are."""
        more = self._more
        children = None if more is None else more.children
        return i64(0) if children is None else children.count

    def reported_cversion(self) -> i32:
        """The version of the children that clients see."""
        return client_cversion(self.cversion, self.num_children)

    def write_stat(self, out: BytesWriter) -> None:
        """Append the Stat that clients see, 68 bytes (DataNode.copyStat)."""
        more = self._more
        ctime = self.ctime
        write_i64_be(out, self.czxid)
        if more is None:
            write_i64_be(out, self.czxid)
            write_i64_be(out, ctime)
            write_i64_be(out, ctime)
            write_i64_be(out, 0)
            write_i32_be(out, 0)
            write_i64_be(out, 0)
            write_i32_be(out, i32(len(self.content) - self.path_length))
            write_i32_be(out, 0)
            write_i64_be(out, self.czxid)
            return
        children = more.children
        count = i64(0) if children is None else children.count
        write_i64_be(out, more.mzxid)
        write_i64_be(out, ctime)
        write_i64_be(out, more.mtime)
        write_i32_be(out, more.version)
        write_i32_be(out, client_cversion(more.cversion, count))
        write_i32_be(out, more.aversion)
        write_i64_be(out, more.ephemeral_owner if more.kind == EPHEMERAL else i64(0))
        write_i32_be(out, i32(self.data_length))
        write_i32_be(out, i32(count))
        write_i64_be(out, more.pzxid)

    def stat(self) -> Stat:
        """The Stat that clients see, as it is now."""
        more = self._more
        ctime = self.ctime
        zxid = self.czxid
        length = i32(self.data_length)
        if more is None:
            return Stat(zxid, zxid, ctime, ctime, 0, 0, 0, 0, length, 0, zxid)
        children = more.children
        count = i64(0) if children is None else children.count
        return Stat(
            zxid,
            more.mzxid,
            ctime,
            more.mtime,
            more.version,
            client_cversion(more.cversion, count),
            more.aversion,
            more.ephemeral_owner if more.kind == EPHEMERAL else i64(0),
            length,
            i32(count),
            more.pzxid,
        )

    def write_persisted(self, out: BytesWriter) -> None:
        """Append the node as snapshots have it: data, ACL number, StatPersisted."""
        self.write_data(out)
        write_i64_be(out, self.acl_id)
        write_i64_be(out, self.czxid)
        write_i64_be(out, self.mzxid)
        write_i64_be(out, self.ctime)
        write_i64_be(out, self.mtime)
        write_i32_be(out, self.version)
        write_i32_be(out, self.cversion)
        write_i32_be(out, self.aversion)
        write_i64_be(out, self.ephemeral_owner)
        write_i64_be(out, self.pzxid)


def client_cversion(cversion: i32, count: i64) -> i32:
    """Creates plus deletes of children, in 32 bits; negative where built-in children never counted."""
    value = i64(cversion) * 2 - count
    return i32(((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
