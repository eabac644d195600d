"""NodeChanges: what each kind of transaction does to the nodes, and whom its watches tell.

Nothing is checked here that PrepRequestProcessor has checked; but a fuzzy snapshot may have some of the effects of
what is replayed over it already.
"""

from typing import Final

from mypy_extensions import i32, i64

from pyzoo.datatree.digest import new_digest, parent_part
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, PERSISTENT, kind_of, ttl_owner
from pyzoo.datatree.java_order import CHILDREN_BUCKETS
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_store import NodeStore, add_child, is_wide, length_of, size_of
from pyzoo.datatree.path_hash import hash_of_key, key_of
from pyzoo.datatree.paths import CONFIG, QUOTA, ZOOKEEPER_SUBTREE
from pyzoo.datatree.session_close import FEW, SessionClose, can_close
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.datatree.watches import NODE_CHILDREN_CHANGED, NODE_CREATED, NODE_DATA_CHANGED, NODE_DELETED
from pyzoo.errors import NODEEXISTS, NONODE, OK
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
    SetACLTxn,
    SetDataTxn,
    TxnHeader,
)

_NEXT_CVERSION: Final = -1


class NodeChanges(NodeStore):
    """A store that transactions change."""

    def apply(self, header: TxnHeader, type: i32, txn: Record | None, result: ProcessTxnResult) -> None:
        """One transaction that is no multi; `type` is not the header's for the part of a multi."""
        if isinstance(txn, CreateTxn):
            owner: i64 = header.client_id if txn.ephemeral else i64(0)
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
            owner = header.client_id if txn.ephemeral else i64(0)
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
        parent = nodes.parent_of(path, slash)
        if parent is None:
            result.err = NONODE
            return
        key = key_of(path)
        path_hash = hash_of_key(key)
        cache = self.acl_cache
        acl_id = cache.acl_id_for(acl)
        existing = nodes.find(key, path_hash)
        if existing is not None:
            # A fuzzy snapshot may have the node with a number that its ACL map does not explain.
            cache.remove_use(existing.acl_id)
            existing.acl_id = acl_id
            result.err = NODEEXISTS
            return
        zxid = header.zxid
        time = header.time
        kind: i32 = PERSISTENT if owner == 0 else kind_of(owner, self.extended_types, self.emulate_353_ttl)
        node = DataNode(key, path_hash, is_wide(path, key), data, zxid, time)
        node.acl_id = acl_id
        if owner != 0:
            node.own(owner, kind)
        add_child(parent, node)
        nodes.add(node)
        self._raise_parent(path, slash, parent, parent_cversion, zxid)
        if self.digest_enabled:
            foreseen = self.foreseen_digest
            node.digest = foreseen if foreseen != 0 else new_digest(key, data, zxid, time, owner)
            self.tree_digest += node.digest
        if kind != PERSISTENT:
            self.ownership.add(path, kind, owner)
        self.approximate_data_size += size_of(path, data)
        if slash >= len(QUOTA) and path.startswith(QUOTA):
            self.quotas.quota_node_created(path[:slash], path[slash + 1 :])
        self.quotas.changed(path, length_of(data), 1)
        if result.type != op.CREATE:
            result.stat = node.stat()
        if self.data_watches.size > 0:
            self.data_watches.trigger(path, NODE_CREATED, zxid, cache.acl_for(acl_id))
        if self.child_watches.size > 0:
            watched = path[:slash] if slash > 0 else "/"
            self.child_watches.trigger(watched, NODE_CHILDREN_CHANGED, zxid, cache.acl_for(parent.acl_id))

    def _raise_parent(self, path: str, slash: i64, parent: DataNode, cversion: i32, zxid: i64) -> None:
        """Move the counter of creates and pzxid, but never back: the tree may be ahead of a replayed log.

        The path is that of the child, up to the slash that of the parent.
        """
        current = i64(parent.cversion)
        wanted = current + 1 if cversion == _NEXT_CVERSION else i64(cversion)
        # At the end of 32 bits the successor is the smallest number, and so not above.
        if wanted > current and wanted <= 0x7FFFFFFF:
            more = parent.more()
            pzxids = more.pzxid ^ zxid
            cversions = more.cversion ^ i32(wanted)
            more.cversion = i32(wanted)
            more.pzxid = zxid
            if self.digest_enabled and not (slash >= len(ZOOKEEPER_SUBTREE) and path.startswith(ZOOKEEPER_SUBTREE)):
                digest = self.foreseen_parent_digest
                if digest == 0:
                    digest = parent.digest ^ parent_part(pzxids, cversions)
                self.tree_digest += digest - parent.digest
                parent.digest = digest

    def _raise_cversion(self, path: str | None, cversion: i32, zxid: i64) -> None:
        """What a plain create of an existing node still does to the parent (setCversionPzxid)."""
        if path is not None:
            slash = path.rfind("/")
            parent = self.nodes.parent_of(path, slash)
            if parent is not None:
                self._raise_parent(path, slash, parent, cversion, zxid)

    def delete_node(self, path: str, zxid: i64) -> i32:
        """Delete a node; returns OK or NONODE (DataTree.deleteNode)."""
        slash = path.rfind("/")
        parent = self.nodes.parent_of(path, slash) if slash >= 0 else None
        if parent is None or len(path) == 1:
            return NONODE
        # Before we know that the node exists: a fuzzy snapshot may lack both it and the parent's pzxid.
        more = parent.more()
        if zxid > more.pzxid:
            more.pzxid = zxid
            self.update_digest(path[:slash], parent)
        node = self.nodes.get(path)
        if node is None:
            return NONODE
        children = more.children
        self.take_out(node, children)
        if children is not None and children.buckets == CHILDREN_BUCKETS and children.count == 0:
            more.children = None
        self.tree_digest -= node.digest
        acl = self.acl_cache.acl_for(node.acl_id)
        self.acl_cache.remove_use(node.acl_id)
        if node.kind != PERSISTENT:
            self.ownership.discard(path, node.kind, node.ephemeral_owner)
        size = node.data_length
        self.approximate_data_size -= len(path) + size
        if slash >= len(QUOTA) and path.startswith(QUOTA):
            self.quotas.quota_node_deleted(path[:slash], path[slash + 1 :])
        self.quotas.changed(path, -size, -1)
        self._fire_deleted(path, path[:slash] if slash > 0 else "/", zxid, acl, parent)
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
        key = b"" if path is None else key_of(path)
        node = self.nodes.find(key, hash_of_key(key))
        if path is None or node is None:
            result.err = NONODE
            return
        zxid = header.zxid
        before = node.data_length
        data = txn.data
        # The root is also called by what is not its key.
        node.put_data(key if len(key) != 1 else node.key, data)
        more = node.more()
        more.mtime = header.time
        more.mzxid = zxid
        more.version = txn.version
        self.take_digest(path, node, self.foreseen_digest)
        result.stat = node.stat()
        difference = length_of(data) - before
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
        node.more().aversion = txn.version
        self.update_digest(path, node)
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

    def _delete_ephemeral(self, session_id: i64, path: str, zxid: i64) -> None:
        was_there = self.delete_node(path, zxid) == OK
        if self.session_observer.wants_ephemerals:
            self.session_observer.ephemeral_deleted(session_id, path, was_there)
