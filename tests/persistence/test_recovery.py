"""Starting from directories with damage of every kind: what is tolerated, and what stops the start."""

import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, PyzooError, StorageError
from pyzoo.jute.records import (
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    ErrorTxn,
    TxnDigest,
    TxnHeader,
)
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.log_format import encode_file_header
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.recovery import Recovered, RecoverySettings, load
from pyzoo.persistence.snapshot.saved import save_snapshot
from pyzoo.persistence.txnlog import TxnLog
from tests.support.codec import encode_record, encode_txn
from tests.support.persistence_cases import (
    DATA,
    OPEN_ACL,
    VERSION_2,
    all_files,
    create_payload,
    creates,
    get,
    log_of,
    put,
    put_log,
    put_snapshot,
)

BOTH = Directories(DATA, DATA)


def start(disk: MemoryDisk, settings: RecoverySettings | None = None) -> Recovered:
    return load(disk, BOTH, DataTree(), settings)


def created(recovered: Recovered) -> list[int]:
    """The zxids of the /n nodes."""
    return sorted(int(path[2:]) for path in recovered.tree.nodes if path.startswith("/n"))


def refused(disk: MemoryDisk, message: str, settings: RecoverySettings | None = None) -> PyzooError:
    """The error of a start that must leave the disk as it was."""
    before = all_files(disk)
    with pytest.raises(StorageError, match=message) as caught:
        start(disk, settings)
    assert before == all_files(disk)
    return caught.value


@pytest.fixture
def snapped(disk: MemoryDisk) -> MemoryDisk:
    """A disk with a snapshot of an empty tree."""
    put_snapshot(disk, 0)
    return disk


# --- logs (the table of FileTxnLog.FileTxnIterator)


def test_all_logs_are_replayed_over_the_snapshot(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 3, padding=500))
    put_log(snapped, 4, log_of(4, 5))
    recovered = start(snapped)
    assert created(recovered) == [1, 2, 3, 4, 5]
    assert (recovered.last_zxid, recovered.replayed.txn_count) == (5, 5)
    assert (recovered.snapshot_zxid, recovered.snapshot_needed) == (0, True)
    assert recovered.warnings == []


def test_records_that_the_snapshot_holds_are_skipped_but_checked(disk: MemoryDisk) -> None:
    put_snapshot(disk, 3)
    put_log(disk, 1, log_of(1, 5))
    assert created(start(disk)) == [4, 5]
    damaged = bytearray(log_of(1, 5))
    damaged[40] ^= 1
    put_log(disk, 1, bytes(damaged))
    refused(disk, "CRC check failed")


def test_logs_before_the_one_that_holds_the_next_zxid_are_not_read(disk: MemoryDisk) -> None:
    put_snapshot(disk, 4)
    put_log(disk, 1, b"rubbish")
    put_log(disk, 3, log_of(3, 6))
    assert created(start(disk)) == [5, 6]


@given(st.data())
def test_any_cut_of_the_newest_log_loads_what_is_whole(data: st.DataObject) -> None:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put_snapshot(disk, 0)
    put_log(disk, 1, log_of(1, 2))
    whole = log_of(3, 6)
    cut = data.draw(st.one_of(st.just(0), st.integers(len(encode_file_header()), len(whole))))
    padding = data.draw(st.sampled_from([0, 1, 20, 5000]))
    put_log(disk, 3, whole[:cut] + bytes(padding if cut >= 16 else 0))
    recovered = start(disk)
    last = max(zxid for zxid in (2, 3, 4, 5, 6) if len(log_of(3, zxid)) <= max(cut, 16))
    assert created(recovered) == list(range(1, last + 1))
    # What comes next goes to a new file, and the start after that finds everything.
    log = TxnLog(disk, VERSION_2, pre_alloc_size_kb=0)
    log.append(last + 1, b"".join(creates(last + 1, 8)))
    log.commit()
    disk.crash()
    assert created(start(disk)) == list(range(1, 9))


def test_a_torn_record_within_the_logs_is_harmless_when_nothing_is_missing(snapped: MemoryDisk) -> None:
    path = put_log(snapped, 1, log_of(1, 3)[:-4])
    put_log(snapped, 3, log_of(3, 4))
    recovered = start(snapped)
    assert created(recovered) == [1, 2, 3, 4]
    assert [(path, len(log_of(1, 2)), False)] == [
        (torn.path, torn.offset, torn.is_last) for torn in recovered.replayed.torn
    ]
    assert "Last transaction was partial" in recovered.warnings[0]


