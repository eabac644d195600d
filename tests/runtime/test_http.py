"""The HTTP port: protocol, limits, TLS beside plain, and an end that no client can hold up."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve
from identities import HOST, pem_settings

from pyzoo.runtime.http import AsgiApplication, HttpSettings, Message, Receive, Send, open_http, serve_http
from pyzoo.runtime.tls_contexts import make_context

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
GET_LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """Method, path and query, then the body; /fail fails, /ignore does not read, /flood never ends."""
    if scope["path"] == "/fail":
        raise ValueError("a bug")
    if scope["path"] == "/ignore":
        await answer(send, 401, b"no")
        return
    if scope["path"] == "/flood":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    certificates = len(scope["extensions"].get("tls", {}).get("client_cert_chain", []))
    first = f"{scope['method']} {scope['scheme']} {scope['path']} {certificates} ".encode()
    await answer(send, 200, first + scope["query_string"] + b"|" + body)


@pytest.fixture
def start(nursery: trio.Nursery) -> Callable[..., int]:
    """Serves `echo` with some settings; gives the port."""

    def start_one(application: AsgiApplication = echo, **settings: Any) -> int:
        listener = open_http(HOST, 0)
        port: int = listener.getsockname()[1]
        nursery.start_soon(serve_http, listener, HttpSettings(**settings), lambda: application)
        return port

    return start_one


async def connect(port: int) -> trio.SocketStream:
    return await trio.open_tcp_stream(HOST, port)


async def read_all(stream: trio.abc.ReceiveStream) -> bytes:
    data = b""
    with trio.fail_after(10):
        try:
            while piece := await stream.receive_some():
                data += piece
        except trio.BrokenResourceError:
            pass
    return data


async def talk(port: int, request: bytes) -> bytes:
    """Everything that comes back for what was sent, to the end of the connection."""
    stream = await connect(port)
    async with stream:
        await stream.send_all(request)
        return await read_all(stream)


async def test_a_request_reaches_the_application_and_its_answer_the_client(start: Callable[..., int]) -> None:
    request = b"POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
    answered = await talk(start(), request)
    assert answered.startswith(b"HTTP/1.1 200 \r\nDate: ")
    assert answered.endswith(b"\r\n\r\nPOST http /a b 0 c=d|body")


async def test_requests_follow_each_other_on_one_connection(start: Callable[..., int]) -> None:
    answered = await talk(start(), GET + GET + GET_LAST)
    assert 3 == answered.count(b"HTTP/1.1 200 ")


async def test_a_head_request_gets_no_body(start: Callable[..., int]) -> None:
    answered = await talk(start(), GET_LAST.replace(b"GET", b"HEAD"))
    assert b"Content-Length: 15\r\n" in answered
    assert answered.endswith(b"\r\n\r\n")


async def test_a_client_that_asks_is_told_to_go_on_with_its_body(start: Callable[..., int]) -> None:
    async with await connect(start()) as stream:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        await stream.send_all(head)
        with trio.fail_after(10):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        await stream.send_all(b"body")
        assert (await read_all(stream)).endswith(b"|body")


async def test_a_failing_application_costs_its_request_only(
    start: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    port = start()
    answered = await talk(port, b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 500 ")
    assert b"a bug" not in answered
    assert "Internal error while answering /fail" in caplog.text
    assert (await talk(port, GET_LAST)).startswith(b"HTTP/1.1 200 ")


async def test_what_is_not_http_is_refused(start: Callable[..., int]) -> None:
    assert (await talk(start(), b"ruok\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("rest", [b"zz\r\n", b"-1\r\n", b"4\r\nbodyXX"])
async def test_a_body_that_is_not_http_ends_its_request(start: Callable[..., int], rest: bytes) -> None:
    port = start()
    await talk(port, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
    assert (await talk(port, GET_LAST)).startswith(b"HTTP/1.1 200 ")


async def test_a_header_has_a_limit(start: Callable[..., int]) -> None:
    request = GET_LAST.replace(b"Host", b"X-Long: " + b"x" * 40_000 + b"\r\nHost")
    assert (await talk(start(max_header_bytes=8192), request)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n" + bytes(200),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n" + bytes(200) + b"\r\n0\r\n\r\n",
    ],
)
async def test_a_body_has_a_limit(start: Callable[..., int], request_bytes: bytes) -> None:
    assert (await talk(start(max_body_bytes=100), request_bytes)).startswith(b"HTTP/1.1 413 ")


async def test_who_sends_on_after_a_refusal_can_still_read_it(start: Callable[..., int]) -> None:
    size = 8 << 20
    request = f"POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(size)
    assert (await talk(start(max_body_bytes=None), request)).startswith(b"HTTP/1.1 401 ")


async def test_connections_beyond_the_limit_are_closed(start: Callable[..., int]) -> None:
    port = start(max_connections=1)
    async with await connect(port) as first:
        await first.send_all(GET)
        with trio.fail_after(10):
            assert (await first.receive_some()).startswith(b"HTTP/1.1 200 ")
        assert b"" == await talk(port, GET)


async def test_an_idle_connection_is_closed(start: Callable[..., int]) -> None:
    port = start(idle_timeout_s=0.05)
    assert b"" == await talk(port, b"")
    assert b"" == await talk(port, b"GET / HTTP")


async def test_a_client_that_does_not_read_is_closed(start: Callable[..., int]) -> None:
    port = start(idle_timeout_s=0.2, max_connections=1)
    async with await connect(port) as stream:
        await stream.send_all(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        with trio.fail_after(10):
            while not (await talk(port, GET_LAST)):
                await trio.lowlevel.checkpoint()


async def test_the_end_waits_for_no_client() -> None:
    listener = open_http(HOST, 0)
    port = listener.getsockname()[1]
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_http, listener, HttpSettings(), lambda: echo)
            streams = [await connect(port) for _ in range(3)]
            await streams[0].send_all(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
            await streams[1].send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
            assert await streams[0].receive_some()
            nursery.cancel_scope.cancel()
        for stream in streams:
            await trio.aclose_forcefully(stream)
    with pytest.raises(OSError, match="failed"):
        await connect(port)


@pytest.mark.parametrize(("host", "peer"), [("", HOST), (HOST, HOST)])
async def test_the_application_sees_the_address_of_the_client(nursery: trio.Nursery, host: str, peer: str) -> None:
    async def tell(scope: Message, receive: Receive, send: Send) -> None:
        await answer(send, 200, scope["client"][0].encode())

    listener = open_http(host, 0)
    nursery.start_soon(serve_http, listener, HttpSettings(), lambda: tell)
    assert (await talk(listener.getsockname()[1], GET_LAST)).endswith(b"\r\n\r\n" + peer.encode())


async def test_a_taken_port_is_an_error() -> None:
    with socket.create_server((HOST, 0)) as other, pytest.raises(OSError, match="in use"):
        open_http(HOST, other.getsockname()[1])


def tls_settings(home: Path, client_auth: str = "none") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server and of a client that trust each other."""
    settings = evolve(pem_settings(home), client_auth=client_auth, enabled_protocols=("TLSv1.2", "TLSv1.3"))
    return make_context(settings, server_side=True), make_context(settings, server_side=False)


