"""DataTree: all znodes, and what each transaction does to them.

The same transactions in the same order make the same tree on every server, also when a fuzzy snapshot already
has some of their effects; nothing is checked here that PrepRequestProcessor has checked. Watches fire while a
transaction is applied. The root has two names: "" as a parent and in the digest, "/" in requests and events.
"""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.acl import OPEN_UNSAFE_ID, READ_ACL_UNSAFE, ACLCache
from pyzoo.datatree.digest import DigestLog, node_digest
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, PERSISTENT, kind_of, ttl_owner
from pyzoo.datatree.java_order import CHILDREN_BUCKETS
from pyzoo.datatree.listings import Listings
from pyzoo.datatree.node import Children, DataNode
from pyzoo.datatree.owed_events import OwedEvents
from pyzoo.datatree.ownership import Ownership, SessionPaths
from pyzoo.datatree.paths import CONFIG, QUOTA, ZOOKEEPER
from pyzoo.datatree.quota import QuotaBook
from pyzoo.datatree.session_close import FEW, SessionClose, can_close
from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.txn_result import ProcessTxnResult, decode_parts
from pyzoo.datatree.walk import TreeWalk
from pyzoo.datatree.watches import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    PERSISTENT_RECURSIVE,
    STANDARD,
    Reached,
    Watcher,
    WatchManager,
    count_of,
)
from pyzoo.datatree.watches import (
    PERSISTENT as PERSISTENT_MODE,
)
from pyzoo.errors import NODEEXISTS, NONODE, OK, RUNTIMEINCONSISTENCY, StorageError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CheckVersionTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    CreateTxnV0,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    TxnDigest,
    TxnHeader,
)

__all__ = ["DataTree", "ProcessTxnResult"]

_NEXT_CVERSION: Final = -1
_NO_RESULTS: Final[list[ProcessTxnResult]] = []


