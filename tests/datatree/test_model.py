"""Random transactions against a model of the tree that is too simple to be wrong."""

import struct
import zlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CloseSessionTxn, CreateTxn, DeleteTxn, SetACLTxn, SetDataTxn, TxnHeader

ACLS = [[ACL(31, "world", "anyone")], [ACL(1, "world", "anyone")], [ACL(31, "digest", "u:h")]]
EMPTY: dict[str, Any] = {
    "data": b"",
    "acl": ACLS[0],
    "czxid": 0,
    "mzxid": 0,
    "pzxid": 0,
    "ctime": 0,
    "mtime": 0,
    "version": 0,
    "stored": 0,
    "aversion": 0,
    "owner": 0,
}


class Model:
    """Nodes as plain dictionaries by path; everything else is computed from them each time."""

    def __init__(self) -> None:
        self.nodes = {path: dict(EMPTY) for path in ("", "/zookeeper", "/zookeeper/quota", "/zookeeper/config")}
        self.nodes["/zookeeper/config"].update(acl=ACLS[1], aversion=-1)

    def children(self, path: str) -> list[str]:
        return [one for one in self.nodes if one != "" and one.rpartition("/")[0] == path]

    def create(self, zxid: int, session: int, txn: CreateTxn) -> None:
        path = txn.path or ""
        parent = self.nodes.get(path.rpartition("/")[0])
        if parent is None:
            return
        if path in self.nodes:
            self.nodes[path]["acl"] = txn.acl
        else:
            self.nodes[path] = dict(EMPTY) | {
                "data": txn.data,
                "acl": txn.acl,
                "czxid": zxid,
                "mzxid": zxid,
                "pzxid": zxid,
                "ctime": zxid * 10,
                "mtime": zxid * 10,
                "owner": session if txn.ephemeral else 0,
            }
        if txn.parent_cversion > parent["stored"]:
            parent.update(stored=txn.parent_cversion, pzxid=zxid)

    def delete(self, zxid: int, path: str) -> None:
        parent = self.nodes.get(path.rpartition("/")[0])
        if parent is not None:
            parent["pzxid"] = max(zxid, parent["pzxid"])
            self.nodes.pop(path, None)

    def digest(self) -> int:
        total = 0
        for path, n in self.nodes.items():
            if not path.startswith("/zookeeper/"):
                times = (n["czxid"], n["mzxid"], n["pzxid"], n["ctime"], n["mtime"])
                stat = struct.pack(">5q3iq", *times, n["version"], n["stored"], n["aversion"], n["owner"])
                total += zlib.crc32(path.encode() + (n["data"] or b"") + stat)
        return total


paths = st.sampled_from(["/a", "/b", "/a/a", "/a/b", "/b/a", "/a/a/a", "/zookeeper/x"])
datas = st.sampled_from([None, b"", b"x", b"some data"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), paths, datas, st.sampled_from(ACLS), st.integers(1, 9), st.booleans()),
        st.tuples(st.just("delete"), paths),
        st.tuples(st.just("set"), paths, datas, st.integers(-3, 3)),
        st.tuples(st.just("acl"), paths, st.sampled_from(ACLS), st.integers(-3, 3)),
        st.tuples(st.just("close"), st.lists(paths, max_size=3)),
    ),
    max_size=60,
)


def run(tree: DataTree, model: Model, step: Any, zxid: int, again: bool = False) -> None:
    """With `again` as the replay of a log does it."""
    session = 100 + zxid % 3
    kind, path = step[0], step[1]

    def apply(type: int, txn: Any) -> None:
        header = TxnHeader(session, 0, zxid, zxid * 10, type)
        if not again or not isinstance(path, str) or not tree.process_again(header, path.encode(), txn):
            tree.process_txn(header, txn)

    if kind == "create":
        txn = CreateTxn(path, step[2], step[3], step[5], step[4])
        model.create(zxid, session, txn)
        apply(op.CREATE, txn)
    elif kind == "delete":
        if not model.children(path):
            model.delete(zxid, path)
            apply(op.DELETE, DeleteTxn(path))
    elif kind == "set":
        if path in model.nodes:
            model.nodes[path].update(data=step[2], version=step[3], mzxid=zxid, mtime=zxid * 10)
        apply(op.SET_DATA, SetDataTxn(path, step[2], step[3]))
    elif kind == "acl":
        if path in model.nodes:
            model.nodes[path].update(acl=step[2], aversion=step[3])
        apply(op.SET_ACL, SetACLTxn(path, step[2], step[3]))
    else:
        listed = [one for one in path if not model.children(one)]
        own = [one for one, node in model.nodes.items() if node["owner"] == session]
        if any(model.children(one) for one in own):
            return
        for one in dict.fromkeys([*listed, *own]):
            model.delete(zxid, one)
        apply(op.CLOSE_SESSION, CloseSessionTxn(listed))


def compare(tree: DataTree, model: Model) -> None:
    assert set(model.nodes) | {"/"} == set(tree.nodes)
    for path, n in model.nodes.items():
        node = tree.nodes[path]
        children = model.children(path)
        assert n["data"] == node.data
        assert n["acl"] == tree.acl_of(node)
        stat = node.stat()
        assert [
            n["czxid"],
            n["mzxid"],
            n["ctime"],
            n["mtime"],
            n["version"],
            n["stored"] * 2 - len(children),
            n["aversion"],
            n["owner"],
            len(n["data"] or b""),
            len(children),
            n["pzxid"],
        ] == [
            stat.czxid,
            stat.mzxid,
            stat.ctime,
            stat.mtime,
            stat.version,
            stat.cversion,
            stat.aversion,
            stat.ephemeral_owner,
            stat.data_length,
            stat.num_children,
            stat.pzxid,
        ]
        listed = [] if node.children is None else node.children.listing()
        assert sorted(one.rpartition("/")[2] for one in children) == sorted(listed)
    for session in (100, 101, 102):
        owned = [one for one, node in model.nodes.items() if node["owner"] == session]
        assert sorted(owned) == sorted(tree.ephemerals_of(session))
    used = {repr(n["acl"]) for n in model.nodes.values()} - {repr(ACLS[0])}
    assert used == {repr(acl) for _, acl in tree.acl_cache.items()}
    assert model.digest() == tree.tree_digest
    size = sum(len(path) + len(n["data"] or b"") for path, n in model.nodes.items())
    assert size + 1 == tree.approximate_data_size


@given(steps, st.booleans())
def test_the_tree_is_as_the_model_says(steps: list[Any], again: bool) -> None:
    tree = DataTree()
    model = Model()
    for zxid, step in enumerate(steps, 1):
        run(tree, model, step, zxid, again)
        assert model.digest() == tree.tree_digest
    compare(tree, model)


@given(steps, st.integers(0, 60), st.booleans())
def test_a_tail_replayed_over_its_own_effects_is_as_the_model_says(steps: list[Any], start: int, again: bool) -> None:
    tree = DataTree()
    model = Model()
    for zxid, step in enumerate(steps, 1):
        run(tree, model, step, zxid)
    for zxid, step in list(enumerate(steps, 1))[start:]:
        run(tree, model, step, zxid, again)
    compare(tree, model)
