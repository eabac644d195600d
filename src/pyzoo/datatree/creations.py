"""NodeCreations: how nodes are made by transactions, and what that changes in their parents."""

from typing import Final

from mypy_extensions import i32, i64

from pyzoo.datatree.digest import is_uncounted, new_digest
from pyzoo.datatree.digest_parts import parent_part
from pyzoo.datatree.ephemeral_type import PERSISTENT, kind_of
from pyzoo.datatree.foreseen import digest_in, node_in
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.node_store import NodeStore, add_child, is_wide, length_of, size_of
from pyzoo.datatree.path_hash import hash_of_key, is_ascii, key_of, last_slash
from pyzoo.datatree.paths import QUOTA, ZOOKEEPER_SUBTREE
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.datatree.watches import NODE_CHILDREN_CHANGED, NODE_CREATED
from pyzoo.errors import NODEEXISTS, NONODE
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateTxn, TxnHeader

NEXT_CVERSION: Final = -1
"""As the counter of a parent: one more than now."""


class NodeCreations(NodeStore):
    """A store in which transactions make nodes."""

    def create(
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
        foreseen = self.foreseen
        if foreseen is not None:
            key, path_hash = foreseen.key, foreseen.path_hash
        else:
            key = b"" if path is None else key_of(path)
            path_hash = hash_of_key(key)
        slash = last_slash(key)
        parent = self.parent_of(key, slash)
        if path is None or parent is None:
            result.err = NONODE
            return
        cache = self.acl_cache
        acl_id = cache.acl_id_for(acl)
        existing = self.nodes.find(key, path_hash)
        if existing is not None:
            # A fuzzy snapshot may have the node with a number that its ACL map does not explain.
            cache.remove_use(existing.acl_id)
            existing.acl_id = acl_id
            result.err = NODEEXISTS
            return
        zxid = header.zxid
        node = DataNode(key, path_hash, is_wide(path, key), data, zxid, header.time)
        node.acl_id = acl_id
        if owner != 0:
            kind = kind_of(owner, self.extended_types, self.emulate_353_ttl)
            node.own(owner, kind)
            if kind != PERSISTENT:
                self.ownership.add(path, kind, owner)
        self._add_node(node, key, data, owner, parent, slash, parent_cversion)
        self.approximate_data_size += size_of(path, data)
        if slash >= len(QUOTA) and is_uncounted(key) and path.startswith(QUOTA):
            above = path.rfind("/")
            self.quotas.quota_node_created(path[:above], path[above + 1 :])
        self.quotas.changed(path, length_of(data), 1)
        if result.type != op.CREATE:
            result.stat = node.stat()
        if self.data_watches.size > 0:
            self.data_watches.trigger(path, NODE_CREATED, zxid, cache.acl_for(acl_id))
        if self.child_watches.size > 0:
            watched = path[: path.rfind("/")] if slash > 0 else "/"
            self.child_watches.trigger(watched, NODE_CHILDREN_CHANGED, zxid, cache.acl_for(parent.acl_id))

    def parent_of(self, key: bytes, slash: i64) -> DataNode | None:
        """The parent of the node that the transaction is about."""
        parent = node_in(self.foreseen_parent)
        return self.nodes.parent_of(key, slash) if parent is None and slash >= 0 else parent

    def create_again(self, header: TxnHeader, key: bytes, txn: CreateTxn) -> bool:
        """What most creates of a log do, with this path; False, with nothing done, where there is more to it.

        They make a node without an owner that is not there yet, by a path of ASCII, and nobody is told.
        """
        slash = last_slash(key)
        if slash < 0 or txn.ephemeral or not is_ascii(key) or is_uncounted(key) or self.quotas.is_needed:
            return False
        if self.data_watches.size > 0 or self.child_watches.size > 0:
            return False
        parent = self.nodes.parent_of(key, slash)
        path_hash = hash_of_key(key)
        if parent is None or self.nodes.find(key, path_hash) is not None:
            return False
        data = txn.data
        node = DataNode(key, path_hash, False, data, header.zxid, header.time)
        node.acl_id = self.acl_cache.acl_id_for(txn.acl)
        self._add_node(node, key, data, 0, parent, slash, txn.parent_cversion)
        self.approximate_data_size += len(key) + length_of(data)
        return True

    def _add_node(
        self, node: DataNode, key: bytes, data: bytes | None, owner: i64, parent: DataNode, slash: i64, cversion: i32
    ) -> None:
        """What every create does with the node that it has made."""
        add_child(parent, node)
        self.nodes.add(node)
        zxid = node.czxid
        self._raise_parent(key, slash, parent, cversion, zxid)
        if self.digest_enabled:
            digest = digest_in(self.foreseen)
            if digest == 0:
                digest = new_digest(self.digest_out, key, data, zxid, node.ctime, owner)
            node.digest = digest
            self.tree_digest += digest

    def _raise_parent(self, key: bytes, slash: i64, parent: DataNode, cversion: i32, zxid: i64) -> None:
        """Move the counter of creates and pzxid, but never back: the tree may be ahead of a replayed log.

        The key is that of the child, up to the slash that of the parent.
        """
        current = i64(parent.cversion)
        wanted = current + 1 if cversion == NEXT_CVERSION else i64(cversion)
        # At the end of 32 bits the successor is the smallest number, and so not above.
        if wanted > current and wanted <= 0x7FFFFFFF:
            more = parent.more()
            pzxids = more.pzxid ^ zxid
            cversions = more.cversion ^ i32(wanted)
            more.cversion = i32(wanted)
            more.pzxid = zxid
            self.digest_parent(key, slash, parent, pzxids, cversions)

    def digest_parent(self, key: bytes, slash: i64, parent: DataNode, pzxids: i64, cversions: i32) -> None:
        """The children of the parent of this key have changed: its pzxid and its counter of creates by so much, xor."""
        if self.digest_enabled and (slash < len(ZOOKEEPER_SUBTREE) or not is_uncounted(key)):
            digest = digest_in(self.foreseen_parent)
            if digest == 0:
                digest = parent.digest ^ parent_part(pzxids, cversions)
            self.tree_digest += digest - parent.digest
            parent.digest = digest

    def raise_cversion(self, path: str | None, cversion: i32, zxid: i64) -> None:
        """What a plain create of an existing node still does to the parent (setCversionPzxid)."""
        if path is not None:
            key = key_of(path)
            slash = last_slash(key)
            parent = self.nodes.parent_of(key, slash)
            if parent is not None:
                self._raise_parent(key, slash, parent, cversion, zxid)
