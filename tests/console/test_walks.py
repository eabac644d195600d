"""Walks below a node: their order, how they go on, and what they may not see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.console.nodes import walks
from pyzoo.console.nodes.reader import Reader
from pyzoo.console.nodes.walks import LeavesFirst, SortedWalk
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.access_control import AccessControl
from tests.support.large_trees import grow

ANYBODY = [Id("ip", "127.0.0.1")]
SHAPES = st.lists(st.lists(st.sampled_from(["a", "b", "a!", "B", "0"]), min_size=1, max_size=4), max_size=12)


def reader_of(tree: DataTree) -> Reader:
    return Reader(tree, AccessControl([], False), ANYBODY)


def tree_of(shape: list[list[str]]) -> DataTree:
    tree = DataTree(digest_enabled=False)
    for names in shape:
        parent = "/top"
        for name in names:
            if tree.get_node(f"{parent}/{name}") is None:
                grow(tree, [name], parent)
            parent = f"{parent}/{name}"
    return tree if shape else tree_of([["a"]])


def walked(walk: SortedWalk, most: int = 3) -> list[str]:
    found = []
    while not walk.is_over:
        found += [visit.path for visit in walk.step(most)]
    return found


def in_order(tree: DataTree) -> list[str]:
    return sorted((path for path in tree.nodes if path.startswith("/top")), key=lambda path: path.split("/"))


@given(SHAPES, st.booleans())
def test_parents_come_first_and_brothers_by_name(shape: list[list[str]], crowded: bool) -> None:
    tree = tree_of(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walks, "NAMES_AT_ONCE", 2 if crowded else 4096)
        assert in_order(tree) == walked(SortedWalk(reader_of(tree), "/top"))


@given(SHAPES, st.booleans(), st.lists(st.sampled_from(["a", "b", "a!", "x", "0"]), min_size=1, max_size=4))
def test_a_walk_goes_on_after_any_path(shape: list[list[str]], crowded: bool, after: list[str]) -> None:
    tree = tree_of(shape)
    where = "/top/" + "/".join(after)
    rest = [path for path in in_order(tree) if path.split("/") > where.split("/")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walks, "NAMES_AT_ONCE", 2 if crowded else 4096)
        assert rest == walked(SortedWalk(reader_of(tree), "/top", where))


@given(SHAPES)
def test_leaves_first_is_an_order_in_which_nodes_can_be_deleted(shape: list[list[str]]) -> None:
    tree = tree_of(shape)
    walk, found = LeavesFirst(reader_of(tree), "/top"), []
    while not walk.is_over:
        found += walk.step(2)
    assert sorted(in_order(tree)) == sorted(found)
    position = {path: at for at, path in enumerate(found)}
    assert all(position[path] < position[path.rpartition("/")[0]] for path in found if path != "/top")


def test_what_is_below_a_node_that_may_not_be_read_is_not_visited() -> None:
    tree = tree_of([["a", "b"], ["b"]])
    tree.nodes["/top/a"].acl_id = tree.acl_cache.acl_id_for([ACL(31, "digest", "bob:x")])
    walk = SortedWalk(reader_of(tree), "/top")
    assert ["/top", "/top/a", "/top/b"] == walked(walk)
    assert 1 == walk.refused
    deleting = LeavesFirst(reader_of(tree), "/top")
    assert ["/top/a", "/top/b", "/top"] == deleting.step(10)
    assert "/top/a" == deleting.refused


def test_nodes_that_are_gone_when_their_turn_comes_are_left_out() -> None:
    tree = tree_of([["a", "b"], ["b"]])
    walk = SortedWalk(reader_of(tree), "/top")
    first = [visit.path for visit in walk.step(1)]
    for path in ("/top/a", "/top/a/b"):
        tree.nodes.pop(path)
    assert ["/top", "/top/b"] == first + walked(walk)


def test_the_whole_tree_can_be_walked() -> None:
    tree = DataTree(digest_enabled=False)
    assert ["/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"] == walked(SortedWalk(reader_of(tree), "/"))
    assert ["/zookeeper/quota"] == walked(SortedWalk(reader_of(tree), "/", "/zookeeper/config"))
