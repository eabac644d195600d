"""Proposals from the logs: what is handed out is whole, and where that is in doubt there is nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.jute.opcodes import ERROR
from pyzoo.jute.records import ErrorTxn, TxnHeader
from pyzoo.persistence.disk import join
from pyzoo.persistence.log_format import encode_file_header
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.proposals import read_proposals
from pyzoo.persistence.txnlog import TxnLog
from tests.support.codec import encode_record, encode_txn
from tests.support.persistence_cases import VERSION_2, create_payload, creates, disk_of, log_of, put, put_log

SECOND_EPOCH = 0x200000000


def zxids(
    disk: MemoryDisk, from_zxid: int, to_zxid: int, size_limit: int = 0, snapshots: tuple[int, ...] = ()
) -> object:
    found = read_proposals(disk, VERSION_2, from_zxid, to_zxid, size_limit, snapshots)
    return None if found is None else [proposal.zxid for proposal in found]


def put_records(disk: MemoryDisk, first_zxid: int, *records: bytes, tail: bytes = b"") -> None:
    put_log(disk, first_zxid, encode_file_header() + b"".join(records) + tail)


@pytest.fixture
def three_logs(disk: MemoryDisk) -> MemoryDisk:
    for first in (1, 11, 21):
        put_log(disk, first, log_of(first, first + 9, padding=200))
    return disk


@given(st.integers(0, 35), st.integers(0, 35))
def test_the_range_comes_from_as_many_files_as_it_takes(from_zxid: int, to_zxid: int) -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    for first in (1, 11, 21):
        put_log(disk, first, log_of(first, first + 9, padding=200))
    found = zxids(disk, from_zxid, to_zxid)
    if from_zxid < 1:
        assert found is None
    elif from_zxid <= to_zxid:
        assert found == list(range(from_zxid, min(to_zxid, 30) + 1))


def test_payloads_are_those_of_the_file(three_logs: MemoryDisk) -> None:
    found = read_proposals(three_logs, VERSION_2, 15, 15, 0)
    assert found is not None
    assert [proposal.payload for proposal in found] == [create_payload(15, "/n15")]


def test_a_log_that_does_not_reach_back_gives_nothing(disk: MemoryDisk) -> None:
    put_log(disk, 11, log_of(11, 20))
    assert zxids(disk, 10, 20) is None
    assert zxids(disk, 11, 12) == [11, 12]


def test_the_first_record_has_to_reach_back_not_only_the_name(disk: MemoryDisk) -> None:
    put_log(disk, 5, log_of(11, 20))
    assert zxids(disk, 10, 20) is None


def test_no_log_gives_nothing(disk: MemoryDisk) -> None:
    assert zxids(disk, 1, 5) is None


def test_a_directory_that_is_gone_gives_nothing() -> None:
    assert zxids(MemoryDisk(), 1, 5) is None


def test_the_limit_counts_payloads_and_no_padding(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=64)
    log.append(1, b"".join(creates(1, 8)))
    log.commit()
    size = sum(len(create_payload(zxid, f"/n{zxid}")) for zxid in (3, 4, 5))
    assert zxids(disk, 3, 5, size) == [3, 4, 5]
    assert zxids(disk, 3, 5, size - 1) is None


def test_a_hole_inside_an_epoch_gives_nothing(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 5), *creates(8, 9))
    assert zxids(disk, 2, 9) is None
    assert zxids(disk, 6, 9) is None


def test_a_hole_outside_the_range_does_not_matter(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 2), *creates(5, 9), *creates(12, 12))
    assert zxids(disk, 5, 9) == [5, 6, 7, 8, 9]
    assert zxids(disk, 5, 11) == [5, 6, 7, 8, 9]


def test_a_hole_between_files_gives_nothing(three_logs: MemoryDisk) -> None:
    three_logs.remove(join(VERSION_2, "log.b"))
    assert zxids(three_logs, 5, 25) is None


def test_an_epoch_begins_with_its_first_transaction(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 3))
    put_log(disk, SECOND_EPOCH + 1, log_of(SECOND_EPOCH + 1, SECOND_EPOCH + 2))
    assert zxids(disk, 2, SECOND_EPOCH + 1) == [2, 3, SECOND_EPOCH + 1]
    assert zxids(disk, SECOND_EPOCH, SECOND_EPOCH + 2) == [SECOND_EPOCH + 1, SECOND_EPOCH + 2]


def test_an_epoch_without_its_first_transaction_gives_nothing(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 3))
    put_log(disk, SECOND_EPOCH + 2, log_of(SECOND_EPOCH + 2, SECOND_EPOCH + 4))
    assert zxids(disk, 2, SECOND_EPOCH + 4) is None
    assert zxids(disk, SECOND_EPOCH + 2, SECOND_EPOCH + 4) is not None


def test_a_snapshot_between_two_epochs_shows_a_hole(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 3), *creates(SECOND_EPOCH + 1, SECOND_EPOCH + 2))
    assert zxids(disk, 2, SECOND_EPOCH + 1, snapshots=(0, 3, SECOND_EPOCH + 1)) == [2, 3, SECOND_EPOCH + 1]
    assert zxids(disk, 2, SECOND_EPOCH + 1, snapshots=(7,)) is None


@pytest.mark.parametrize(
    "tail", [b"\x00" * 100, b"\x00\x00\x00", creates(4, 4)[0][:30], creates(4, 4)[0][:-1] + b"\x00"]
)
def test_an_end_that_is_being_written_is_the_end(disk: MemoryDisk, tail: bytes) -> None:
    put_records(disk, 1, *creates(1, 3), tail=tail)
    assert zxids(disk, 2, 9) == [2, 3]


@pytest.mark.parametrize("contents", [b"", encode_file_header()[:7], encode_file_header(), bytes(100)])
def test_a_file_that_was_just_begun_is_the_end(three_logs: MemoryDisk, contents: bytes) -> None:
    put_log(three_logs, 31, contents)
    assert zxids(three_logs, 29, 40) == [29, 30]


def test_a_torn_file_that_is_followed_by_another_gives_nothing(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 3), tail=creates(4, 4)[0][:30])
    put_log(disk, 4, log_of(4, 6))
    assert zxids(disk, 2, 6) is None
    assert zxids(disk, 4, 6) == [4, 5, 6]


def test_a_file_without_a_header_that_is_followed_by_another_gives_nothing(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 3))
    put_log(disk, 4, b"")
    put_log(disk, 5, log_of(4, 6))
    assert zxids(disk, 2, 6) is None


def test_damage_gives_nothing(three_logs: MemoryDisk) -> None:
    contents = bytearray(log_of(11, 20))
    contents[60] ^= 1
    put_log(three_logs, 11, bytes(contents))
    assert zxids(three_logs, 5, 25) is None
    assert zxids(three_logs, 5, 10) == [5, 6, 7, 8, 9, 10]


def test_a_record_without_a_transaction_header_gives_nothing(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 2), encode_record(bytes(31)))
    assert zxids(disk, 1, 3) is None


def test_of_records_with_one_zxid_the_newest_counts(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 5))
    again = [encode_record(create_payload(zxid, f"/again{zxid}")) for zxid in (4, 5, 6)]
    put_records(disk, 4, *again)
    found = read_proposals(disk, VERSION_2, 2, 6, 0)
    assert found is not None
    assert [proposal.zxid for proposal in found] == [2, 3, 4, 5, 6]
    assert [proposal.payload for proposal in found][2:] == [create_payload(zxid, f"/again{zxid}") for zxid in (4, 5, 6)]


def test_an_error_with_the_zxid_before_it_takes_nothing_away(disk: MemoryDisk) -> None:
    """Apache logs so what it cannot decode; the learner would miss the real transaction."""
    error = encode_record(encode_txn(TxnHeader(1, 1, 2, 0, ERROR), ErrorTxn(-5), None))
    put_records(disk, 1, *creates(1, 2), error, *creates(3, 3))
    found = read_proposals(disk, VERSION_2, 1, 3, 0)
    assert found is not None
    assert [proposal.payload for proposal in found] == [create_payload(zxid, f"/n{zxid}") for zxid in (1, 2, 3)]


def test_a_record_out_of_order_gives_nothing(disk: MemoryDisk) -> None:
    put_records(disk, 1, *creates(1, 3), *creates(SECOND_EPOCH + 1, SECOND_EPOCH + 1), *creates(4, 4))
    assert zxids(disk, 2, SECOND_EPOCH + 1) is None


def test_a_real_log_is_read(fixtures: Path) -> None:
    disk = disk_of(fixtures / "ensemble-3.9.5" / "s1")
    directory = "/data/log/version-2"
    found = read_proposals(disk, directory, 0x100000001, 0x1FFFFFFFF, 0)
    assert found is not None
    assert found[0].zxid == 0x100000001
    assert [proposal.zxid for proposal in found] == list(range(0x100000001, found[-1].zxid + 1))


def test_what_is_being_appended_may_be_read(disk: MemoryDisk) -> None:
    log = TxnLog(disk, VERSION_2)
    for zxid in range(1, 6):
        log.append(zxid, b"".join(creates(zxid, zxid)))
        assert zxids(disk, 1, 9) == (list(range(1, zxid + 1)) if zxid > 1 else None), "a new file is not found yet"
        log.commit()
    log.roll()
    put(disk, join(VERSION_2, "set-aside.log.9"), b"")
    assert zxids(disk, 1, 9) == [1, 2, 3, 4, 5]