def test_a_torn_record_within_the_logs_stops_the_start_when_zxids_are_missing(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 3)[:-4])
    put_log(snapped, 4, log_of(4, 5))
    error = refused(snapped, "0x4 is not the next proposal of 0x2 .*log.1.*partial")
    assert isinstance(error, CorruptStorage)
    assert (error.path, error.offset) == (f"{VERSION_2}/log.4", 16)


def test_a_missing_log_stops_the_start(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, 5, log_of(5, 6))
    refused(snapped, "transactions are missing: 0x5 is not the next proposal of 0x2")


def test_a_gap_after_the_snapshot_stops_the_start(disk: MemoryDisk) -> None:
    put_snapshot(disk, 3)
    put_log(disk, 5, log_of(5, 6))
    refused(disk, "0x5 is not the next proposal of 0x3 in the snapshot")


def test_a_new_epoch_may_begin_anywhere(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 2))
    first = 0x200000005
    records = encode_record(create_payload(first, "/n9")) + encode_record(create_payload(first + 1, "/n10"))
    put_log(snapped, first, encode_file_header() + records)
    recovered = start(snapped)
    assert recovered.last_zxid == first + 1
    assert created(recovered) == [1, 2, 9, 10]


def test_a_zxid_may_come_twice(snapped: MemoryDisk) -> None:
    """Apache logs a request that it could not decode under the zxid of its predecessor."""
    error = encode_record(encode_txn(TxnHeader(1, 1, 2, 1, -1), ErrorTxn(-5), None))
    put_log(snapped, 1, log_of(1, 2) + error + b"".join(creates(3, 3)))
    recovered = start(snapped)
    assert created(recovered) == [1, 2, 3]
    assert [proposal.zxid for proposal in recovered.committed] == [1, 2, 3]
    assert recovered.warnings == []


def test_a_lower_zxid_is_applied_and_reported(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 3) + b"".join(creates(2, 4)))
    recovered = start(snapped)
    assert created(recovered) == [1, 2, 3, 4]
    assert recovered.warnings == ["1 transactions were logged out of order; all are applied"]


def test_an_empty_newest_log_is_deleted(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, 3, b"")
    recovered = start(snapped)
    assert created(recovered) == [1, 2]
    assert snapped.list(VERSION_2) == ["log.1", "snapshot.0"]
    assert "Delete empty tail log file" in recovered.warnings[0]


def test_a_log_that_was_never_finished_is_removed(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 2))
    TxnLog(snapped, VERSION_2).append(3, b"".join(creates(3, 3)))
    assert created(start(snapped)) == [1, 2]
    assert snapped.list(VERSION_2) == ["log.1", "snapshot.0"]


WITHOUT_HEADER = [encode_file_header()[:1], encode_file_header()[:15], bytes(65552)]


@pytest.mark.parametrize("contents", WITHOUT_HEADER)
def test_a_newest_log_that_may_have_held_transactions_stops_the_start(snapped: MemoryDisk, contents: bytes) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, 3, contents)
    error = refused(snapped, "log.3: the file .*: transactions that were acknowledged may be missing")
    assert "pyzoo snapshot verify" in str(error)
    assert "-Dzookeeper.log.trust.cut=true" in str(error)


@pytest.mark.parametrize("contents", WITHOUT_HEADER)
def test_a_newest_log_without_a_whole_header_is_set_aside_when_that_is_trusted(
    snapped: MemoryDisk, contents: bytes
) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, 3, contents)
    recovered = start(snapped, RecoverySettings(trust_cut_log=True))
    assert created(recovered) == [1, 2]
    assert contents == get(snapped, f"{VERSION_2}/set-aside.log.3")
    assert snapped.list(VERSION_2) == ["log.1", "set-aside.log.3", "snapshot.0"]
    assert "counts as empty" in recovered.warnings[0]


@pytest.mark.parametrize("zxid", [2, 4, 0x1_0000_0002])
def test_an_empty_newest_log_that_does_not_come_next_stops_the_start(snapped: MemoryDisk, zxid: int) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, zxid, b"")
    refused(snapped, "it is empty, but does not begin after 0x2, the last transaction there is")
    assert created(start(snapped, RecoverySettings(trust_cut_log=True))) == [1, 2]


@pytest.mark.parametrize("zxid", [3, 0x1_0000_0001])
def test_an_empty_newest_log_that_comes_next_held_nothing(snapped: MemoryDisk, zxid: int) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, zxid, b"")
    assert created(start(snapped)) == [1, 2]


