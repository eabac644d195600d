"""NodeStore: all znodes with the books about them, how a snapshot is loaded into it, and who watches them.

The root has two names: "" as a parent and in the digest, "/" in requests and events.
"""

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.datatree.acl import OPEN_UNSAFE_ID, READ_ACL_UNSAFE, ACLCache
from pyzoo.datatree.children import Children
from pyzoo.datatree.digest import DigestLog, node_digest, persisted_digest
from pyzoo.datatree.ephemeral_type import PERSISTENT, kind_of
from pyzoo.datatree.foreseen import Foreseen
from pyzoo.datatree.listings import Listings
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_table import NodeTable
from pyzoo.datatree.owed_events import OwedEvents
from pyzoo.datatree.ownership import Ownership, SessionPaths
from pyzoo.datatree.path_hash import hash_of_key, is_ascii, key_of, last_slash, well_formed
from pyzoo.datatree.paths import CONFIG, QUOTA, ZOOKEEPER
from pyzoo.datatree.quota import QuotaBook
from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.walk import TreeWalk
from pyzoo.datatree.watcher import Watcher
from pyzoo.datatree.watches import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    PERSISTENT_RECURSIVE,
    STANDARD,
    Reached,
    WatchManager,
    count_of,
)
from pyzoo.datatree.watches import (
    PERSISTENT as PERSISTENT_MODE,
)
from pyzoo.errors import StorageError
from pyzoo.jute.records import ACL


