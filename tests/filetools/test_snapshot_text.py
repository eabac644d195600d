"""Snapshots as text, against what SnapshotFormatter and SnapshotRecursiveSummary made of the same files."""

import io
import re

import pytest

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ToolError
from pyzoo.filetools.snapshot_summary import summary
from pyzoo.filetools.snapshot_text import details, json_text
from pyzoo.filetools.snapshot_tree import SnapshotTree, read_snapshot, session_order
from tests.support.recordings import FILES, UTC, flipped, output_of, recorded_snapshot


@pytest.mark.parametrize(
    "recording",
    [
        "395-snapfmt-snapshot.21.gz",
        "395-snapfmt-snapshot.38.snappy",
        "395-snapfmt-snapshot.92",
        "395-snapfmt-snapshot.a5",
        "380-snapfmt-snapshot.a5",
    ],
)
def test_the_details_are_those_of_the_real_tool(recording: str) -> None:
    assert "".join(details(recorded_snapshot(recording[12:]), UTC)) == output_of(recording)


def test_data_is_shown_in_base64() -> None:
    snapshot = recorded_snapshot("snapshot.21.gz")
    assert "".join(details(snapshot, UTC, with_data=True)) == output_of("395-snapfmt-d-snapshot.21.gz")


def test_the_json_is_that_of_the_real_tool() -> None:
    recorded = output_of("395-snapfmt-json-snapshot.21.gz")
    found = re.search(r'"timestamp":(\d+)', recorded)
    assert found is not None
    assert "".join(json_text(recorded_snapshot("snapshot.21.gz"), int(found[1]))) == recorded


def test_names_in_json_are_escaped_as_jackson_does() -> None:
    tree = DataTree(digest_enabled=False)
    tree.load_node('/a"\\\x01\t\u00e9', b"", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert '"name":"a\\"\\\\\\u0001\\t\u00e9"' in "".join(json_text(SnapshotTree(tree, {}, 0, ""), 0))


@pytest.mark.parametrize(
    ("start", "depth", "recording"),
    [("/", 0, "snapsum-0"), ("/", 1, "snapsum-1"), ("/", 2, "snapsum-2"), ("/app", 1, "snapsum-app-1")],
)
def test_a_summary_is_that_of_the_real_tool(start: str, depth: int, recording: str) -> None:
    assert "".join(summary(recorded_snapshot("snapshot.21.gz"), start, depth)) == output_of(f"395-{recording}")


def test_a_summary_of_no_node_is_refused() -> None:
    with pytest.raises(ToolError, match="The snapshot has no node /none"):
        list(summary(recorded_snapshot("snapshot.0"), "/none", 0))


def test_a_wrong_seal_does_not_hide_the_nodes() -> None:
    data = (FILES / "snapshot.a5").read_bytes()
    text = flipped(data, data.index(b"root data"))
    snapshot = read_snapshot(io.BytesIO(text).read, "snapshot.a5")
    assert "CRC corruption" in snapshot.damage
    assert "".join(details(snapshot, UTC)) == output_of("395-snapfmt-snapshot.a5")


@pytest.mark.parametrize("data", [b"", b"ZKLG" + bytes(100), (FILES / "snapshot.a5").read_bytes()[:1000]])
def test_what_is_no_whole_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(ToolError, match="Cannot read the snapshot: "):
        read_snapshot(io.BytesIO(data).read, "snapshot.1")


def test_a_very_deep_tree_is_walked() -> None:
    tree = DataTree(digest_enabled=False)
    path = ""
    for _ in range(3000):
        path += "/d"
        tree.load_node(path, b"x", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    snapshot = SnapshotTree(tree, {}, 0, "")
    assert f"{path}\n" in "".join(details(snapshot, UTC))
    assert "".join(summary(snapshot, "/d", 0)).startswith(" /d\n   children: 2999\n   data: 3000\n")
    assert "".join(json_text(snapshot, 0)).endswith("]" * 3001)


def test_sessions_come_in_the_order_of_javas_table() -> None:
    # The bucket is that of the low bits of both halves together.
    assert session_order([0x0F, 0x100000002, 0x01, 0x10, 0x00]) == [0x10, 0x00, 0x01, 0x100000002, 0x0F]