async def talk_tls(port: int, context: ssl.SSLContext) -> bytes:
    stream = trio.SSLStream(await connect(port), context, server_hostname=HOST, https_compatible=True)
    await stream.send_all(GET_LAST)
    answered = await read_all(stream)
    await trio.aclose_forcefully(stream)
    return answered


async def test_one_port_takes_tls_and_plain(start: Callable[..., int], tmp_path: Path) -> None:
    server, client = tls_settings(tmp_path)
    plain: list[None] = []
    port = start(tls=server, accepts_plain=True, plain_accepted=lambda: plain.append(None))
    assert b"GET https / 0 " in await talk_tls(port, client)
    assert [] == plain
    assert b"GET http / 0 " in await talk(port, GET_LAST)
    assert [None] == plain


async def test_a_tls_port_closes_plain_connections(start: Callable[..., int], tmp_path: Path) -> None:
    server, client = tls_settings(tmp_path)
    port = start(tls=server, accepts_plain=False)
    assert b"" == await talk(port, GET_LAST)
    assert b"GET https / 0 " in await talk_tls(port, client)


async def test_the_application_sees_the_certificate_of_the_client(start: Callable[..., int], tmp_path: Path) -> None:
    server, client = tls_settings(tmp_path, client_auth="need")
    assert b"GET https / 1 " in await talk_tls(start(tls=server), client)


async def test_nothing_is_loaded_before_the_first_connection(nursery: trio.Nursery) -> None:
    made: list[None] = []

    def make() -> AsgiApplication:
        made.append(None)
        return echo

    listener = open_http(HOST, 0)
    nursery.start_soon(serve_http, listener, HttpSettings(), make)
    await trio.testing.wait_all_tasks_blocked()
    assert [] == made
    await talk(listener.getsockname()[1], GET_LAST)
    await talk(listener.getsockname()[1], GET_LAST)
    assert [None] == made
