"""Requests that make Apache's server exit: only the server under test is asked, for the answers it promises."""

import struct
from collections.abc import Callable

import pytest

from interop import requests as rq
from interop.conftest import subject_is_real
from interop.server import Config, Server
from interop.wire import Connection

BADARGUMENTS = -8
OK = 0


@pytest.fixture
def server(start_subject: Callable[..., Server]) -> Server:
    if subject_is_real():
        pytest.skip("Apache's server does not survive these")
    return start_subject(Config(lines={"enforceQuota": "true"}))


def connect(server: Server) -> Connection:
    connection = Connection(server.address)
    connection.send_frame(rq.connect())
    connection.read_frame()
    return connection


def call(connection: Connection, opcode: int, body: bytes) -> tuple[int, int, bytes]:
    """zxid, error and body of the reply."""
    connection.send_frame(struct.pack(">ii", 1, opcode) + body)
    frame = connection.read_frame()
    assert frame is not None, "the server closed the connection"
    _, zxid, error = struct.unpack_from(">iqi", frame)
    return zxid, error, frame[16:]


def test_a_negative_ttl_with_flags_of_no_ttl_is_a_bad_argument(server: Server) -> None:
    connection = connect(server)
    before = server.zxid()
    for number, flags in enumerate(range(5), 1):
        zxid, error, _ = call(connection, rq.CREATE_TTL, rq.create_ttl("/ttl", -1, flags=flags))
        assert (before + number, BADARGUMENTS) == (zxid, error)
    connection.close()


def test_limits_directly_under_quota_are_an_ordinary_node(server: Server) -> None:
    connection = connect(server)
    for path in ("/zookeeper/quota/zookeeper_limits", "/zookeeper/quota/zookeeper_stats", "/zookeeper/zookeeper_limits"):
        assert OK == call(connection, rq.CREATE, rq.create(path, b"count=1,bytes=1"))[1]
    assert OK == call(connection, rq.CREATE, rq.create("/some"))[1]
    for path in ("/zookeeper/quota/zookeeper_limits", "/zookeeper/quota/zookeeper_stats", "/zookeeper/zookeeper_limits"):
        assert OK == call(connection, rq.DELETE, rq.path_version(path))[1]
    connection.close()


def test_garbage_in_quota_statistics_counts_as_nothing(server: Server) -> None:
    connection = connect(server)
    for path in ("/q", "/zookeeper/quota/q"):
        assert OK == call(connection, rq.CREATE, rq.create(path))[1]
    quota = "/zookeeper/quota/q/zookeeper"
    assert OK == call(connection, rq.CREATE, rq.create(f"{quota}_limits", b"count=-1,bytes=-1=;countHardLimit=9"))[1]
    assert OK == call(connection, rq.CREATE, rq.create(f"{quota}_stats", b""))[1]
    for garbage in (b"garbage", b"count=x", None, b"\xff"):
        assert OK == call(connection, rq.SET_DATA, rq.set_data(f"{quota}_stats", garbage))[1]
        assert OK == call(connection, rq.CREATE, rq.create("/q/a", b"12345"))[1]
        body = call(connection, rq.GET_DATA, rq.path_watch(f"{quota}_stats"))[2]
        assert body[4:].startswith(b"count=1,bytes=5")
        assert OK == call(connection, rq.SET_DATA, rq.set_data("/q/a", b"1"))[1]
        assert OK == call(connection, rq.DELETE, rq.path_version("/q/a"))[1]
    connection.close()


def test_it_boots_again_after_all_that(server: Server, start_subject: Callable[..., Server]) -> None:
    connection = connect(server)
    call(connection, rq.CREATE_TTL, rq.create_ttl("/ttl", -1, flags=0))
    call(connection, rq.CREATE, rq.create("/zookeeper/quota/zookeeper_limits", b"garbage"))
    call(connection, rq.DELETE, rq.path_version("/zookeeper/quota/zookeeper_limits"))
    call(connection, rq.SET_DATA, b"trunc")
    zxid = server.zxid()
    connection.close()
    server.kill()
    assert zxid == start_subject(Config(), home=server.home).zxid()
