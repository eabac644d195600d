"""Pages of a history where the logs are not as one would like them."""

import pytest

from pyzoo.errors import HistoryError, HistoryQueryError
from pyzoo.history.answers import answer_acls, answer_history, answer_tree_at
from pyzoo.history.log_tail import LogTail
from pyzoo.history.log_walk import PIECE
from pyzoo.history.page import HistoryPage, read_page
from pyzoo.history.query import Cursor, HistoryQuery
from pyzoo.history.questions import AclQuestion, Moment, TreeQuestion
from pyzoo.persistence.disk import ReadFile
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.subtrees.acl_text import perms_of
from tests.support.pasts import Past
from tests.support.persistence_cases import OPEN_ACL, VERSION_2


def changes_of(past: Past, page: HistoryPage) -> list[int]:
    return [change.zxid for change in page.changes]


def page_of(past: Past, query: HistoryQuery) -> HistoryPage:
    return read_page(past.disk, past.directories, query)


def sets(past: Past, count: int) -> None:
    for number in range(count):
        past.step("setData", "/a", b"%d" % number)


@pytest.fixture
def past() -> Past:
    past = Past()
    past.step("create", "/a")
    return past


def test_a_record_that_is_being_written_is_not_there_yet(past: Past) -> None:
    sets(past, 2)
    end = past.disk.size(f"{VERSION_2}/log.1")
    past.step("setData", "/a", b"x" * end)
    past.disk.open_write(f"{VERSION_2}/log.1").truncate(end + 100)
    page = page_of(past, HistoryQuery("/a"))
    assert [3, 2, 1] == changes_of(past, page)
    assert [] == page.notes


def test_what_is_behind_damage_is_said_to_be_left_out(past: Past) -> None:
    begin = past.disk.open_read(f"{VERSION_2}/log.1").read(1 << 20).rstrip(b"\0")
    sets(past, 2)
    past.disk.open_write(f"{VERSION_2}/log.1").write_at(len(begin) + 8, b"\x7f\xff\xff\xff")
    page = page_of(past, HistoryQuery("/a"))
    assert [1] == changes_of(past, page)
    assert "is no record: it is not looked at" in page.notes[0]


def test_a_record_whose_checksum_does_not_hold_is_left_out_and_said(past: Past) -> None:
    sets(past, 1)
    log = past.disk.open_read(f"{VERSION_2}/log.1").read(1 << 20).rstrip(b"\0")
    past.step("setData", "/a", b"later")
    past.disk.open_write(f"{VERSION_2}/log.1").write_at(log.rindex(b"/a") + 6, b"?")
    page = page_of(past, HistoryQuery("/a"))
    assert [3, 1] == changes_of(past, page)
    assert "CRC check failed" in page.notes[0]


def test_a_hole_that_a_received_snapshot_has_left_is_told(past: Past) -> None:
    sets(past, 2)
    past.roll()
    past.zxid += 100
    sets(past, 1)
    for query in (HistoryQuery("/a"), HistoryQuery("/nothing"), HistoryQuery()):
        [note] = page_of(past, query).notes
        assert "between 0x3 and 0x68 transactions are missing" in note


def test_the_acl_from_before_a_hole_is_not_that_of_what_came_behind_it(past: Past) -> None:
    sets(past, 1)
    past.roll()
    past.zxid += 100
    sets(past, 1)
    page = page_of(past, HistoryQuery("/a"))
    assert [None, OPEN_ACL, OPEN_ACL] == [page.acl_then(change) for change in page.changes]
    [behind, created] = answer_acls(past.disk, past.directories, AclQuestion(["/a"], past.zxid))["/a"]
    assert [(3, None), (1, 31)] == [behind, (created[0], perms_of(created[1][0]["perms"]))]


def test_an_epoch_that_ended_elsewhere_is_told_by_the_snapshot(past: Past) -> None:
    past.zxid += 50
    past.save_snapshot()
    past.begin_epoch()
    past.roll()
    sets(past, 1)
    [note] = page_of(past, HistoryQuery("/a")).notes
    assert "between 0x1 and 0x100000001 transactions are missing" in note


