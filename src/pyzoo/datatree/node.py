"""DataNode, a znode, and Children, the names below it.

There may be millions of them, so a node holds nothing that it can share or do without: the ACL is a number,
and children are listed by their full paths, which are the very keys of the tree.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.java_order import CHILDREN_BUCKETS, grown, table_order
from pyzoo.datatree.listing import CrowdedListing
from pyzoo.jute.primitives import write_buffer, write_ustring
from pyzoo.jute.records import Stat

NO_CHILDREN: Final = b"\x00\x00\x00\x00"


@final
@mypyc_attr(acyclic=True)
class Children:
    """The children of one node; names begin at `start` in their paths.

    `buckets` is the size of Java's table, which never shrinks. `cached`, dropped by every change, and `crowd`,
    dropped when the table grows, belong to the tree's Listings, which bounds the number of nodes that have them.
    """

    __slots__ = ("buckets", "cached", "crowd", "paths", "start")

    def __init__(self, start: i64) -> None:
        self.start: i64 = start
        self.buckets: i64 = CHILDREN_BUCKETS
        self.paths: dict[str, None] = {}
        self.cached: bytes | None = None
        self.crowd: CrowdedListing | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def add(self, path: str) -> None:
        """Add a child that is not there yet."""
        paths = self.paths
        paths[path] = None
        buckets = grown(self.buckets, len(paths))
        self.cached = None
        if self.crowd is not None:
            if buckets == self.buckets:
                self.crowd.add(path)
            else:
                self.crowd = None
        self.buckets = buckets

    def discard(self, path: str) -> None:
        """Drop a child, if it is there."""
        if path in self.paths:
            del self.paths[path]
            self.cached = None
            if self.crowd is not None:
                self.crowd.discard(path)

    def ordered_paths(self) -> list[str]:
        """The children's paths in Java's order."""
        return table_order(list(self.paths), self.start, self.buckets)

    def listing(self) -> list[str]:
        """The children's names in Java's order."""
        start = self.start
        return [path[start:] for path in self.ordered_paths()]

    def encoded(self) -> bytes:
        """The names in Java's order as a jute vector of ustring."""
        out = BytesWriter()
        start = self.start
        count: i64 = len(self.paths)
        write_i32_be(out, i32(count))
        for path in self.ordered_paths():
            write_ustring(out, path[start:])
        return out.getvalue()


@final
@mypyc_attr(acyclic=True)
class DataNode:
    """One znode. `cversion` is the stored counter, of creates only; clients see another number.

    `kind` is that of ephemeral_type. `digest` is what the node adds to the digest of the tree, as of its last
    change; 0 where digests are off.
    """

    __slots__ = (
        "acl_id",
        "aversion",
        "children",
        "ctime",
        "cversion",
        "czxid",
        "data",
        "digest",
        "ephemeral_owner",
        "kind",
        "mtime",
        "mzxid",
        "pzxid",
        "version",
    )

    def __init__(
        self,
        data: bytes | None,
        acl_id: i64,
        czxid: i64,
        mzxid: i64,
        ctime: i64,
        mtime: i64,
        version: i32,
        cversion: i32,
        aversion: i32,
        ephemeral_owner: i64,
        pzxid: i64,
        kind: i32,
    ) -> None:
        self.data = data
        self.acl_id: i64 = acl_id
        self.czxid: i64 = czxid
        self.mzxid: i64 = mzxid
        self.ctime: i64 = ctime
        self.mtime: i64 = mtime
        self.pzxid: i64 = pzxid
        self.ephemeral_owner: i64 = ephemeral_owner
        self.version: i32 = version
        self.cversion: i32 = cversion
        self.aversion: i32 = aversion
        self.kind: i32 = kind
        self.children: Children | None = None
        self.digest: i64 = 0

    @property
    def num_children(self) -> i64:
        """How many children there are."""
        children = self.children
        return 0 if children is None else len(children.paths)

    def reported_cversion(self) -> i32:
        """Creates plus deletes of children, in 32 bits; negative where built-in children never counted."""
        value = i64(self.cversion) * 2 - self.num_children
        return i32(((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000)

    def write_stat(self, out: BytesWriter) -> None:
        """Append the Stat that clients see, 68 bytes (DataNode.copyStat)."""
        data = self.data
        length: i64 = 0 if data is None else len(data)
        write_i64_be(out, self.czxid)
        write_i64_be(out, self.mzxid)
        write_i64_be(out, self.ctime)
        write_i64_be(out, self.mtime)
        write_i32_be(out, self.version)
        write_i32_be(out, self.reported_cversion())
        write_i32_be(out, self.aversion)
        write_i64_be(out, self.ephemeral_owner if self.kind == EPHEMERAL else i64(0))
        write_i32_be(out, i32(length))
        write_i32_be(out, i32(self.num_children))
        write_i64_be(out, self.pzxid)

    def stat(self) -> Stat:
        """The Stat that clients see, as it is now."""
        data = self.data
        length: i64 = 0 if data is None else len(data)
        return Stat(
            self.czxid,
            self.mzxid,
            self.ctime,
            self.mtime,
            self.version,
            self.reported_cversion(),
            self.aversion,
            self.ephemeral_owner if self.kind == EPHEMERAL else 0,
            i32(length),
            i32(self.num_children),
            self.pzxid,
        )

    def write_persisted(self, out: BytesWriter) -> None:
        """Append the node as snapshots have it: data, ACL number, StatPersisted."""
        write_buffer(out, self.data)
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
