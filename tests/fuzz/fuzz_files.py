"""Files of a data directory, and what tools and restores are given."""

import io
import itertools
import zlib
from collections.abc import Callable
from functools import cache

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord, StorageError, ToolError
from pyzoo.filetools.log_dump import dump
from pyzoo.filetools.log_records import LogFile
from pyzoo.filetools.snapshot_compare import Thresholds, compare, tree_info
from pyzoo.filetools.snapshot_summary import summary
from pyzoo.filetools.snapshot_text import details, json_text
from pyzoo.filetools.snapshot_tree import read_snapshot
from pyzoo.filetools.verify_directory import DirectoryCheck
from pyzoo.filetools.verify_files import Soundness, verify_log, verify_snapshot
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    ACL,
    CheckVersionTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    Txn,
    TxnHeader,
)
from pyzoo.persistence.compression import GZ, PLAIN, SNAPPY, compressor_for, source_for
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.log_format import (
    READING,
    LogReader,
    encode_file_header,
)
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.recovery import Recovered, RecoverySettings, load
from pyzoo.persistence.restored import read_restored
from pyzoo.persistence.snapshot import layout
from pyzoo.persistence.snapshot.file import SnapshotReader, snapshot_chunks
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader
from tests.fuzz.mutators import stepped
from tests.fuzz.pieces import arrivals, head_and_rest, join_steps, steps
from tests.fuzz.target import Target
from tests.support.codec import encode_record, encode_txn, encoded
from tests.support.persistence_cases import DATA, VERSION_2, all_files, put
from tests.support.recordings import FIXTURES, UTC

OPEN = [ACL(31, "world", "anyone")]
MOST_CONTENTS = 1 << 22
"""Bytes that are unpacked of a few thousand at the most."""
MOST_PIECE = 1 << 26
METHODS = (PLAIN, GZ, SNAPPY)
NAMES = ("snapshot.1", "snapshot.1.gz", "snapshot.1.snappy")


def source(data: bytes, step: int = 0) -> Callable[[int], bytes]:
    """A file's `read`, which gives at most `step` bytes at once where that is not 0."""
    file = io.BytesIO(data)
    return lambda size: file.read(min(size, step) if step else size)


def fuzz_log(data: bytes) -> None:
    """Server and tools read the same records of a log, in pieces of any size, and say how it ends."""
    step, contents = head_and_rest(data)
    found, _ = _payloads(contents, 0)
    assert (found, None) == (_payloads(contents, step)[0], None)
    assert found == _payloads_of_tools(contents)[: len(found)]
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put(disk, f"{VERSION_2}/log.1", contents)
    report = verify_log(disk, f"{VERSION_2}/log.1")
    assert str(report)
    try:
        text = "".join(dump(LogFile(source(contents, step), "log.1"), UTC))
        assert text.endswith("txns.\n")
    except ToolError:
        assert report.soundness is not Soundness.GOOD


def _payloads(contents: bytes, step: int) -> tuple[list[bytes], LogReader]:
    reader = LogReader(source(contents, step), "log.1")
    found = []
    try:
        while (payload := reader.next_payload()) is not None:
            found.append(payload)
        assert reader.ending != READING
        assert reader.end_offset <= len(contents)
        assert reader.find_record_after_torn() < len(contents)
    except CorruptStorage as error:
        assert 0 <= error.offset <= len(contents)
    return found, reader


def _payloads_of_tools(contents: bytes) -> list[bytes]:
    log = LogFile(source(contents), "log.1")
    found = []
    try:
        log.header()
        for record in log.records():
            if not (record.is_intact and record.is_ended):
                break
            found.append(record.payload)
    except ToolError:
        pass
    return found


IS_RAW_ZXID, HAS_BAD_CHECKSUM = 1, 2


def fuzz_transactions(data: bytes) -> None:
    """A log of any transactions with right checksums: a server starts with what they give, or says why not."""
    contents = encode_file_header()
    zxid = 0
    for code, payload in steps(data):
        if not code & IS_RAW_ZXID:
            zxid += 1
            payload = payload[:12] + zxid.to_bytes(8, "big") + payload[20:]
        if payload:
            record = encode_record(payload)
            contents += record if not code & HAS_BAD_CHECKSUM else bytes(8) + record[8:]
    recovered = _start({"snapshot.0": _empty_snapshot(), "log.1": contents})
    if recovered is not None:
        _assert_saved_alike(recovered.tree, recovered.sessions)