def test_a_newest_log_with_only_a_header_is_fine(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 2))
    put_log(snapped, 3, encode_file_header())
    assert start(snapped).warnings == []
    assert "log.3" in snapped.list(VERSION_2)


@pytest.mark.parametrize("length", [0, 1, 15])
def test_a_log_without_a_whole_header_stops_the_start_when_it_is_not_the_newest(
    snapped: MemoryDisk, length: int
) -> None:
    put_log(snapped, 1, encode_file_header()[:length])
    put_log(snapped, 3, log_of(3, 4))
    refused(snapped, "not the newest log")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"ZKSN" + log_of(1, 1)[4:], "not a transaction log"),
        (log_of(1, 1) + bytes(8) + b"\xff\xff\xff\xff", "unreasonable record length -1"),
        (log_of(1, 1) + bytes(8) + b"\x7f\xff\xff\xff", "unreasonable record length"),
        (log_of(1, 2)[:-3] + b"!" + log_of(1, 2)[-2:], "CRC check failed"),
        (
            encode_file_header() + encode_record(encode_txn(TxnHeader(1, 1, 1, 1, 13), None, None)),
            "unsupported transaction type 13",
        ),
        (
            encode_file_header() + encode_record(encode_txn(TxnHeader(1, 1, 1, 1, 2), None, None)),
            "unreadable transaction",
        ),
    ],
)
def test_a_damaged_log_stops_the_start(snapped: MemoryDisk, contents: bytes, message: str) -> None:
    put_log(snapped, 1, contents)
    error = refused(snapped, message)
    assert isinstance(error, CorruptStorage)
    assert error.path == f"{VERSION_2}/log.1"


def test_any_flipped_bit_in_a_log_stops_the_start_or_is_reported(snapped: MemoryDisk) -> None:
    """Except in version and dbid of the header, which nobody reads."""
    whole = log_of(1, 2)
    for bit in [*range(32), *range(128, len(whole) * 8)]:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        put_log(snapped, 1, bytes(damaged))
        try:
            recovered = start(snapped)
        except CorruptStorage:
            continue
        assert len(recovered.warnings) == 1


def test_whole_records_behind_a_torn_one_are_reported(snapped: MemoryDisk) -> None:
    damaged = bytearray(log_of(1, 4, padding=5000))
    damaged[len(log_of(1, 2)) - 1] = 0x43
    put_log(snapped, 1, bytes(damaged))
    recovered = start(snapped)
    assert created(recovered) == [1]
    assert f"whole records follow from byte {len(log_of(1, 2))} on" in recovered.warnings[0]


def test_other_names_are_no_logs(snapped: MemoryDisk) -> None:
    for name in ("log.xyz", "log.1.fixed", "log.1.chopped3", "slog.1"):
        put(snapped, f"{VERSION_2}/{name}", b"rubbish")
    assert start(snapped).replayed.files == []


# --- snapshots


def test_the_newest_snapshot_that_loads_is_taken(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    put_snapshot(disk, 2)
    whole = get(disk, put_snapshot(disk, 3))
    put(disk, f"{VERSION_2}/snapshot.3", whole[:30] + b"X" + whole[31:])
    put(disk, f"{VERSION_2}/snapshot.4", whole[:-1])
    put_log(disk, 1, log_of(1, 4))
    recovered = start(disk)
    assert recovered.snapshot_zxid == 2
    assert created(recovered) == [3, 4]
    assert recovered.warnings == recovered.skipped_snapshots
    assert re.search("Invalid snapshot .*snapshot.4", recovered.warnings[0])
    assert re.search("problem reading snap file .*snapshot.3", recovered.warnings[1])


@pytest.mark.parametrize("method", ["gz", "snappy"])
def test_a_cut_compressed_snapshot_is_passed_over(disk: MemoryDisk, method: str) -> None:
    put_snapshot(disk, 0)
    whole = get(disk, put_snapshot(disk, 2, method=method))
    for cut in range(16, len(whole) - 1, 7):
        put(disk, f"{VERSION_2}/snapshot.2.{method}", whole[:cut])
        recovered = start(disk)
        assert recovered.snapshot_zxid == 0
        assert len(recovered.warnings) == 1


def test_every_broken_seal_is_noticed(disk: MemoryDisk) -> None:
    put_snapshot(disk, 0)
    whole = get(disk, put_snapshot(disk, 2))
    for at in (0x19B, 0x1BC, 0x1D1):
        put(disk, f"{VERSION_2}/snapshot.2", whole[: at + 7] + bytes([whole[at + 7] ^ 1]) + whole[at + 8 :])
        assert "CRC corruption" in start(disk).warnings[0]


def test_nothing_of_a_snapshot_that_did_not_load_stays(disk: MemoryDisk) -> None:
    tree = DataTree()
    tree.process_txn(TxnHeader(7, 0, 1, 1, 1), CreateTxn("/gone", b"", OPEN_ACL, True, 1))
    save_snapshot(disk, VERSION_2, tree, {7: 1000})
    damaged = bytearray(get(disk, f"{VERSION_2}/snapshot.1"))
    damaged[-20] ^= 1
    put(disk, f"{VERSION_2}/snapshot.1", bytes(damaged))
    put_snapshot(disk, 0)
    recovered = start(disk)
    assert recovered.sessions == {}
    assert "/gone" not in recovered.tree.nodes
    assert recovered.tree.ownership.sessions == {}


def test_snapshots_of_which_none_loads_stop_the_start(disk: MemoryDisk) -> None:
    whole = get(disk, put_snapshot(disk, 0))
    put(disk, f"{VERSION_2}/snapshot.0", b"X" + whole[1:])
    refused(disk, "Not able to find valid snapshots in /data/version-2")


def test_logs_without_a_snapshot_stop_the_start(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 2))
    refused(disk, "No snapshot found in .*, but there are log entries")