def test_an_epoch_that_ended_here_leaves_no_hole(past: Past) -> None:
    past.save_snapshot()
    past.begin_epoch()
    past.roll()
    sets(past, 1)
    assert [] == page_of(past, HistoryQuery("/a")).notes


def test_who_runs_out_of_time_gets_a_cursor_to_go_on_with(past: Past) -> None:
    for _ in range(6):
        past.roll()
        sets(past, 1)
    looks = iter([True] * 9)
    page = read_page(past.disk, past.directories, HistoryQuery("/a"), lambda: next(looks, False))
    assert page.stopped_early
    assert page.cursor is not None
    rest = page_of(past, HistoryQuery("/a", before=page.cursor))
    assert [7, 6, 5, 4, 3, 2, 1] == changes_of(past, page) + changes_of(past, rest)
    assert 0 < len(page.changes) < 7


class PurgedDisk(MemoryDisk):
    """A file goes while others are read."""

    victim = ""

    def open_read(self, path: str) -> ReadFile:
        if path == self.victim:
            self.remove(path)
        return super().open_read(path)


def test_a_log_that_is_purged_meanwhile_is_the_end_of_the_history() -> None:
    disk = PurgedDisk(crashable=False)
    past = Past(disk)
    past.step("create", "/a")
    past.roll()
    sets(past, 1)
    past.roll()
    sets(past, 1)
    query = HistoryQuery("/a")
    disk.victim = f"{VERSION_2}/log.2"
    page = page_of(past, query)
    assert [3] == changes_of(past, page)
    assert "purged while it was read" in page.notes[0]


def test_a_tree_before_the_oldest_snapshot_is_not_told() -> None:
    past = Past()
    past.step("create", "/a")
    sets(past, 3)
    past.roll()
    past.save_snapshot()
    sets(past, 1)
    past.purge_before(4)
    with pytest.raises(HistoryError, match="no snapshot is there from which 0x3 could be reached, and the logs begin"):
        answer_tree_at(past.disk, past.directories, TreeQuestion(Moment(3)))
    assert answer_tree_at(past.disk, past.directories, TreeQuestion(Moment(4), "/a"))["node"]["text"] == "2"


def test_an_answer_has_so_many_bytes_at_most_and_goes_on(past: Past) -> None:
    past.step("setACL", "/a", acl=1)
    past.tree.acl_of(past.tree.nodes["/a"])
    answer = answer_history(past.disk, past.directories, HistoryQuery("/a", limit=1))
    assert 1 == len(answer["changes"])
    assert answer["cursor"] == f"0x{past.zxid:x}.0"


@pytest.mark.parametrize("cursor", ["", "x", "1.-1", "0x1", "f" * 17 + ".0", f"1.{1 << 31}"])
def test_cursors_that_no_page_gave_are_refused(cursor: str) -> None:
    with pytest.raises(HistoryQueryError):
        Cursor.parse(cursor)


def test_data_that_looks_like_the_end_of_a_log_is_passed_over(past: Past) -> None:
    past.step("setData", "/a", bytes(PIECE * 2 - 4096))
    past.step("setData", "/a", b"behind")
    assert [3, 2, 1] == changes_of(past, page_of(past, HistoryQuery("/a")))
    past.step("create", "/d", b"")
    assert [4] == changes_of(past, page_of(past, HistoryQuery("/d")))


def test_a_tail_tells_what_came_since_the_last_look(past: Past) -> None:
    tail = LogTail(past.disk, VERSION_2)
    assert (1, True) == (len(tail.read_new(0, 10)[0]), True)
    assert ([], True) == tail.read_new(1, 10)
    sets(past, 3)
    past.roll()
    sets(past, 2)
    payloads, is_whole = tail.read_new(1, 10)
    assert (5, True) == (len(payloads), is_whole)
    sets(past, 4)
    payloads, is_whole = tail.read_new(6, 3)
    assert (3, False) == (len(payloads), is_whole)