@cache
def _empty_snapshot() -> bytes:
    return b"".join(snapshot_chunks(DataTree(), {}))


def _assert_saved_alike(tree: DataTree, sessions: dict[int, int]) -> None:
    """A snapshot of the tree holds all of it, but for what has lost its parent: no server writes such a history."""
    if any("/" not in path for path in tree.nodes if path):
        return  # Such a node takes the place of the root.
    again = DataTree(extended_types=True)
    reader = SnapshotReader(source(b"".join(snapshot_chunks(tree, sessions))), "again")
    reader.load(again)
    assert reader.sessions == sessions
    assert set(again.nodes) == {"", *_below(tree, "/")}
    if len(again.nodes) == len(tree.nodes):
        assert again.tree_digest == tree.tree_digest
        assert again.ownership.sessions.keys() == tree.ownership.sessions.keys()


def _below(tree: DataTree, path: str) -> set[str]:
    """The paths of a node and all below it, as the tree keeps them."""
    found = set()
    waiting = [path]
    while waiting:
        path = waiting.pop()
        node = tree.get_node(path)
        assert node is not None
        found.add(path)
        if node.children is not None:
            waiting.extend(node.children.paths)
    return found


def _start(files: dict[str, bytes]) -> Recovered | None:
    """What a server starts with; `snapshot verify` has to agree that it does, and a refused start changes nothing."""
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    for name, contents in files.items():
        put(disk, f"{VERSION_2}/{name}", contents)
    before = all_files(disk)
    check = DirectoryCheck(disk, DATA, DATA)
    said = "".join(check.run())
    assert all_files(disk) == before
    tree = DataTree(extended_types=True)
    try:
        recovered = load(disk, Directories(DATA, DATA), tree, RecoverySettings(remove_orphans=False))
        if EPOCH in files:
            EpochFiles(disk, VERSION_2).read(recovered.last_zxid)
    except StorageError:
        # A new database has its first snapshot before its epochs are looked at.
        assert EPOCH in files or all_files(disk) == before
        assert not check.is_sound
        return None
    assert "would not start" not in said
    return recovered


EPOCH = "currentEpoch"
FILE_NAMES = (
    "snapshot.0",
    "snapshot.5",
    "snapshot.9.gz",
    "snapshot.a.snappy",
    "log.1",
    "log.6",
    "log.100000001",
    EPOCH,
)


def fuzz_directory(data: bytes) -> None:
    """A directory with any files: tool and server come to the same verdict, and a refused start changes nothing."""
    files = {FILE_NAMES[code % len(FILE_NAMES)]: contents for code, contents in itertools.islice(steps(data), 8)}
    recovered = _start(files)
    if recovered is not None:
        _assert_saved_alike(recovered.tree, recovered.sessions)


def fuzz_snapshot(data: bytes) -> None:
    """File and wire read the same tree of a body, in any split, and every tool can show it."""
    how, body = head_and_rest(data)
    wire_tree, file_tree = DataTree(extended_types=True), DataTree(extended_types=True)
    wire = SnapshotStreamReader(wire_tree, 1000)
    is_whole = False
    try:
        for piece in arrivals(body + layout.SIGNATURE, how):
            is_whole = wire.feed(piece)
            if is_whole:
                break
    except MalformedRecord:
        pass
    file = _sealed(body)
    reader = SnapshotReader(source(file, how), "snapshot.1")
    try:
        reader.load(file_tree)
    except CorruptStorage as error:
        assert 0 <= error.offset <= len(file)
        assert not is_whole
        return
    # The wire's limit of a length is lower here.
    if is_whole:
        assert wire.sessions == reader.sessions
        assert set(wire_tree.nodes) == set(file_tree.nodes)
        assert wire_tree.tree_digest == file_tree.tree_digest
    _assert_saved_alike(file_tree, reader.sessions)
    _show(file)