def test_logs_without_a_snapshot_are_replayed_when_that_is_trusted(disk: MemoryDisk) -> None:
    put_log(disk, 1, log_of(1, 2))
    recovered = start(disk, RecoverySettings(trust_empty_snapshot=True))
    assert created(recovered) == [1, 2]
    assert (recovered.snapshot_path, recovered.snapshot_needed) == (None, True)


def test_an_empty_directory_becomes_a_new_database(disk: MemoryDisk) -> None:
    recovered = start(disk)
    assert (recovered.last_zxid, recovered.snapshot_path) == (0, f"{VERSION_2}/snapshot.0")
    assert not recovered.snapshot_needed
    disk.crash()
    assert disk.list(VERSION_2) == ["snapshot.0"]
    assert start(disk).last_zxid == 0


def test_an_incomplete_snapshot_alone_is_no_new_database(disk: MemoryDisk) -> None:
    put(disk, f"{VERSION_2}/snapshot.5", b"ZKSN and little more")
    refused(disk, r"Invalid snapshot .*snapshot\.5.*no new database")
    put(disk, f"{DATA}/initialize", b"")
    assert start(disk).last_zxid == 0


@pytest.mark.parametrize(("name", "contents"), [("snapshot.0", b"ZKSN"), ("snapshot.5", b"")])
def test_what_a_first_start_may_have_left_does_not_stop_the_next(disk: MemoryDisk, name: str, contents: bytes) -> None:
    put(disk, f"{VERSION_2}/{name}", contents)
    assert start(disk).last_zxid == 0


def test_an_empty_directory_without_autocreate_has_no_zxid(disk: MemoryDisk) -> None:
    recovered = start(disk, RecoverySettings(db_autocreate=False))
    assert (recovered.last_zxid, recovered.snapshot_needed) == (-1, True)
    assert disk.list(VERSION_2) == []


@pytest.mark.parametrize("place", ["/log", "/data"])
def test_an_initialize_file_makes_a_new_database_and_goes(place: str) -> None:
    disk = MemoryDisk()
    directories = Directories("/data", "/log")
    for directory in (directories.snapshots, directories.logs):
        disk.make_directory(directory)
    put(disk, f"{place}/initialize", b"")
    recovered = load(disk, directories, DataTree(), RecoverySettings(db_autocreate=False))
    assert recovered.last_zxid == 0
    assert not disk.exists(f"{place}/initialize")


# --- what is made of it


def session_record(zxid: int, session_id: int, type: int, timeout_ms: int = 1000) -> bytes:
    txn = CreateSessionTxn(timeout_ms) if type == -10 else None
    return encode_record(encode_txn(TxnHeader(session_id, 0, zxid, 1, type), txn, None))


def ephemeral_record(zxid: int, session_id: int, path: str) -> bytes:
    txn = CreateTxn(path, b"", OPEN_ACL, True, zxid)
    return encode_record(encode_txn(TxnHeader(session_id, 0, zxid, 1, 1), txn, None))


def test_sessions_come_and_go_with_their_transactions(snapped: MemoryDisk) -> None:
    records = [
        session_record(1, 7, -10, 5000),
        session_record(2, 8, -10, 6000),
        ephemeral_record(3, 7, "/a"),
        ephemeral_record(4, 8, "/b"),
        session_record(5, 7, -11),
    ]
    put_log(snapped, 1, encode_file_header() + b"".join(records))
    recovered = start(snapped)
    assert recovered.sessions == {8: 6000}
    assert ("/a" in recovered.tree.nodes, "/b" in recovered.tree.nodes) == (False, True)
    assert recovered.orphan_count == 0


