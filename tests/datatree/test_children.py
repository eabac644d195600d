"""The children of a node in the order in which they came, while many go."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.children import Children
from pyzoo.datatree.path_node import PathNode
from tests.support.large_trees import plain_node


@settings(deadline=None)
@given(st.integers(0, 400), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10**6)), max_size=30))
def test_those_that_are_left_keep_their_order(first: int, steps: list[tuple[int, int]]) -> None:
    children, expected = Children(3), list[PathNode]()

    def add(count: int) -> None:
        for _ in range(count):
            node = plain_node(f"/p/{len(names)}")
            names.append(node.path)
            children.add(node)
            expected.append(node)

    names: list[str] = []
    add(first)
    for count, at in steps:
        for turn in range(min(count, len(expected))):
            node = expected.pop((at + 7 * turn) % len(expected))
            node.leave()
            children.discard(node)
        assert expected == children.nodes()
        assert expected[:5] == children.first(5)
        add(count // 3)
    assert [node.path for node in expected] == children.paths
    assert len(expected) == len(children)


def test_an_orphan_is_not_among_the_children_of_the_next_node_with_the_path_of_its_parent(driver: Any) -> None:
    driver.create("/p")
    driver.create("/p/a")
    # As a log that is replayed over a fuzzy snapshot may have it.
    driver.delete("/p")
    driver.create("/p")
    driver.create("/p/b")
    assert ["/p/b"] == driver.tree.get_node("/p").children.paths
    driver.delete("/p/a")
    assert driver.tree.get_node("/p/a") is None
    assert ["/p/b"] == driver.tree.get_node("/p").children.paths
    driver.create("/p/a")
    assert ["/p/b", "/p/a"] == driver.tree.get_node("/p").children.paths