class NodeStore:
    """The nodes of one server.

    `quotas`, `ownership` and `digests` are its books; they hold nothing that could not be made from the
    nodes, except for the digests of the past. While a transaction is applied that was prepared here `foreseen` and
    `foreseen_parent` tell of its node and of the parent of that.
    """

    def __init__(self, extended_types: bool, emulate_353_ttl: bool, digest_enabled: bool) -> None:
        self.extended_types = extended_types
        self.emulate_353_ttl = emulate_353_ttl
        self.digest_enabled = digest_enabled
        self.nodes = NodeTable()
        self.last_processed_zxid: i64 = 0
        self.tree_digest: i64 = 0
        self.foreseen: Foreseen | None = None
        self.foreseen_parent: Foreseen | None = None
        self.approximate_data_size: i64 = 0
        self.acl_cache = ACLCache()
        self.ownership = Ownership()
        self.quotas = QuotaBook(self.nodes)
        self.digests = DigestLog()
        self.owed = OwedEvents()
        self.data_watches = WatchManager(self.owed)
        self.child_watches = WatchManager(self.owed)
        self.session_observer = SessionObserver()
        self.listings = Listings()
        self._root: DataNode | None = None
        self._orphans: set[DataNode] = set()
        self.digest_out = BytesWriter()

    # --- looking

    def get_node(self, path: str) -> DataNode | None:
        """The node of this path, or None."""
        return self.nodes.get(path)

    @property
    def node_count(self) -> int:
        """The number of nodes, with the root counted twice."""
        return len(self.nodes)

    def acl_of(self, node: DataNode) -> list[ACL]:
        """The node's ACL; not to be changed by the caller."""
        return self.acl_cache.acl_for(node.acl_id)

    def all_children_number(self, path: str) -> i32:
        """How many paths begin with `path` and a slash; those of "" include "/" (getAllChildrenNumber)."""
        if path == "/":
            return i32(len(self.nodes) - 2)
        if path == "":
            return i32(len(self.nodes) - 1)
        node = self.nodes.get(path)
        if node is None:
            return 0
        count: i64 = 0
        waiting = [node]
        while waiting:
            below = waiting.pop().nodes_below()
            count += len(below)
            waiting.extend(below)
        return i32(count)

    def has_more_below(self, path: str, most: i64) -> bool:
        """Whether more than so many nodes are below this one, which takes no longer than to count so many."""
        node = self.nodes.get(path)
        if node is None:
            return False
        count: i64 = 0
        waiting = [node]
        while waiting:
            node = waiting.pop()
            count += node.num_children
            if count > most:
                return True
            waiting.extend(node.nodes_below())
        return False

    def ephemerals_of(self, session_id: i64) -> list[str]:
        """The ephemerals of a session in the order of Java's live table."""
        return self.ownership.ephemerals_of(session_id)

    @property
    def ephemerals_count(self) -> int:
        """The number of ephemerals of all sessions."""
        return sum([len(session.paths) for session in self.ownership.sessions.values()])

    @property
    def watch_count(self) -> i64:
        """Watches of both tables."""
        return self.data_watches.size + self.child_watches.size

    @property
    def events_told(self) -> i64:
        """How often somebody was told of an event, ever."""
        return self.data_watches.told + self.child_watches.told

    def walk(self) -> TreeWalk:
        """Begin a walk through all nodes, for a snapshot."""
        root = self.nodes.get("")
        assert root is not None
        return TreeWalk(root)

    # --- loading a snapshot

    def load_built_in_nodes(self) -> None:
        """What every database begins with."""
        config_acl = self.acl_cache.acl_id_for(READ_ACL_UNSAFE)
        for path in ("", ZOOKEEPER, QUOTA):
            self.load_node(path, b"", OPEN_UNSAFE_ID, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        self.load_node(CONFIG, b"", config_acl, 0, 0, 0, 0, 0, 0, -1, 0, 0)
        self.acl_cache.remove_use(config_acl)
        self.finish_load()

    def clear(self) -> None:
        """Drop all nodes, the built-in ones too, before `load_node`; watches stay."""
        self._root = None
        self._orphans.clear()
        self.owed.clear()
        self.nodes.clear()
        self.listings.clear()
        self.ownership.clear()
        self.quotas.clear()
        self.acl_cache.clear()
        self.digests.clear()
        self.tree_digest = 0
        self.approximate_data_size = 0

    def load_node(
        self,
        path: str,
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
    ) -> None:
        """The same as `load_persisted`, of values."""
        out = BytesWriter()
        write_i64_be(out, acl_id)
        write_i64_be(out, czxid)
        write_i64_be(out, mzxid)
        write_i64_be(out, ctime)
        write_i64_be(out, mtime)
        write_i32_be(out, version)
        write_i32_be(out, cversion)
        write_i32_be(out, aversion)
        write_i64_be(out, ephemeral_owner)
        write_i64_be(out, pzxid)
        self.load_persisted(key_of(path), data, out.getvalue(), 0)

    def load_persisted(self, path: bytes, data: bytes | None, record: bytes, at: i64) -> None:
        """Add a node as a snapshot has it, the root as b"", parents first; what is no UTF-8 is replaced as Java does.

        `record` has from `at` on what a snapshot has behind the data: the ACL number and StatPersisted. Raises
        StorageError when the parent is missing, the path is there already, or the owner is of an unknown kind.
        """
        is_plain = is_ascii(path)
        key = path if is_plain else well_formed(path)
        owner = read_i64_be(record, at + 52)
        kind: i32 = PERSISTENT
        if owner != 0:
            kind = kind_of(owner, self.extended_types, self.emulate_353_ttl)
        nodes = self.nodes
        path_hash = hash_of_key(key)
        if nodes.find(key, path_hash) is not None:
            raise StorageError(f"the snapshot has the node {key.decode()!r} twice")
        czxid = read_i64_be(record, at + 8)
        mzxid = read_i64_be(record, at + 16)
        ctime = read_i64_be(record, at + 24)
        mtime = read_i64_be(record, at + 32)
        versions = read_i64_be(record, at + 40)
        aversion = read_i32_be(record, at + 48)
        pzxid = read_i64_be(record, at + 60)
        node = DataNode(key, path_hash, not is_plain and is_wide(key.decode("utf-8"), key), data, czxid, ctime)
        if mzxid != czxid or pzxid != czxid or mtime != ctime or versions != 0 or aversion != 0:
            node.change(mzxid, mtime, pzxid, read_i32_be(record, at + 40), read_i32_be(record, at + 44), aversion)
        acl_id = read_i64_be(record, at)
        if acl_id != OPEN_UNSAFE_ID:
            node.acl_id = self.acl_cache.add_use(acl_id)
        if kind != PERSISTENT:
            node.own(owner, kind)
        slash = last_slash(key)
        if slash < 0:
            self._root = node
        else:
            parent = nodes.parent_of(key, slash)
            if parent is None:
                raise StorageError(f"the snapshot has no parent for the node {key.decode()!r}")
            add_child(parent, node)
            if kind != PERSISTENT:
                self.ownership.add(node.path, kind, owner)
        nodes.add(node)
        self.approximate_data_size += (len(key) if is_plain else len(key.decode("utf-8"))) + length_of(data)
        if self.digest_enabled:
            digest = persisted_digest(self.digest_out, key, data, record, at)
            node.digest = digest
            self.tree_digest += digest

    def finish_load(self) -> None:
        """All nodes are loaded: give the root its other name, count quotas, forget ACLs without users.

        That is the last node without a slash in its path, as in Apache's server. One of them has to be "", though:
        there the next snapshot begins.
        """
        root = self._root
        if root is None or "" not in self.nodes:
            raise StorageError("the snapshot has no root node")
        self.nodes.root = root
        self.approximate_data_size += 1 + root.data_length
        self.quotas.load()
        self.acl_cache.purge_unused()

    def set_snapshot_digest(self, zxid: i64, version: i32, digest: i64) -> None:
        """The digest that came with the snapshot; call it once last_processed_zxid is the snapshot's.

        Until the transaction `zxid` is applied no other digests are compared. One below the snapshot's zxid
        means nothing.
        """
        if self.digest_enabled:
            self.digests.expect(zxid if zxid >= self.last_processed_zxid else 0, version, digest)
            self.digests.reached(self.last_processed_zxid, self.tree_digest)

    # --- what every change does

    def update_digest(self, path: str, node: DataNode) -> None:
        """To be called after every change of a node that stays or is new."""
        if self.digest_enabled:
            digest = node_digest(path, node)
            self.tree_digest += digest - node.digest
            node.digest = digest

    def take_out(self, node: DataNode, children: Children | None) -> None:
        """Take a node out of the tree and of its parent's children.

        After a fuzzy snapshot a parent may be deleted before its children are: another one at its place does not have
        them, they are only found by their paths.
        """
        self.nodes.remove(node)
        if node.num_children > 0:
            self._orphans.update(node.nodes_below())
        if self._orphans and node in self._orphans:
            self._orphans.discard(node)
        elif children is not None:
            children.discard(node)

    # --- watches

    def set_watches(
        self,
        watcher: Watcher,
        relative_zxid: i64,
        data: list[str],
        exist: list[str],
        child: list[str],
        persistent: list[str],
        persistent_recursive: list[str],
    ) -> None:
        """Register a returning client's watches, or tell it what happened since `relative_zxid` (setWatches).

        The events have the zxid -1. Those about a node that is there are only for who may read it, as since 3.9.6.
        """
        acls = self.acl_cache
        for path in data:
            node = self.nodes.get(path)
            if node is None:
                watcher.process(NODE_DELETED, path, -1, None)
            elif node.mzxid > relative_zxid:
                watcher.process(NODE_DATA_CHANGED, path, -1, acls.acl_for(node.acl_id))
            else:
                self.data_watches.add(path, watcher, STANDARD)
        for path in exist:
            node = self.nodes.get(path)
            if node is not None:
                watcher.process(NODE_CREATED, path, -1, acls.acl_for(node.acl_id))
            else:
                self.data_watches.add(path, watcher, STANDARD)
        for path in child:
            node = self.nodes.get(path)
            if node is None:
                watcher.process(NODE_DELETED, path, -1, None)
            elif node.pzxid > relative_zxid:
                watcher.process(NODE_CHILDREN_CHANGED, path, -1, acls.acl_for(node.acl_id))
            else:
                self.child_watches.add(path, watcher, STANDARD)
        for path in persistent:
            self.child_watches.add(path, watcher, PERSISTENT_MODE)
            self.data_watches.add(path, watcher, PERSISTENT_MODE)
        for path in persistent_recursive:
            self.data_watches.add(path, watcher, PERSISTENT_RECURSIVE)

    def remove_watches(self, watcher: Watcher, most: i64) -> i64:
        """Take up to so many watches of a connection away that is gone; returns how many: fewer when none are left."""
        removed = self.data_watches.remove_some(watcher, most)
        return removed + self.child_watches.remove_some(watcher, most - removed)

    def fire_ephemeral_deleted(self, path: str, zxid: i64) -> i64:
        """Fire the watches for the deletion of a node that is there still; returns how many."""
        slash = path.rfind("/")
        parent_path = path[:slash] if slash > 0 else "/"
        told: i64 = 0
        reached: Reached = None
        child_watches = self.child_watches
        if self.data_watches.watches(path) or child_watches.watches(path):
            node = self.nodes.get(path)
            acl = None if node is None else self.acl_of(node)
            reached = self.data_watches.trigger(path, NODE_DELETED, zxid, acl)
            told += count_of(reached)
            told += count_of(child_watches.trigger(path, NODE_DELETED, zxid, acl, reached))
        if child_watches.watches(parent_path):
            parent = self.nodes.get(parent_path)
            acl = None if parent is None else self.acl_of(parent)
            told += count_of(child_watches.trigger(parent_path, NODE_CHILDREN_CHANGED, zxid, acl))
        return told

    # --- the close of a session with many ephemerals, which begins in DataTree

    def close_one_by_one(self, session_id: i64, zxid: i64, paths: list[str | None], session: SessionPaths) -> None:
        """The paths of the transaction are not just the ephemerals of the session: delete all, at once."""
        raise NotImplementedError

    def close_ended(self) -> None:
        """The nodes of a close that was begun are gone."""
        raise NotImplementedError


def length_of(data: bytes | None) -> i64:
    """Bytes, 0 for null."""
    return 0 if data is None else len(data)


def size_of(path: str, data: bytes | None) -> i64:
    """What a node counts in the approximate size of the data (getNodeSize)."""
    size: i64 = len(path)
    return size + length_of(data)


def add_child(parent: DataNode, node: DataNode) -> None:
    """List a node below its parent."""
    more = parent.more()
    children = more.children
    if children is None:
        children = Children(parent.path_length + 1)
        more.children = children
    children.add(node)


def is_wide(path: str, key: bytes) -> bool:
    """Whether a path, whose UTF-8 is `key`, has characters beyond the BMP."""
    return len(key) != len(path) and max(path) > "\uffff"