def test_ephemerals_without_a_session_are_removed(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, encode_file_header() + ephemeral_record(1, 7, "/a"))
    recovered = start(snapped)
    assert "/a" not in recovered.tree.nodes
    assert (recovered.orphan_count, recovered.snapshot_needed) == (1, True)
    assert recovered.last_zxid == recovered.tree.last_processed_zxid == 1


def ttl_log() -> bytes:
    txn = CreateTTLTxn("/ttl", b"", OPEN_ACL, 1, 1000)
    return encode_file_header() + encode_record(encode_txn(TxnHeader(7, 0, 1, 1, 21), txn, None))


def test_ttl_nodes_are_not_removed_because_extended_types_are_off(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, ttl_log())
    refused(snapped, "/ttl is a TTL node, but extended types are off.*extendedTypesEnabled=true")
    recovered = load(snapped, BOTH, DataTree(extended_types=True))
    assert list(recovered.tree.ownership.ttls) == ["/ttl"]


def test_ttl_nodes_go_where_that_is_asked_for(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, ttl_log())
    recovered = start(snapped, RecoverySettings(drop_ttl_nodes=True))
    assert ("/ttl" in recovered.tree.nodes, recovered.orphan_count) == (False, 1)


def test_a_digest_that_does_not_match_is_counted_and_the_start_goes_on(snapped: MemoryDisk) -> None:
    digests = [TxnDigest(2, 1), TxnDigest(1, 1), None, TxnDigest(2, 2)]
    records = [create_payload(zxid, f"/n{zxid}", digest) for zxid, digest in enumerate(digests, 1)]
    put_log(snapped, 1, encode_file_header() + b"".join(map(encode_record, records)))
    recovered = start(snapped)
    assert created(recovered) == [1, 2, 3, 4]
    assert (2, 1) == (recovered.replayed.digest_mismatch_count, recovered.replayed.first_mismatch_zxid)
    assert recovered.warnings == ["Digests are not matching: 2 of 3, the first at zxid 0x1"]


def test_no_digest_is_compared_with_digests_off(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, encode_file_header() + encode_record(create_payload(1, "/n1", TxnDigest(2, 1))))
    recovered = load(snapped, BOTH, DataTree(digest_enabled=False))
    assert (created(recovered), recovered.warnings) == ([1], [])


def test_a_snapshot_whose_digest_is_never_reached_is_reported(disk: MemoryDisk) -> None:
    tree = DataTree()
    tree.process_txn(TxnHeader(0, 0, 9, 1, 1), CreateTxn("/n9", b"", OPEN_ACL, False, 1))
    contents = get(disk, save_snapshot(disk, VERSION_2, tree, {}))
    disk.remove(f"{VERSION_2}/snapshot.9")
    put(disk, f"{VERSION_2}/snapshot.3", contents)
    put_log(disk, 4, log_of(4, 5))
    recovered = start(disk)
    assert not recovered.replayed.snapshot_digest_reached
    assert recovered.warnings == [
        "Highest txn zxid 0x5 is not covering the snapshot digest zxid 0x9",
    ]


def test_the_last_proposals_are_remembered(snapped: MemoryDisk) -> None:
    put_log(snapped, 1, log_of(1, 9))
    recovered = start(snapped, RecoverySettings(commit_log_count=3))
    assert [(zxid, create_payload(zxid, f"/n{zxid}")) for zxid in (7, 8, 9)] == [
        (proposal.zxid, proposal.payload) for proposal in recovered.committed
    ]
    assert start(snapped, RecoverySettings(commit_log_count=0)).committed == []


def test_what_a_dead_saver_left_goes_after_a_good_start(snapped: MemoryDisk) -> None:
    put(snapped, f"{VERSION_2}/tmp.snapshot.5", b"half")
    start(snapped)
    assert snapped.list(VERSION_2) == ["snapshot.0"]


def test_times_are_those_of_the_clock_that_was_given(snapped: MemoryDisk) -> None:
    recovered = load(snapped, BOTH, DataTree(), clock_ns=count(step=5).__next__)
    assert (recovered.snapshot_load_ns, recovered.replay_ns) == (5, 5)


def test_a_disk_that_cannot_be_read_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="cannot load the database: /data/version-2: no such directory"):
        start(MemoryDisk())
