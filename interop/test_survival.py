"""Requests that make Apache's server exit: only the server under test is asked, for the answers it promises."""

from collections.abc import Callable

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import subject_is_real
from interop.server import Config, Server

BADARGUMENTS = -8
OK = 0


@pytest.fixture
def server(start_subject: Callable[..., Server]) -> Server:
    if subject_is_real():
        pytest.skip("Apache's server does not survive these")
    return start_subject(Config(lines={"enforceQuota": "true"}))


def test_a_negative_ttl_with_flags_of_no_ttl_is_a_bad_argument(server: Server) -> None:
    client = Client(server)
    before = client.call(rq.PING).zxid
    for number, flags in enumerate(range(5), 1):
        reply = client.call(rq.CREATE_TTL, rq.create_ttl("/ttl", -1, flags=flags))
        assert (before + number, BADARGUMENTS) == (reply.zxid, reply.error)
    client.close()


def test_limits_directly_under_quota_are_an_ordinary_node(server: Server) -> None:
    client = Client(server)
    for path in (
        "/zookeeper/quota/zookeeper_limits",
        "/zookeeper/quota/zookeeper_stats",
        "/zookeeper/zookeeper_limits",
    ):
        assert OK == client.call(rq.CREATE, rq.create(path, b"count=1,bytes=1")).error
    assert OK == client.call(rq.CREATE, rq.create("/some")).error
    for path in (
        "/zookeeper/quota/zookeeper_limits",
        "/zookeeper/quota/zookeeper_stats",
        "/zookeeper/zookeeper_limits",
    ):
        assert OK == client.call(rq.DELETE, rq.path_version(path)).error
    client.close()


def test_garbage_in_quota_statistics_counts_as_nothing(server: Server) -> None:
    client = Client(server)
    for path in ("/q", "/zookeeper/quota/q"):
        assert OK == client.call(rq.CREATE, rq.create(path)).error
    quota = "/zookeeper/quota/q/zookeeper"
    assert OK == client.call(rq.CREATE, rq.create(f"{quota}_limits", b"count=-1,bytes=-1=;countHardLimit=9")).error
    assert OK == client.call(rq.CREATE, rq.create(f"{quota}_stats", b"")).error
    for garbage in (b"garbage", b"count=x", None, b"\xff"):
        assert OK == client.call(rq.SET_DATA, rq.set_data(f"{quota}_stats", garbage)).error
        assert OK == client.call(rq.CREATE, rq.create("/q/a", b"12345")).error
        body = client.call(rq.GET_DATA, rq.path_watch(f"{quota}_stats")).body
        assert body[4:].startswith(b"count=1,bytes=5")
        assert OK == client.call(rq.SET_DATA, rq.set_data("/q/a", b"1")).error
        assert OK == client.call(rq.DELETE, rq.path_version("/q/a")).error
    client.close()


def test_it_boots_again_after_all_that(server: Server, start_subject: Callable[..., Server]) -> None:
    client = Client(server)
    client.call(rq.CREATE_TTL, rq.create_ttl("/ttl", -1, flags=0))
    client.call(rq.CREATE, rq.create("/zookeeper/quota/zookeeper_limits", b"garbage"))
    client.call(rq.DELETE, rq.path_version("/zookeeper/quota/zookeeper_limits"))
    client.call(rq.SET_DATA, b"trunc")
    zxid = server.zxid()
    client.close()
    server.kill()
    assert zxid == start_subject(Config(), home=server.home).zxid()
