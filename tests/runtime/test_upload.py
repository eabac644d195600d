"""Snapshots that come over the network take no more of disk and memory than they may, and nothing of them stays."""

import gc
import gzip
import http.client
import json
import socket
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from attrs import frozen

from pyzoo.config.admin_settings import AdminSettings
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import NoRoomOnDisk, UploadTooLarge
from pyzoo.jute.records import ACL, CreateTxn, TxnHeader
from pyzoo.persistence.compression import SNAPPY, compressor_for
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.runtime.upload import AT_LEAST_BYTES, UploadRoom, check_room_for_snapshot, room_for
from pyzoo.testing import EmbeddedServer
from tests.support.collector import without_collector

HOST = "127.0.0.1"
SECONDS = 60
NODES = 3000
OPEN = [ACL(31, "world", "anyone")]
HEAD = b"POST /commands/restore HTTP/1.1\r\nHost: x\r\nAuthorization: ip\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Start = Callable[..., EmbeddedServer]


@pytest.fixture
def start(start: Start, tmp_path: Path) -> Start:
    """Starts servers with files."""
    return partial(start, tmp_path)


@frozen
class Answer:
    status: int
    error: str | None
    connection: str | None


def answer_of(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, json.loads(response.read())["error"], response.headers["Connection"])


def restore(server: EmbeddedServer, body: bytes) -> Answer:
    with closing(http.client.HTTPConnection(HOST, server.admin_port, timeout=SECONDS)) as connection:
        connection.request("POST", "/commands/restore", body, {"Authorization": "ip"})
        return answer_of(connection.getresponse())


def dial(server: EmbeddedServer) -> socket.socket:
    return socket.create_connection((HOST, server.admin_port or 0), SECONDS)


def read_answer(connection: socket.socket) -> Answer:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return answer_of(response)


def snapshot() -> bytes:
    """A snapshot of many nodes with compressible data."""
    tree = DataTree(False)
    for zxid in range(1, NODES + 1):
        tree.process_txn(TxnHeader(0, 0, zxid, 0, 1), CreateTxn(f"/node{zxid}", bytes(1000), OPEN, False, -1))
    return b"".join(snapshot_chunks(tree, dict.fromkeys(range(1, 1000), 4000)))


def snappy(data: bytes) -> bytes:
    compressor = compressor_for(SNAPPY)
    return compressor.compress(data) + compressor.finish()


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "version-2").iterdir())


def test_a_body_that_says_that_it_is_too_large_is_not_read(start: Start) -> None:
    with dial(start(admin_restore_maxBytes=1000)) as connection:
        connection.sendall(HEAD + b"Content-Length: 1001\r\n\r\n")
        answer = read_answer(connection)
    assert (413, "close") == (answer.status, answer.connection)
    assert "raise admin.restore.maxBytes" in (answer.error or "")


def test_a_body_that_turns_out_to_be_too_large_is_refused_while_it_comes(start: Start, tmp_path: Path) -> None:
    server = start(admin_restore_maxBytes=1 << 20)
    before = files(tmp_path)
    with dial(server) as connection:
        connection.sendall(CHUNKED + b"%x\r\n" % (1 << 40) + bytes((1 << 20) + 1))
        assert 413 == read_answer(connection).status
    assert before == files(tmp_path)


@pytest.mark.parametrize("compress", [gzip.compress, snappy], ids=["gzip", "snappy"])
def test_a_small_body_may_not_become_a_large_one(start: Start, compress: Callable[[bytes], bytes]) -> None:
    body = compress(snapshot())
    assert len(body) < 1 << 20
    answer = restore(start(admin_restore_maxBytes=1 << 20), body)
    assert 413 == answer.status
    assert "bytes uncompressed" in (answer.error or "")


def test_what_is_just_small_enough_is_restored(start: Start) -> None:
    body = snapshot()
    assert Answer(200, None, None) == restore(start(admin_restore_maxBytes=len(body)), body)