def _sealed(body: bytes) -> bytes:
    """A file with this body and a right seal."""
    start = b"".join((b"ZKSN", layout.VERSION.to_bytes(4, "big"), b"\xff" * 8, body))
    return start + zlib.adler32(start).to_bytes(8, "big") + layout.END_OF_SECTION


def _show(file: bytes) -> None:
    shown = read_snapshot(source(file), "snapshot.1")
    text = "".join(details(shown, UTC, with_data=True))
    assert text.startswith("ZNode Details")
    assert "".join(json_text(shown, 0)).endswith("]")
    "".join(summary(shown, "/", 0))
    info = tree_info(shown.tree)
    assert "".join(compare(info, info, Thresholds(0, 0))).endswith("All layers compared.\n")


def fuzz_compressed(data: bytes) -> None:
    """Unpacking ends, with contents of no more than the limit or an error, and takes no more memory than a piece."""
    how, packed = head_and_rest(data)
    method = METHODS[1 + how % 2]
    read = source_for(method, source(packed, how >> 1), "packed")
    size = 0
    try:
        while (piece := read(1 << 16)) and size < MOST_CONTENTS:
            assert len(piece) <= (1 << 16 if method == GZ else MOST_PIECE)
            size += len(piece)
    except CorruptStorage as error:
        assert 0 <= error.offset <= len(packed)
    try:
        restored = read_restored(source(packed), DataTree(extended_types=True), MOST_CONTENTS)
    except StorageError:
        return
    assert restored.size <= MOST_CONTENTS
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    put(disk, f"{VERSION_2}/{NAMES[METHODS.index(method)]}", packed)
    verify_snapshot(disk, f"{VERSION_2}/{NAMES[METHODS.index(method)]}")


# --- seeds


def txns() -> list[bytes]:
    header = TxnHeader(7, 1, 0, 1_500_000_000_000, 0)
    session, other = 7, 0
    bodies = [
        (op.CREATE_SESSION, session, CreateSessionTxn(4000)),
        (op.CREATE, other, CreateTxn("/a", b"data", OPEN, False, 1)),
        (op.CREATE, session, CreateTxn("/a/e", None, OPEN, True, 1)),
        (op.CREATE2, other, CreateTxn("/a/b", b"", [ACL(1, "ip", "10.0.0.0/8")], False, 2)),
        (op.CREATE_CONTAINER, other, CreateContainerTxn("/c", b"", OPEN, 3)),
        (op.CREATE_TTL, other, CreateTTLTxn("/t", b"", OPEN, 4, 1000)),
        (op.SET_DATA, other, SetDataTxn("/a", b"new", 1)),
        (op.SET_ACL, other, SetACLTxn("/a", OPEN, 1)),
        (op.DELETE, other, DeleteTxn("/a/b")),
        (op.DELETE_CONTAINER, other, DeleteTxn("/c")),
        (op.RECONFIG, other, SetDataTxn("/zookeeper/config", b"server.1=a:1:2", 1)),
        (op.ERROR, session, ErrorTxn(-101)),
        (op.CREATE, other, CreateTxn("/zookeeper/quota/a", b"", OPEN, False, 1)),
        (op.CREATE, other, CreateTxn("/zookeeper/quota/a/zookeeper_limits", b"count=1,bytes=1", OPEN, False, 1)),
        (op.CREATE, other, CreateTxn("/zookeeper/quota/a/zookeeper_stats", b"count=1,bytes=1", OPEN, False, 1)),
        (op.MULTI, other, _multi()),
        (op.MULTI, other, MultiTxn([Txn(op.ERROR, encoded(ErrorTxn(0))), Txn(op.ERROR, encoded(ErrorTxn(-2)))])),
        (op.CLOSE_SESSION, session, CloseSessionTxn(["/a/e"])),
        (op.CLOSE_SESSION, session, None),
    ]
    return [encode_txn(TxnHeader(owner, header.cxid, 0, header.time, type), body, None) for type, owner, body in bodies]


def _multi() -> MultiTxn:
    return MultiTxn(
        [
            Txn(op.CREATE, encoded(CreateTxn("/m", b"", OPEN, False, 5))),
            Txn(op.SET_DATA, encoded(SetDataTxn("/m", b"x", 1))),
            Txn(op.CHECK, encoded(CheckVersionTxn("/m", 1))),
            Txn(op.DELETE, encoded(DeleteTxn("/m"))),
        ]
    )


