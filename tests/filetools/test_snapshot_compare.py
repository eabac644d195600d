"""Two snapshots side by side, against what SnapshotComparer made of the same files."""

import pytest

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ToolError
from pyzoo.filetools.snapshot_compare import Thresholds, TreeInfo, compare, compare_interactively, tree_info
from tests.support.recordings import output_of, recorded_snapshot

INPUT = ("", "/app", "3", "7", "zz", "/nope", "", "")


@pytest.fixture(scope="module")
def sides() -> tuple[TreeInfo, TreeInfo]:
    return tree_info(recorded_snapshot("snapshot.21.gz").tree), tree_info(recorded_snapshot("snapshot.45").tree)


def without_times(recording: str) -> str:
    """A recording behind its lines about the options and the seconds."""
    return output_of(recording).split("seconds\n")[-1]


@pytest.mark.parametrize(("debug", "recording"), [(False, "395-snapcmp"), (True, "395-snapcmp-debug")])
def test_a_comparison_is_that_of_the_real_tool(sides: tuple[TreeInfo, TreeInfo], debug: bool, recording: str) -> None:
    left, right = sides
    text = "".join((str(left), str(right), *compare(left, right, Thresholds(2, 1, debug=debug))))
    assert text == without_times(recording)


def test_an_interactive_session_is_that_of_the_real_tool(sides: tuple[TreeInfo, TreeInfo]) -> None:
    left, right = sides
    lines = iter(INPUT)
    thresholds = Thresholds(2, 1, interactive=True)
    text = "".join((str(left), str(right), *compare_interactively(left, right, thresholds, lambda: next(lines))))
    assert text == without_times("395-snapcmp-interactive")


def test_the_input_may_not_end_before_the_last_layer(sides: tuple[TreeInfo, TreeInfo]) -> None:
    def nothing() -> str:
        raise EOFError

    with pytest.raises(ToolError, match="The input ended"):
        list(compare_interactively(*sides, Thresholds(0, 0), nothing))


def test_names_are_in_the_order_of_utf_16() -> None:
    def with_node(name: str) -> TreeInfo:
        tree = DataTree(digest_enabled=False)
        tree.load_node(f"/{name}", b"xx", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        return tree_info(tree)

    text = "".join(compare(with_node("\uffee"), with_node("\U0001f600"), Thresholds(1, 1)))
    assert text.index("\U0001f600 found only in right") < text.index("\uffee found only in left")