@final
class DataTree:
    """The tree of one server.

    `quotas`, `ownership` and `digests` are its books; they hold nothing that could not be made from the
    nodes, except for the digests of the past.
    """

    def __init__(
        self, extended_types: bool = False, emulate_353_ttl: bool = False, digest_enabled: bool = True
    ) -> None:
        self.extended_types = extended_types
        self.emulate_353_ttl = emulate_353_ttl
        self.digest_enabled = digest_enabled
        self.nodes: dict[str, DataNode] = {}
        self.last_processed_zxid: i64 = 0
        self.tree_digest: i64 = 0
        self.approximate_data_size: i64 = 0
        self.acl_cache = ACLCache()
        self.ownership = Ownership()
        self.quotas = QuotaBook(self.nodes)
        self.digests = DigestLog()
        self.owed = OwedEvents()
        self.data_watches = WatchManager(self.owed)
        self.child_watches = WatchManager(self.owed)
        self.session_observer = SessionObserver()
        self.closing: SessionClose | None = None
        self.listings = Listings()
        self._root: DataNode | None = None
        self._load_built_in_nodes()

    def _load_built_in_nodes(self) -> None:
        config_acl = self.acl_cache.acl_id_for(READ_ACL_UNSAFE)
        for path in ("", ZOOKEEPER, QUOTA):
            self.load_node(path, b"", OPEN_UNSAFE_ID, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        self.load_node(CONFIG, b"", config_acl, 0, 0, 0, 0, 0, 0, -1, 0, 0)
        self.acl_cache.remove_use(config_acl)
        self.finish_load()

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
        count: i64 = 0
        waiting = [path]
        while waiting:
            node = self.nodes.get(waiting.pop())
            if node is not None:
                children = node.children
                if children is not None and len(children.paths) > 0:
                    count += len(children.paths)
                    waiting.extend(children.paths)
        return i32(count)

    def has_more_below(self, path: str, most: i64) -> bool:
        """Whether more than so many nodes are below this one, which takes no longer than to count so many."""
        count: i64 = 0
        waiting = [path]
        while waiting:
            node = self.nodes.get(waiting.pop())
            children = None if node is None else node.children
            if children is not None and len(children.paths) > 0:
                count += len(children.paths)
                if count > most:
                    return True
                waiting.extend(children.paths)
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
        return TreeWalk(self.nodes)

    # --- loading a snapshot

    def clear(self) -> None:
        """Drop all nodes, the built-in ones too, before `load_node`; watches stay."""
        self.closing = None
        self._root = None
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
        """Add a node as a snapshot has it, the root as "", parents first.

        Raises StorageError when the parent is missing, the path is there already, or the owner is of an
        unknown kind.
        """
        kind = kind_of(ephemeral_owner, self.extended_types, self.emulate_353_ttl)
        nodes = self.nodes
        if path in nodes:
            raise StorageError(f"the snapshot has the node {path!r} twice")
        used_id = self.acl_cache.add_use(acl_id)
        node = DataNode(
            data,
            used_id,
            czxid,
            mzxid,
            ctime,
            mtime,
            version,
            cversion,
            aversion,
            ephemeral_owner,
            pzxid,
            kind,
        )
        slash = path.rfind("/")
        if slash >= 0:
            parent = nodes.get(path[:slash])
            if parent is None:
                raise StorageError(f"the snapshot has no parent for the node {path!r}")
            self._add_child(parent, path, slash + 1)
            if kind != PERSISTENT:
                self.ownership.add(path, kind, ephemeral_owner)
        else:
            self._root = node
        nodes[path] = node
        self.approximate_data_size += _size_of(path, data)
        self._update_digest(path, node)

    def finish_load(self) -> None:
        """All nodes are loaded: give the root its other name, count quotas, forget ACLs without users.

        That is the last node without a slash in its path, as in Apache's server. One of them has to be "", though:
        there the next snapshot begins.
        """
        root = self._root
        if root is None or "" not in self.nodes:
            raise StorageError("the snapshot has no root node")
        self.nodes["/"] = root
        self.approximate_data_size += _size_of("/", root.data)
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

    # --- the digest

    def _update_digest(self, path: str, node: DataNode) -> None:
        """To be called after every change of a node that stays or is new."""
        if self.digest_enabled:
            digest = node_digest(path, node)
            self.tree_digest += digest - node.digest
            node.digest = digest

    def compare_digest(self, digest: TxnDigest | None) -> bool:
        """Whether the digest logged with the transaction just applied is ours; a mismatch is counted.

        True too where there is nothing to compare: digests off, another version, none logged, a fuzzy
        snapshot that has not reached its own digest yet, or a close that goes on: at its end they are compared.
        """
        closing = self.closing
        if closing is not None:
            closing.later.expect(digest)
            return True
        return not self.digest_enabled or self.digests.compare(digest, self.tree_digest)

    # --- transactions

    @property
    def answer_zxid(self) -> i64:
        """The newest transaction that answers tell of: `last_processed_zxid`, or what has passed a close by now."""
        closing = self.closing
        if closing is None or not closing.later.is_open:
            return self.last_processed_zxid
        return closing.later.newest_zxid

    def process_txn(self, header: TxnHeader, txn: Record | None) -> ProcessTxnResult:
        """Apply a committed or replayed transaction (DataTree.processTxn).

        The result's error is one that replay ignores; a live transaction has none, except type -1.
        """
        passes = self.may_pass(header, txn, None, None)
        if not passes:
            self.settle()
        before: i64 = self.tree_digest
        result = ProcessTxnResult(header.type)
        if isinstance(txn, MultiTxn):
            types: list[int] = []
            parts: list[Record] = []
            if decode_parts(txn, types, parts):
                self._apply_parts(header, types, parts, result)
            else:
                result.results = list(_NO_RESULTS)
        else:
            self._apply(header, header.type, txn, result)
        if passes:
            self._passed(header.zxid, before)
        else:
            self._applied(header.zxid)
        return result

    def process_multi(self, header: TxnHeader, types: list[int], txns: list[Record]) -> ProcessTxnResult:
        """Apply a multi whose parts are decoded already: a type and a body each, in order."""
        passes = self.may_pass(header, None, types, txns)
        if not passes:
            self.settle()
        before: i64 = self.tree_digest
        result = ProcessTxnResult(header.type)
        self._apply_parts(header, types, txns, result)
        if passes:
            self._passed(header.zxid, before)
        else:
            self._applied(header.zxid)
        return result

    def may_pass(
        self, header: TxnHeader, txn: Record | None, types: list[int] | None, txns: list[Record] | None
    ) -> bool:
        """Whether the next transaction may be applied before the close that goes on has ended.

        A multi whose parts are decoded already is given as these.
        """
        closing = self.closing
        if closing is None or self.quotas.is_needed:
            return False
        if types is not None and txns is not None:
            return closing.later.parts_may_pass(header, types, txns)
        if header.type == op.CLOSE_SESSION:
            if self.ownership.count_of(header.client_id) > FEW:
                return False
            paths: list[str | None] = list(self.ownership.ephemerals_of(header.client_id))
            if isinstance(txn, CloseSessionTxn):
                paths.extend(txn.paths2_delete or [])
            return closing.later.close_may_pass(header, paths)
        return closing.later.may_pass(header, txn)

    def _passed(self, zxid: i64, before: i64) -> None:
        """A transaction was applied that the close may be behind; its digest counts from the end of that on."""
        closing = self.closing
        assert closing is not None
        closing.later.add(zxid, self.tree_digest - before)
        self.tree_digest = before

    def _applied(self, zxid: i64) -> None:
        if zxid > self.last_processed_zxid:
            self.last_processed_zxid = zxid
        if self.digest_enabled:
            self.digests.applied(zxid, self.tree_digest)

    def _apply_parts(self, header: TxnHeader, types: list[int], txns: list[Record], result: ProcessTxnResult) -> None:
        """All parts, or none of them when one is an error: then each result is 0, the error, or -2."""
        results: list[ProcessTxnResult] = []
        result.results = results
        if len(types) > self.owed.many_parts:
            # What is older has to be told first.
            self.owed.tell_all()
            self.owed.collects = True
        failed = op.ERROR in types
        reached_error = False
        for at in range(len(types)):
            part_type: i32 = types[at]
            part = ProcessTxnResult(op.ERROR if failed else part_type)
            results.append(part)
            if failed and part_type != op.ERROR:
                part.err = RUNTIMEINCONSISTENCY if reached_error else OK
            else:
                reached_error = failed
                self._apply(header, part_type, txns[at], part)
            if part.err != 0 and result.err == 0:
                result.err = part.err
        self.owed.collects = False

    def _apply(self, header: TxnHeader, type: i32, txn: Record | None, result: ProcessTxnResult) -> None:
        """One transaction that is no multi; `type` is not the header's for the part of a multi."""
        if isinstance(txn, CreateTxn):
            owner: i64 = header.client_id if txn.ephemeral else 0
            self._create(result, header, txn.path, txn.data, txn.acl, owner, txn.parent_cversion)
            if type == op.CREATE and result.err == NODEEXISTS:
                self._raise_cversion(txn.path, txn.parent_cversion, header.zxid)
        elif isinstance(txn, SetDataTxn):
            self._set_data(result, header, txn)
        elif isinstance(txn, DeleteTxn):
            path = txn.path
            result.path = path
            if path is not None:
                result.err = self.delete_node(path, header.zxid)
        elif isinstance(txn, SetACLTxn):
            self._set_acl(result, txn)
        elif type == op.CLOSE_SESSION:
            paths = txn.paths2_delete if isinstance(txn, CloseSessionTxn) else None
            self.kill_session(header.client_id, header.zxid, paths)
        elif isinstance(txn, CheckVersionTxn):
            result.path = txn.path
        elif isinstance(txn, ErrorTxn):
            result.err = txn.err
        else:
            self._apply_rare_create(header, txn, result)

    def _apply_rare_create(self, header: TxnHeader, txn: Record | None, result: ProcessTxnResult) -> None:
        if isinstance(txn, CreateContainerTxn):
            self._create(result, header, txn.path, txn.data, txn.acl, CONTAINER_OWNER, txn.parent_cversion)
        elif isinstance(txn, CreateTTLTxn):
            owner = ttl_owner(txn.ttl)
            self._create(result, header, txn.path, txn.data, txn.acl, owner, txn.parent_cversion)
        elif isinstance(txn, CreateTxnV0):
            owner = header.client_id if txn.ephemeral else 0
            self._create(result, header, txn.path, txn.data, txn.acl, owner, _NEXT_CVERSION)
            if result.err == NODEEXISTS:
                self._raise_cversion(txn.path, _NEXT_CVERSION, header.zxid)

    def _create(
        self,
        result: ProcessTxnResult,
        header: TxnHeader,
        path: str | None,
        data: bytes | None,
        acl: list[ACL] | None,
        owner: i64,
        parent_cversion: i32,
    ) -> None:
        """Any create (DataTree.createNode)."""
        result.path = path
        slash = -1 if path is None else path.rfind("/")
        if path is None or slash < 0:
            result.err = NONODE
            return
        nodes = self.nodes
        parent_path = path[:slash]
        parent = nodes.get(parent_path)
        if parent is None:
            result.err = NONODE
            return
        cache = self.acl_cache
        acl_id = cache.acl_id_for(acl)
        existing = nodes.get(path)
        if existing is not None:
            # A fuzzy snapshot may have the node with a number that its ACL map does not explain.
            cache.remove_use(existing.acl_id)
            existing.acl_id = acl_id
            result.err = NODEEXISTS
            return
        zxid = header.zxid
        time = header.time
        kind: i32 = PERSISTENT if owner == 0 else kind_of(owner, self.extended_types, self.emulate_353_ttl)
        node = DataNode(data, acl_id, zxid, zxid, time, time, 0, 0, 0, owner, zxid, kind)
        self._add_child(parent, path, slash + 1)
        nodes[path] = node
        self._raise_parent(parent_path, parent, parent_cversion, zxid)
        self._update_digest(path, node)
        if kind != PERSISTENT:
            self.ownership.add(path, kind, owner)
        self.approximate_data_size += _size_of(path, data)
        if parent_path.startswith(QUOTA):
            self.quotas.quota_node_created(parent_path, path[slash + 1 :])
        self.quotas.changed(path, _length(data), 1)
        result.node = node
        if result.type != op.CREATE:
            result.stat = node.stat()
        if self.data_watches.size > 0:
            self.data_watches.trigger(path, NODE_CREATED, zxid, cache.acl_for(acl_id))
        if self.child_watches.size > 0:
            watched = parent_path if slash > 0 else "/"
            self.child_watches.trigger(watched, NODE_CHILDREN_CHANGED, zxid, cache.acl_for(parent.acl_id))

    def _add_child(self, parent: DataNode, path: str, start: i64) -> None:
        children = parent.children
        if children is None:
            children = Children(start)
            parent.children = children
        children.add(path)

    def _raise_parent(self, path: str, parent: DataNode, cversion: i32, zxid: i64) -> None:
        """Move the counter of creates and pzxid, but never back: the tree may be ahead of a replayed log."""
        current = i64(parent.cversion)
        wanted = current + 1 if cversion == _NEXT_CVERSION else i64(cversion)
        # At the end of 32 bits the successor is the smallest number, and so not above.
        if wanted > current and wanted <= 0x7FFFFFFF:
            parent.cversion = i32(wanted)
            parent.pzxid = zxid
            self._update_digest(path, parent)

    def _raise_cversion(self, path: str | None, cversion: i32, zxid: i64) -> None:
        """What a plain create of an existing node still does to the parent (setCversionPzxid)."""
        if path is not None:
            parent_path = path[: path.rfind("/")]
            parent = self.nodes.get(parent_path)
            if parent is not None:
                self._raise_parent(parent_path, parent, cversion, zxid)

    def delete_node(self, path: str, zxid: i64) -> i32:
        """Delete a node; returns OK or NONODE (DataTree.deleteNode)."""
        slash = path.rfind("/")
        nodes = self.nodes
        parent_path = path[:slash] if slash >= 0 else ""
        parent = nodes.get(parent_path) if slash >= 0 else None
        if parent is None or len(path) == 1:
            return NONODE
        children = parent.children
        if children is not None:
            children.discard(path)
            if children.buckets == CHILDREN_BUCKETS and not children.paths:
                parent.children = None
        # Before we know that the node exists: a fuzzy snapshot may lack both it and the parent's pzxid.
        if zxid > parent.pzxid:
            parent.pzxid = zxid
            self._update_digest(parent_path, parent)
        node = nodes.pop(path, None)
        if node is None:
            return NONODE
        self.tree_digest -= node.digest
        acl = self.acl_cache.acl_for(node.acl_id)
        self.acl_cache.remove_use(node.acl_id)
        if node.kind != PERSISTENT:
            self.ownership.discard(path, node.kind, node.ephemeral_owner)
        self.approximate_data_size -= _size_of(path, node.data)
        if parent_path.startswith(QUOTA):
            self.quotas.quota_node_deleted(parent_path, path[slash + 1 :])
        self.quotas.changed(path, -_length(node.data), -1)
        self._fire_deleted(path, parent_path if slash > 0 else "/", zxid, acl, parent)
        return OK

    def _fire_deleted(self, path: str, parent_path: str, zxid: i64, acl: list[ACL], parent: DataNode) -> None:
        reached = self.data_watches.trigger(path, NODE_DELETED, zxid, acl)
        child_watches = self.child_watches
        if child_watches.size > 0:
            child_watches.trigger(path, NODE_DELETED, zxid, acl, reached)
            child_watches.trigger(parent_path, NODE_CHILDREN_CHANGED, zxid, self.acl_cache.acl_for(parent.acl_id))

    def _set_data(self, result: ProcessTxnResult, header: TxnHeader, txn: SetDataTxn) -> None:
        path = txn.path
        result.path = path
        node = None if path is None else self.nodes.get(path)
        if path is None or node is None:
            result.err = NONODE
            return
        zxid = header.zxid
        before = _length(node.data)
        data = txn.data
        node.data = data
        node.mtime = header.time
        node.mzxid = zxid
        node.version = txn.version
        self._update_digest(path, node)
        result.node = node
        result.stat = node.stat()
        difference = _length(data) - before
        self.quotas.changed(path, difference, 0)
        self.approximate_data_size += difference
        if self.data_watches.size > 0:
            self.data_watches.trigger(path, NODE_DATA_CHANGED, zxid, self.acl_cache.acl_for(node.acl_id))

    def set_config(self, text: bytes, version: i64, time_ms: i64) -> None:
        """What a server says of its ensemble by itself, without a transaction (initConfigInZKDatabase)."""
        header = TxnHeader(0, 0, version, time_ms, op.RECONFIG)
        self._set_data(ProcessTxnResult(op.RECONFIG), header, SetDataTxn(CONFIG, text, -1))

    def _set_acl(self, result: ProcessTxnResult, txn: SetACLTxn) -> None:
        path = txn.path
        result.path = path
        node = None if path is None else self.nodes.get(path)
        if path is None or node is None:
            result.err = NONODE
            return
        self.acl_cache.remove_use(node.acl_id)
        node.acl_id = self.acl_cache.acl_id_for(txn.acl)
        node.aversion = txn.version
        self._update_digest(path, node)
        result.node = node
        result.stat = node.stat()

    def kill_session(self, session_id: i64, zxid: i64, paths: list[str | None] | None = None) -> None:
        """Delete a session's ephemerals: those listed in its transaction, then what is left (killSession)."""
        session = self.ownership.take_session(session_id)
        if paths is not None and len(paths) > FEW and can_close(session.paths, paths):
            SessionClose(self, session_id, zxid, session, paths, False).finish()
            return
        for path in paths or []:
            if path is not None:
                self._delete_ephemeral(session_id, path, zxid)
        for path in session.ordered():
            if paths is None or path in self.nodes:
                self._delete_ephemeral(session_id, path, zxid)

    def begin_close(
        self,
        header: TxnHeader,
        txn: Record | None,
        more_than: i64,
        digest: TxnDigest | None = None,
        parents: dict[str, None] | None = None,
    ) -> bool:
        """Begin to apply a closeSession with more than so many ephemerals: `closing` is to do it, step by step.

        False, with nothing done, for every other transaction. `digest` is that which is logged with it, to be
        compared. With `parents` the paths are known to be just the session's, and these to be their parents.
        """
        if self.closing is not None or not isinstance(txn, CloseSessionTxn) or header.type != op.CLOSE_SESSION:
            return False
        paths = txn.paths2_delete
        session = self.ownership.sessions.get(header.client_id)
        if paths is None or len(paths) <= more_than or session is None or len(paths) != len(session.paths):
            return False
        self.ownership.take_session(header.client_id)
        closing = SessionClose(self, header.client_id, header.zxid, session, paths, True)
        closing.later.expect(digest)
        self.closing = closing
        if parents is not None:
            closing.begin(parents)
        return True

    def close_one_by_one(self, closing: SessionClose, paths: list[str | None], session: SessionPaths) -> None:
        """The paths of the transaction are not just the ephemerals of the session: delete all, at once."""
        self.closing = None
        self.ownership.sessions[closing.session_id] = session
        self.kill_session(closing.session_id, closing.zxid, paths)
        self._close_applied(closing)

    def settle(self) -> None:
        """Do what is left of a close that is half applied, so that nodes, digest and last zxid belong together."""
        if self.closing is not None:
            self.closing.finish()

    def _delete_ephemeral(self, session_id: i64, path: str, zxid: i64) -> None:
        was_there = self.delete_node(path, zxid) == OK
        if self.session_observer.wants_ephemerals:
            self.session_observer.ephemeral_deleted(session_id, path, was_there)

    def close_ended(self, closing: SessionClose, digest_difference: i64, size_difference: i64) -> None:
        """The nodes of a SessionClose are gone."""
        self.tree_digest += digest_difference
        self.approximate_data_size += size_difference
        if self.closing is closing:
            self.closing = None
            self._close_applied(closing)

    def _close_applied(self, closing: SessionClose) -> None:
        """A close was applied, and after it what has passed it."""
        self._applied(closing.zxid)
        self.compare_digest(closing.later.expected)
        for later in closing.later.txns:
            self.tree_digest += later.digest
            self._applied(later.zxid)
            self.compare_digest(later.expected)

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


def _length(data: bytes | None) -> i64:
    return 0 if data is None else len(data)


def _size_of(path: str, data: bytes | None) -> i64:
    """What a node counts in the approximate size of the data (getNodeSize)."""
    size: i64 = len(path)
    return size + _length(data)
