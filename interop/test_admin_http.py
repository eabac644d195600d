"""The AdminServer's HTTP beside Jetty's: targets, versions, limits, and what becomes of the connection."""

from collections.abc import Callable

import pytest

from interop.conftest import required
from interop.java import JavaZooKeeper, zookeeper_39, zookeeper_395
from interop.pair import Pair
from interop.raw_http import Conversation, converse
from interop.server import Config

CLOSE = b"\r\nHost: x\r\nConnection: close\r\n\r\n"
GET = b"GET /commands/ruok HTTP/1.1\r\nHost: x\r\n\r\n"
GET_LAST = b"GET /commands/ruok HTTP/1.1" + CLOSE
GET_10 = b"GET /commands/ruok HTTP/1.0\r\n\r\n"
GET_10_KEEP = b"GET /commands/ruok HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"


@pytest.fixture(scope="module", params=[zookeeper_39, zookeeper_395], ids=["reference", "3.9.5"])
def release(request: pytest.FixtureRequest) -> JavaZooKeeper:
    found = required(request.param)
    assert isinstance(found, JavaZooKeeper)
    return found


@pytest.fixture
def pair(pair_with: Callable[[Config], Pair], release: JavaZooKeeper) -> Pair:
    # At the root Jetty has what this server has without its console.
    return pair_with(Config(admin=True, java=release, lines={"admin.console": "false"}))


def compare(pair: Pair, request: bytes, *what: Callable[[Conversation], object]) -> None:
    """Send the same to both."""
    answers = [converse(side.server, request) for side in pair.sides]
    pair.compare(repr(request[:60]), [[each(answer) for each in what] for answer in answers])


def statuses(conversation: Conversation) -> object:
    return conversation.statuses


def json(conversation: Conversation) -> object:
    return conversation.json


def is_open(conversation: Conversation) -> object:
    return conversation.is_open


def connection(conversation: Conversation) -> object:
    return conversation.connection


@pytest.mark.parametrize(
    "target",
    [
        b"http://x/commands/ruok", b"HTTPS://other:99/commands/ruok", b"http://x", b"http://x/commands/stmk?traceMask=5",
        b"/commands/ruok;jsessionid=1", b"/commands;x=y/ruok", b"/commands/stmk;a=b?traceMask=6", b"/commands/ruok%3bx",
        b"/commands/./ruok", b"/a/../commands/ruok", b"/a/%2E%2e/commands/%2e/ruok", b"/commands/ruok/.",
        b"/commands/ruok/..", b"/commands/...", b"/../commands/ruok", b"/a/..;/commands/ruok", b"//commands/ruok",
        b"/commands//ruok", b"/commands%2fruok", b"/commands/a%5cb", b"/commands/%72uok", b"/commands/%zz",
        b"/commands/ruok%", b"/commands/%u0041", b"/commands/a%00b", b"/commands/a%ffb", b"/commands/%c3%a9",
        b"/commands/ruok#x", b"/commands/ruok?a#x", b"/commands/stmk?traceMask=%zz", b"/commands/stmk?traceMask=%ff",
        b"commands/ruok", b"*", b"/",
    ],
)  # fmt: skip
def test_targets_mean_the_same(pair: Pair, target: bytes) -> None:
    compare(pair, b"GET " + target + b" HTTP/1.1" + CLOSE, statuses, json, is_open)


@pytest.mark.parametrize("method", [b"HEAD", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"FOO", b"get"])
def test_methods_have_the_same_status_line(pair: Pair, method: bytes) -> None:
    compare(pair, method + b" /commands/ruok HTTP/1.1" + CLOSE, statuses, is_open)


@pytest.mark.parametrize("request_bytes", [GET, GET + GET, GET_10, GET_10_KEEP, GET_10_KEEP + GET_10, GET_10 + GET_10])
def test_connections_are_kept_and_closed_alike(pair: Pair, request_bytes: bytes) -> None:
    compare(pair, request_bytes, statuses, json, is_open)


@pytest.mark.parametrize("request_bytes", [GET, GET_LAST, GET_10_KEEP])
def test_what_is_said_of_the_connection(pair: Pair, request_bytes: bytes) -> None:
    compare(pair, request_bytes, connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        GET_LAST.replace(b"ruok", b"x" * 9000),
        GET_LAST.replace(b"ruok", b"ruok?" + b"x" * 90_000),
        GET_LAST.replace(b"Host", b"A: " + b"x" * 9000 + b"\r\nHost"),
        GET_LAST.replace(b"Host", b"A: b\r\n" * 2000 + b"Host"),
        GET_LAST.replace(b"Host", b"A: " + b"x" * 8000 + b"\r\nHost"),
        GET_LAST.replace(b"GET", b"A" * 9000),
    ],
    ids=["long path", "long query", "long header", "many headers", "not too long", "long method"],
)
def test_limits_are_the_same(pair: Pair, request_bytes: bytes) -> None:
    compare(pair, request_bytes, statuses, is_open)


@pytest.mark.parametrize(
    "request_bytes",
    [
        GET_LAST.replace(b"1.1", b"1.2"),
        GET_LAST.replace(b"1.1", b"2.0"),
        b"GET /commands/ruok\r\n\r\n",
        GET_LAST.replace(b"Host: x\r\n", b""),
        GET_LAST.replace(b"Host", b"Host "),
        GET_LAST.replace(b"Host", b"nothing\r\nHost"),
        GET_LAST.replace(b"Host", b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\nHost"),
        GET_LAST.replace(b"Host", b"Content-Length: 1\r\nContent-Length: 2\r\nHost"),
        b"\r\n\r\n" + GET_LAST,
        GET_LAST.replace(b"\r\n", b"\n"),
        b"ruok\r\n\r\n",
    ],
)
def test_what_is_hardly_http_has_the_same_status(pair: Pair, request_bytes: bytes) -> None:
    compare(pair, request_bytes, statuses, is_open)
