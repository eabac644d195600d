"""Whatever the past was, what is read from the files is what a plain model says of it."""

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.history.difference import Difference
from pyzoo.history.page import read_page
from pyzoo.history.query import HistoryQuery
from pyzoo.history.tree_at import tree_at
from tests.support.past_strategies import pasts
from tests.support.pasts import PATHS, SESSIONS, Past, Row, model_of, model_of_node


@given(pasts())
def test_the_tree_at_every_zxid_is_that_of_the_model(past: Past) -> None:
    for zxid, nodes in past.states.items():
        read = tree_at(past.disk, past.directories, zxid)
        assert model_of(read.tree) == nodes
        assert read.is_verified is not False


@given(pasts(), st.data())
def test_what_is_different_makes_the_second_tree_of_the_first(past: Past, data: st.DataObject) -> None:
    first, second = sorted(data.draw(st.lists(st.sampled_from(list(past.states)), min_size=2, max_size=2)))
    read = tree_at(past.disk, past.directories, first)
    before, earlier = model_of(read.tree), read.tree
    counters = {path: node.reported_cversion() for path, node in earlier.nodes.items()}
    difference = Difference()
    read.advance(past.disk, past.directories.logs, second, watch=difference.watch)
    for row in difference.between(read.tree):
        if row.before is not None:
            assert before.pop(row.path) == model_of_node(row.before, row.before.acl)
            assert counters[row.path] == row.before.cversion
        if row.after is not None:
            before[row.path] = model_of_node(row.after, row.after.acl)
    assert past.states[second] == before


def pages_of(past: Past, **wanted: object) -> list[Row]:
    """All rows, page by page, oldest first, with plain names for the kinds of creates."""
    query = HistoryQuery(**wanted)  # type: ignore[arg-type]
    rows: list[Row] = []
    while True:
        page = read_page(past.disk, past.directories, query)
        rows += [Row(change.zxid, change.kind, change.path, change.session) for change in page.changes if change.path]
        if page.cursor is None:
            return rows[::-1]
        query = HistoryQuery(**wanted, before=page.cursor)  # type: ignore[arg-type]


@given(pasts(), st.sampled_from(PATHS), st.booleans(), st.integers(1, 5))
def test_the_history_of_a_path_is_that_of_the_model(past: Past, path: str, subtree: bool, limit: int) -> None:
    def is_wanted(row: Row) -> bool:
        return row.path == path or (subtree and row.path.startswith(path + "/"))

    assert [row for row in past.rows if is_wanted(row)] == pages_of(past, path=path, subtree=subtree, limit=limit)


@given(pasts(), st.sampled_from(SESSIONS), st.data())
def test_the_history_of_a_session_in_a_span_of_zxids_is_that_of_the_model(
    past: Past, session: int, data: st.DataObject
) -> None:
    first, last = sorted(data.draw(st.lists(st.sampled_from(list(past.states)), min_size=2, max_size=2)))
    expected = [row for row in past.rows if row.session == session and first <= row.zxid <= last]
    assert expected == pages_of(past, session=session, from_zxid=first, to_zxid=last, limit=3)
