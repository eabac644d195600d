"""What the AdminServer is sent: heads and targets of requests, commands with their parameters, bodies of restores."""

import json
from collections.abc import AsyncIterator, Coroutine
from functools import cache
from typing import Any

import h11
from attrs import evolve

from pyzoo.admin.app import make_application
from pyzoo.admin.host import SavedSnapshot
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import StorageError
from pyzoo.persistence.restored import read_restored
from pyzoo.runtime.http_head import (
    RefusedError,
    check_head,
    check_size,
    content_length,
    has_body,
    keeps_alive_10,
    phrase_of,
    status_of_error,
)
from pyzoo.runtime.http_target import ASTERISK, BadTargetError, path_of, split_target
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from tests.fuzz.fuzz_clients import small_world
from tests.fuzz.pieces import arrivals, head_and_rest
from tests.fuzz.target import Target

MOST_HEAD = 2000
MOST_CONTENTS = 1 << 20
STATUSES = (200, 302, 400, 401, 403, 404, 405, 429, 500, 501, 503)


def fuzz_http_head(data: bytes) -> None:
    """A head is a request, or gets one status and phrase, in any split; a target is a path below the root, or none."""
    how, wire = head_and_rest(data)
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
    try:
        for piece in arrivals(wire, how):
            connection.receive_data(piece)
            received = connection.trailing_data[0]
            check_size(received, MOST_HEAD)
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise RefusedError(status_of_error(error, received), str(error)) from error
            if isinstance(event, h11.Request):
                check_head(event)
                _look_at(event)
                return
    except RefusedError as refusal:
        assert 400 <= refusal.status < 600
        h11.Response(status_code=refusal.status, headers=[], reason=phrase_of(refusal.status))


def _look_at(request: h11.Request) -> None:
    assert content_length(request) >= 0
    has_body(request)
    keeps_alive_10(request)
    try:
        raw_path, _ = split_target(request.target)
        path = path_of(raw_path)
    except BadTargetError as error:
        assert str(error)
        return
    assert path == ASTERISK or path.startswith("/")
    assert "\0" not in path
    path.encode("utf-8")


def fuzz_http_target(data: bytes) -> None:
    """A target leads nowhere but below the root."""
    try:
        raw_path, query = split_target(data)
        path = path_of(raw_path)
    except BadTargetError as error:
        assert str(error)
        return
    assert b"#" not in query
    assert path == ASTERISK or path.startswith("/")
    if b"%" not in raw_path:
        assert ".." not in path.split("/")


class _Host:
    """The server of a small world; a restore reads its body, and changes nothing."""

    def __init__(self, server: ZooKeeperServer) -> None:
        self._server = server

    def server(self) -> ZooKeeperServer:
        return self._server

    async def vouches_for(self, certificate: bytes) -> bool:
        return True

    async def pause(self) -> None:
        return

    async def save_snapshot(self) -> SavedSnapshot:
        raise StorageError("there is no disk")

    async def restore(self, body: AsyncIterator[bytes], announced: int) -> int:
        whole = b"".join([chunk async for chunk in body])
        left = [whole]

        def read(size: int) -> bytes:
            piece, left[0] = left[0][:size], left[0][size:]
            return piece

        return read_restored(read, DataTree(), MOST_CONTENTS).zxid


@cache
def _application() -> Any:
    world, _ = small_world(0)
    admin = evolve(world.config.admin, rate_limiter_interval=-1)
    return make_application(evolve(world.config, admin=admin), _Host(world.server), int(world.now_ms))


def fuzz_admin(data: bytes) -> None:
    """Any method, path, query, header and body gets an answer of JSON or a page, and no error of ours."""
    method, target, authorization, body = [*data.split(b"\n", 3), b"", b"", b""][:4]
    try:
        raw_path, query = split_target(target)
        path = path_of(raw_path)
    except BadTargetError:
        return
    headers = [(b"authorization", authorization)] if authorization else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "".join(chr(byte) for byte in method if 65 <= byte <= 90) or "GET",
        "scheme": "http",
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [*headers, (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 8080),
        "state": {},
        "extensions": {},
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    _run(_application()(scope, receive, send))
    assert sent[0]["status"] in STATUSES, sent[0]["status"]
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    kinds = dict(sent[0]["headers"])
    if kinds.get(b"content-type", b"").startswith(b"application/json"):
        assert isinstance(json.loads(answer), dict)


def _run(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Nothing here waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def _head_seeds() -> list[bytes]:
    lines = [
        b"GET /commands/ruok HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST http://h/commands/restore?x=y HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nAuthorization: ip\r\n\r\n",
        b"GET / HTTP/1.0\nConnection: keep-alive\n\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"a" * 2100,
        b"GET / HTTP/1.1\r\nA: " + b"b" * 2100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ]
    return [how + line for line in lines for how in (b"\0", b"\1")]


def _target_seeds() -> list[bytes]:
    return [
        b"/commands/ruok?a=b#c",
        b"/a/../../b",
        b"/a/%2e%2e/b;c/./d",
        b"/%u0041%ff/%c3%a9",
        b"http://h:1/x",
        b"*",
        b"/a%00",
        b"//..;/",
    ]


def _admin_seeds() -> list[bytes]:
    names = ["ruok", "stmk?traceMask=7", "mntr", "cons", "dump", "wchc", "wchp", "conf", "envi", "hash", "srvr", "stat"]
    seeds = [f"GET\n/commands/{name}\n\n".encode() for name in names]
    return [
        *seeds,
        b"POST\n/commands/restore\ndigest u:p\nbody",
        b"POST\n/commands/restore\nip\n" + b"ZKSN\0\0\0\2" + b"\xff" * 8 + bytes(8) + b"\0\0\0\1/",
        b"GET\n/commands/snapshot?streaming=true\nip\n",
        b"GET\n/\n\n",
        b"TRACE\n/commands\n\n",
        b"GET\n/commands/x%0a?%zz\n\n",
    ]


TARGETS = (
    Target(fuzz_http_head, _head_seeds, words=[b"\r\n", b"HTTP/1.1", b"Content-Length: ", b": "], most=4096),
    Target(fuzz_http_target, _target_seeds, words=[b"%2e", b"..", b"%u002e", b";", b"//"], most=512),
    Target(fuzz_admin, _admin_seeds, words=[b"/commands/", b"traceMask=", b"streaming=", b"digest "], most=1500),
)
