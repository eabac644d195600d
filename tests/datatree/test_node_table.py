"""The table of all nodes, beside a dict."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.node_table import NodeTable
from tests.datatree.conftest import OPEN
from tests.support.large_trees import plain_node

words = st.sampled_from(["a", "b", "long name", "\u00e9", "\U0001f600", "x" * 600])
paths = st.lists(words, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "pop", "get"]), paths), max_size=200))
def test_a_table_has_what_a_dict_would_have(steps: list[tuple[str, str]]) -> None:
    table, expected = NodeTable(), dict[str, Any]()
    for step, path in steps:
        if step == "add" and path not in expected:
            expected[path] = plain_node(path, path.encode())
            table.add(expected[path])
        elif step == "pop":
            assert expected.pop(path, None) is table.pop(path)
        assert expected.get(path) is table.get(path)
    assert expected == dict(table.items())
    assert len(expected) == len(table)


def test_a_table_that_has_grown_and_shrunk_finds_just_what_is_there() -> None:
    table, count = NodeTable(), 8000
    nodes = [plain_node(f"/n{at}") for at in range(count)]
    for node in nodes:
        table.add(node)
    assert nodes == [table.get(f"/n{at}") for at in range(count)]
    for node in nodes[::2]:
        table.remove(node)
    assert [None, nodes[1]] * (count // 2) == [
        table.get(f"/n{at}") if at % 2 == 0 else table.get("/n1") for at in range(count)
    ]
    assert {f"/n{at}" for at in range(1, count, 2)} == set(table)
    assert count // 2 == len(table)
    again = [plain_node(f"/n{at}") for at in range(0, count, 2)]
    for node in again:
        table.add(node)
    assert [again[at // 2] if at % 2 == 0 else nodes[at] for at in range(count)] == [
        table.get(f"/n{at}") for at in range(count)
    ]


def test_the_root_has_two_names_which_both_count() -> None:
    table = NodeTable()
    root = plain_node("")
    table.add(root)
    assert ("/" in table, len(table)) == (False, 1)
    table.root = root
    assert table["/"] is table[""] is root
    assert {"", "/"} == set(table)
    assert len(table) == 2


def test_a_parent_that_is_deleted_and_made_anew_is_found_as_it_is() -> None:
    table = NodeTable()
    before, after = plain_node("/p"), plain_node("/p")
    table.add(before)
    assert table.parent_of(b"/p/a", 2) is before
    table.remove(before)
    assert table.parent_of(b"/p/a", 2) is None
    table.add(after)
    assert table.parent_of(b"/p/b", 2) is after


def test_what_is_no_text_is_no_path() -> None:
    table = NodeTable()
    table.add(plain_node("/\ufffd"))
    assert table.get("/\ud800") is None


def test_a_table_is_let_go_of_bit_by_bit() -> None:
    table = NodeTable()
    for at in range(4000):
        table.add(plain_node(f"/n{at}"))
    steps = 1
    while table.let_go(500):
        steps += 1
    assert (1 < steps < 10, len(table), list(table)) == (True, 0, [])


def test_the_root_keeps_its_path_when_it_is_changed_by_its_other_name(driver: Any) -> None:
    driver.set_data("/", b"top")
    root = driver.tree.get_node("")
    assert (b"top", "", 3) == (root.data, root.path, root.stat().data_length)
    driver.create("/a", b"", acl=OPEN)
    assert driver.tree.get_node("/") is root
    assert ["/zookeeper", "/a"] == root.children.paths