def _log_seeds() -> list[bytes]:
    whole = encode_file_header() + b"".join(map(encode_record, txns()))
    small = encode_file_header() + encode_record(txns()[1])
    real = (FIXTURES / "standalone-3.9.5/version-2/log.a7").read_bytes()[:1200]
    return [
        b"\0" + whole,
        b"\7" + small + bytes(30),
        b"\0" + small[:-1],
        b"\0" + small[:-1] + b"\0" + small[16:],
        b"\0" + bytes(20),
        b"\0" + small[:16] + bytes(8) + b"\x7f\xff\xff\xff",
        b"\3" + real,
    ]


def _txn_seeds() -> list[bytes]:
    parts = txns()
    alone = [join_steps([(0, parts[1]), (0, one)]) for one in parts]
    return [*alone, join_steps([(0, one) for one in parts]), join_steps([(1, parts[1]), (2, parts[2])])]


@cache
def small_tree() -> tuple[DataTree, dict[int, int]]:
    recovered = _start(
        {
            "snapshot.0": _empty_snapshot(),
            "log.1": encode_file_header()
            + b"".join(
                encode_record(one[:12] + zxid.to_bytes(8, "big") + one[20:]) for zxid, one in enumerate(txns()[:8], 1)
            ),
        }
    )
    assert recovered is not None
    return recovered.tree, recovered.sessions


def _small_snapshot() -> bytes:
    return b"".join(snapshot_chunks(*small_tree()))


def _snapshot_seeds() -> list[bytes]:
    whole = _small_snapshot()
    first_end = whole.index(b"\0\0\0\1/", layout.HEADER_LENGTH)
    body = whole[layout.HEADER_LENGTH : first_end + 5]
    real = (FIXTURES / "standalone-3.9.5/version-2/snapshot.0").read_bytes()
    return [b"\0" + body, b"\5" + body, b"\1" + real[16:600], b"\0" + bytes(8) + layout.END_OF_SECTION]


def _packed(method: str, contents: bytes) -> bytes:
    compressor = compressor_for(method)
    return compressor.compress(contents) + compressor.finish()


def _compressed_seeds() -> list[bytes]:
    snapshot = _small_snapshot()
    gz, snappy = (_packed(method, snapshot) for method in (GZ, SNAPPY))
    zeros = [_packed(method, bytes(300_000)) for method in (GZ, SNAPPY)]
    return [
        b"\0" + gz,
        b"\1" + snappy,
        b"\6" + gz + gz,
        b"\7" + snappy + snappy[16:],
        b"\0" + zeros[0],
        b"\1" + snappy[:16] + b"\0\0\0\3\1\0a" * 20,
        b"\0" + snapshot[:600],
        b"\1" + zeros[1][:4000],
    ]


def _directory_seeds() -> list[bytes]:
    log = encode_file_header() + b"".join(
        encode_record(one[:12] + zxid.to_bytes(8, "big") + one[20:]) for zxid, one in enumerate(txns()[:8], 1)
    )
    snapshot = _small_snapshot()
    return [
        join_steps([(0, _empty_snapshot()), (4, log)]),
        join_steps([(2, _packed(GZ, snapshot)), (4, log)]),
        join_steps([(3, _packed(SNAPPY, snapshot)), (7, b"1")]),
        join_steps([(4, log)]),
        join_steps([(1, snapshot[:-5]), (0, _empty_snapshot()), (5, b"")]),
        b"",
    ]


TARGETS = (
    Target(fuzz_log, _log_seeds, words=[b"ZKLG\0\0\0\2", b"B"]),
    Target(fuzz_transactions, _txn_seeds, mutator=stepped(0, txns()), weight=2),
    Target(fuzz_snapshot, _snapshot_seeds, words=[layout.END_OF_SECTION, b"\xff\xff\xff\xff"], weight=2),
    Target(fuzz_compressed, _compressed_seeds),
    Target(fuzz_directory, _directory_seeds, mutator=stepped(0, [_empty_snapshot()]), most=8192),
)