def test_the_end_of_the_disk_is_kept_for_the_server(start: Start, tmp_path: Path) -> None:
    server = start(admin_restore_minFreeBytes=1 << 60)
    before = files(tmp_path)
    answer = restore(server, snapshot())
    assert 507 == answer.status
    assert "lower admin.restore.minFreeBytes" in (answer.error or "")
    assert before == files(tmp_path)


def test_the_end_of_the_disk_is_kept_from_snapshots_that_are_asked_for(start: Start, tmp_path: Path) -> None:
    server = start(admin_snapshot_minFreeBytes=1 << 60)
    before = files(tmp_path)
    with dial(server) as connection:
        connection.sendall(b"GET /commands/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: ip\r\n\r\n")
        answer = read_answer(connection)
    assert 507 == answer.status
    assert "lower admin.snapshot.minFreeBytes" in (answer.error or "")
    assert before == files(tmp_path)


@pytest.mark.parametrize("body", [snapshot()[:-1], gzip.compress(snapshot())[:-100], b"", snapshot()], ids=len)
def test_nothing_of_a_restore_that_failed_stays_in_memory(
    start: Start, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector hardly ever looks at a running server, so it must not be needed."""
    server = start()
    monkeypatch.setattr(UploadRoom, "check_disk", _full_at_the_end)
    with without_collector():
        assert restore(server, body).status in (500, 507)
        trees = [each for each in gc.get_objects() if isinstance(each, DataTree)]
        assert not [tree for tree in trees if len(tree.nodes) >= NODES]
        assert [] == [each for each in gc.get_objects() if isinstance(each, dict) and len(each) >= 900 and 999 in each]


def _full_at_the_end(room: UploadRoom, size: int) -> None:
    """A disk with room for the body, and none for the snapshot that it becomes."""
    if size > 1 << 20 and size != len(snapshot()):
        raise NoRoomOnDisk("full")


def test_a_body_that_comes_too_slowly_makes_room_for_another(start: Start) -> None:
    server = start(admin_idleTimeout=200, http_minDataRate=1 << 20)
    with dial(server) as connection:
        connection.sendall(CHUNKED)
        try:
            while True:
                connection.sendall(b"1\r\nx\r\n")
                time.sleep(0.01)
        except ConnectionError:
            pass
    assert 200 == restore(server, snapshot()).status


# --- what is allowed without any key


def test_the_default_grows_with_the_database() -> None:
    tree = DataTree(False)
    assert AT_LEAST_BYTES == room_for(AdminSettings(), tree, None).limit
    tree.approximate_data_size = AT_LEAST_BYTES
    assert 8 * AT_LEAST_BYTES < room_for(AdminSettings(), tree, None).limit
    assert 7 == room_for(AdminSettings(restore_max_bytes=7), tree, None).limit


def test_a_tenth_of_a_small_disk_stays_free_of_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    @frozen
    class Disk:
        total: int = 100 << 20
        free: int = 11 << 20

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Disk())
    tree = DataTree(False)
    check_room_for_snapshot(AdminSettings(), tree, ".")
    tree.approximate_data_size = 2 << 20
    with pytest.raises(NoRoomOnDisk, match="kept for the server itself"):
        check_room_for_snapshot(AdminSettings(), tree, ".")


@pytest.mark.parametrize(
    ("blocks", "free_blocks", "fits"),
    [(1000, 101, True), (1000, 99, False), (10, 2, True), (5, 1, True), (5, 0, False)],
)
def test_a_tenth_of_the_disk_and_a_gigabyte_stay_free(
    monkeypatch: pytest.MonkeyPatch, blocks: int, free_blocks: int, fits: bool
) -> None:
    @frozen
    class Disk:
        total: int = blocks << 30
        free: int = free_blocks << 30

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Disk())
    room = UploadRoom(1, ".", -1)
    if fits:
        room.check_disk(0)
    else:
        with pytest.raises(NoRoomOnDisk, match="kept for the server itself"):
            room.check_disk(0)


def test_the_size_is_checked_to_the_byte() -> None:
    room = UploadRoom(10, ".", 0)
    room.check_size(10)
    with pytest.raises(UploadTooLarge):
        room.check_size(11)
