"""The walk for snapshots."""

from typing import Any

import pytest
from librt.strings import BytesWriter

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.walk import TreeWalk
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import StatPersisted


def slices(walk: TreeWalk, size: int) -> bytes:
    out = BytesWriter()
    while walk.next_slice(out, size):
        pass
    return out.getvalue()


def load(data: bytes) -> tuple[DataTree, list[str]]:
    archive = InputArchive(data)
    tree = DataTree()
    tree.clear()
    paths = []
    while archive.pos < archive.end:
        path = archive.read_ustring() or ""
        content = archive.read_buffer()
        acl_id = archive.read_long()
        s = StatPersisted.decode(archive)
        paths.append(path)
        tree.load_node(
            path,
            content,
            acl_id,
            s.czxid,
            s.mzxid,
            s.ctime,
            s.mtime,
            s.version,
            s.cversion,
            s.aversion,
            s.ephemeral_owner,
            s.pzxid,
        )
    tree.finish_load()
    return tree, paths


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_walk_writes_all_nodes_parents_first_in_javas_order(driver: Any, size: int) -> None:
    for path in ("/b", "/b/y", "/b/x", "/a", "/b/x/deep"):
        driver.create(path, path.encode())
    driver.set_data("/a", None)
    loaded, paths = load(slices(driver.tree.walk(), size))
    assert ["", *"/a /b /b/x /b/x/deep /b/y /zookeeper /zookeeper/config /zookeeper/quota".split()] == paths
    assert driver.tree.tree_digest == loaded.tree_digest
    assert driver.tree.approximate_data_size == loaded.approximate_data_size
    node = loaded.get_node("/a")
    assert node is not None
    assert node.data is None
    assert node.stat() == driver.tree.get_node("/a").stat()


def test_a_walk_bears_changes_between_slices(driver: Any) -> None:
    for path in ("/a", "/a/x", "/a/y", "/b", "/b/z"):
        driver.create(path)
    walk = driver.tree.walk()
    out = BytesWriter()
    assert walk.next_slice(out, 2)
    driver.delete("/a/x")
    driver.delete("/b/z")
    driver.delete("/b")
    driver.create("/c")
    driver.create("/a/y/new")
    while walk.next_slice(out, 2):
        pass
    _, paths = load(out.getvalue())
    assert paths[:4] == ["", "/a", "/a/y", "/a/y/new"]
    assert "/b" not in paths


def test_a_slice_has_fewer_nodes_where_they_are_large(driver: Any) -> None:
    for at in range(10):
        driver.create(f"/n{at}", bytes(200_000))
    walk = driver.tree.walk()
    sizes = []
    more = True
    while more:
        out = BytesWriter()
        more = walk.next_slice(out, 500)
        sizes.append(len(out))
    assert max(sizes) < 500_000


def crowd(count: int) -> DataTree:
    tree = DataTree(digest_enabled=False)
    tree.clear()
    tree.load_node("", b"", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    for at in range(count):
        tree.load_node(f"/n{at}", b"", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    tree.load_node("/n7/below", b"", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    tree.finish_load()
    return tree


def test_a_crowded_node_is_walked_in_javas_order_too() -> None:
    tree = crowd(20_000)
    root = tree.get_node("")
    assert isinstance(root, DataNode)
    assert root.children is not None
    walk = tree.walk()
    out = BytesWriter()
    longest = 0
    more = True
    while more:
        before = len(out)
        more = walk.next_slice(out, 50)
        longest = max(longest, len(out) - before)
    assert longest <= 50 * 100
    _, paths = load(out.getvalue())
    expected = ["", *[path for name in root.children.listing() for path in ("/" + name,)]]
    expected.insert(expected.index("/n7") + 1, "/n7/below")
    assert expected == paths


def test_a_crowded_node_may_empty_while_it_is_walked() -> None:
    tree = crowd(10_000)
    walk = tree.walk()
    out = BytesWriter()
    assert walk.next_slice(out, 500)
    tree.delete_node("/n7/below", 1)
    for at in range(10_000):
        tree.delete_node(f"/n{at}", 1)
    while walk.next_slice(out, 500):
        pass
    _, paths = load(out.getvalue())
    assert paths[0] == ""
    assert len(paths) <= 501
