"""What nodes a test finds, from mappings and from files."""

from pathlib import Path

import pytest

from pyzoo.subtrees.acl_text import Acl
from pyzoo.subtrees.document import SavedNode, document_of, to_text
from pyzoo.testing import EmbeddedServer, PreloadError
from pyzoo.testing.clients import preload
from pyzoo.testing.preload import Preload, nodes_of
from tests.support.kazoo_session import kazoo_session

READ_ONLY = (Acl(1, "world", "anyone"),)


def data_of(nodes: list[SavedNode]) -> dict[str, bytes | None]:
    return {node.path: node.data for node in nodes}


@pytest.mark.parametrize(
    "tree",
    [
        {"/a/b": "x", "/a/c": b"y", "/a": None},
        {"a": {"b": "x", "c": "y"}},
        {"/a/": {"": None, "/b": "x", "c": b"y"}},
        {"a": {"b": {"": "x"}}, "a/c": "y"},
    ],
)
def test_flat_and_nested_mappings_mean_the_same(tree: Preload) -> None:
    assert {"/a": None, "/a/b": b"x", "/a/c": b"y"} == data_of(nodes_of(tree, Path()))


def test_parents_come_first_also_those_that_nobody_names() -> None:
    assert ["/a", "/a/b", "/a/b/c", "/a-b"] == [each.path for each in nodes_of({"/a-b": "", "/a/b/c": ""}, Path())]


@pytest.mark.parametrize("format", ["json", "yaml"])
@pytest.mark.parametrize("top", ["/", "/app/one"])
def test_what_export_has_written_goes_where_it_came_from(format: str, top: str, tmp_path: Path) -> None:
    exported = [SavedNode("/", b"top"), SavedNode("/key", b"\xff", READ_ONLY), SavedNode("/key/below", None)]
    (tmp_path / f"saved.{format}").write_text(to_text(document_of(top, exported), format))
    nodes = nodes_of(f"saved.{format}", tmp_path)
    below = top.rstrip("/")
    assert {top: b"top", f"{below}/key": b"\xff", f"{below}/key/below": None}.items() <= data_of(nodes).items()
    with EmbeddedServer() as server, kazoo_session(server.connect_string) as client:
        preload(server.connect_string, nodes)
        assert b"\xff" == client.get(f"{below}/key")[0]
        assert [1] == [entry.perms for entry in client.get_acls(f"{below}/key")[0]]
        assert client.exists(f"{below}/key/below")
        assert b"top" == client.get(top)[0]


def test_the_tree_of_one_server_is_what_another_begins_with() -> None:
    with EmbeddedServer() as one, EmbeddedServer() as other, kazoo_session(one.connect_string) as client:
        client.create("/a/b", b"x", makepath=True)
        client.create("/e", ephemeral=True)
        preload(other.connect_string, nodes_of(one.tree(), Path()))
        assert {"a"} == other.tree()["children"].keys()
        assert one.tree("/a/b")["data"] == other.tree("/a/b")["data"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "it is neither a mapping of nodes nor what export writes"),
        ("{", "this is no JSON"),
        ('{"/a": 1}', "/a: 1 is no data: give text, bytes or None"),
        ('{"/a/../b": ""}', "relative paths not allowed"),
        ('{"format": "pyzoo-subtree-1", "path": "/a", "nodes": []}', "nodes must be a list"),
    ],
)
def test_a_file_that_has_no_nodes_is_named_with_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "nodes.json").write_text(text)
    with pytest.raises(PreloadError, match=r"nodes\.json: ") as caught:
        nodes_of("nodes.json", tmp_path)
    assert message in str(caught.value)
