"""NodeChanges: what each kind of transaction does to the nodes, and whom its watches tell.

Nothing is checked here that PrepRequestProcessor has checked; but a fuzzy snapshot may have some of the effects of
what is replayed over it already.
"""

from mypy_extensions import i32, i64

from pyzoo.datatree.creations import NEXT_CVERSION, NodeCreations
from pyzoo.datatree.digest import changed_digest, is_uncounted
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, PERSISTENT, ttl_owner
from pyzoo.datatree.foreseen import digest_in, node_in
from pyzoo.datatree.java_order import CHILDREN_BUCKETS
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_store import length_of
from pyzoo.datatree.path_hash import hash_of_key, key_of, last_slash
from pyzoo.datatree.paths import CONFIG, QUOTA
from pyzoo.datatree.session_close import FEW, SessionClose, can_close
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.datatree.watches import NODE_CHILDREN_CHANGED, NODE_DATA_CHANGED, NODE_DELETED
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


class NodeChanges(NodeCreations):
    """A store that transactions change."""

    def apply(self, header: TxnHeader, type: i32, txn: Record | None, result: ProcessTxnResult) -> None:
        """One transaction that is no multi; `type` is not the header's for the part of a multi."""
        if isinstance(txn, CreateTxn):
            owner: i64 = header.client_id if txn.ephemeral else i64(0)
            self.create(result, header, txn.path, txn.data, txn.acl, owner, txn.parent_cversion)
            if type == op.CREATE and result.err == NODEEXISTS:
                self.raise_cversion(txn.path, txn.parent_cversion, header.zxid)
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
            self.create(result, header, txn.path, txn.data, txn.acl, CONTAINER_OWNER, txn.parent_cversion)
        elif isinstance(txn, CreateTTLTxn):
            owner = ttl_owner(txn.ttl)
            self.create(result, header, txn.path, txn.data, txn.acl, owner, txn.parent_cversion)
        elif isinstance(txn, CreateTxnV0):
            owner = header.client_id if txn.ephemeral else i64(0)
            self.create(result, header, txn.path, txn.data, txn.acl, owner, NEXT_CVERSION)
            if result.err == NODEEXISTS:
                self.raise_cversion(txn.path, NEXT_CVERSION, header.zxid)

    def delete_node(self, path: str, zxid: i64) -> i32:
        """Delete a node; returns OK or NONODE (DataTree.deleteNode)."""
        foreseen = self.foreseen
        key = key_of(path) if foreseen is None else foreseen.key
        slash = last_slash(key)
        parent = self.parent_of(key, slash)
        if parent is None or len(key) == 1:
            return NONODE
        # Before we know that the node exists: a fuzzy snapshot may lack both it and the parent's pzxid.
        more = parent.more()
        if zxid > more.pzxid:
            pzxids = more.pzxid ^ zxid
            more.pzxid = zxid
            self.digest_parent(key, slash, parent, pzxids, 0)
        node = node_in(foreseen)
        if node is None:
            node = self.nodes.find(key, hash_of_key(key))
        if node is None:
            return NONODE
        children = more.children
        self.take_out(node, children)
        if children is not None and children.buckets == CHILDREN_BUCKETS and children.count == 0:
            more.children = None
        self.tree_digest -= node.digest
        acl_id = node.acl_id
        acl = self.acl_cache.acl_for(acl_id)
        self.acl_cache.remove_use(acl_id)
        kind = node.kind
        if kind != PERSISTENT:
            self.ownership.discard(path, kind, node.ephemeral_owner)
        size = node.data_length
        self.approximate_data_size -= len(path) + size
        if slash >= len(QUOTA) and is_uncounted(key) and path.startswith(QUOTA):
            above = path.rfind("/")
            self.quotas.quota_node_deleted(path[:above], path[above + 1 :])
        self.quotas.changed(path, -size, -1)
        if self.data_watches.size > 0 or self.child_watches.size > 0:
            self._fire_deleted(path, zxid, acl, parent)
        return OK

    def _fire_deleted(self, path: str, zxid: i64, acl: list[ACL], parent: DataNode) -> None:
        reached = self.data_watches.trigger(path, NODE_DELETED, zxid, acl)
        child_watches = self.child_watches
        if child_watches.size > 0:
            parent_path = path[: path.rfind("/")] or "/"
            child_watches.trigger(path, NODE_DELETED, zxid, acl, reached)
            child_watches.trigger(parent_path, NODE_CHILDREN_CHANGED, zxid, self.acl_cache.acl_for(parent.acl_id))

    def _set_data(self, result: ProcessTxnResult, header: TxnHeader, txn: SetDataTxn) -> None:
        path = txn.path
        result.path = path
        foreseen = self.foreseen
        if foreseen is not None:
            key = foreseen.key
        else:
            key = b"" if path is None else key_of(path)
        node = node_in(foreseen)
        if node is None:
            node = self.nodes.find(key, hash_of_key(key))
        if path is None or node is None:
            result.err = NONODE
            return
        # The root is also called by what is not its key.
        difference = self._put_data(node, key if len(key) != 1 else node.key, header, txn)
        result.stat = node.stat()
        self.quotas.changed(path, difference, 0)
        if self.data_watches.size > 0:
            self.data_watches.trigger(path, NODE_DATA_CHANGED, header.zxid, self.acl_cache.acl_for(node.acl_id))

    def set_again(self, header: TxnHeader, key: bytes, txn: SetDataTxn) -> bool:
        """What most sets of a log do, with this path; False, with nothing done, where there is more to it."""
        if self.quotas.is_needed or self.data_watches.size > 0:
            return False
        node = self.nodes.find(key, hash_of_key(key))
        if node is None or len(key) == 1:
            return False
        self._put_data(node, key, header, txn)
        return True

    def _put_data(self, node: DataNode, key: bytes, header: TxnHeader, txn: SetDataTxn) -> i64:
        """What every set does with a node; returns how many bytes more that makes."""
        before = node.data_length
        data = txn.data
        node.put_data(key, data)
        more = node.more()
        more.mtime = header.time
        more.mzxid = header.zxid
        more.version = txn.version
        if self.digest_enabled:
            digest = digest_in(self.foreseen)
            if digest == 0:
                digest = changed_digest(self.digest_out, key, data, node)
            self.tree_digest += digest - node.digest
            node.digest = digest
        difference = length_of(data) - before
        self.approximate_data_size += difference
        return difference

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
