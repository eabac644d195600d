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

from pyzoo.runtime.http import open_http, serve_http
from pyzoo.runtime.http_settings import AsgiApplication, HttpSettings, Message, Receive, Send
from pyzoo.runtime.tls.contexts import make_context
from tests.support.identities import HOST, pem_settings

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
GET_LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """Method, path and query, then the body; /fail fails, /ignore and /unread do not read, /flood never ends."""
    if scope["path"] == "/fail":
        raise ValueError("a bug")
    if scope["path"] == "/ignore":
        await answer(send, 401, b"no")
        return
    if scope["path"] == "/unread":
        await answer(send, 200, b"yes")
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
    with trio.fail_after(60):
        try:
            while piece := await stream.receive_some():
                data += piece
        except trio.BrokenResourceError:
            pass
    return data


async def read_answer(stream: trio.abc.ReceiveStream) -> bytes:
    """One answer of `echo` to a request without a body."""
    data = b""
    with trio.fail_after(60):
        while not data.endswith(b"|"):
            data += await stream.receive_some()
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
    assert answered.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert answered.endswith(b"\r\n\r\nPOST http /a b 0 c=d|body")


async def test_requests_follow_each_other_on_one_connection(start: Callable[..., int]) -> None:
    answered = await talk(start(), GET + GET + GET_LAST)
    assert 3 == answered.count(b"HTTP/1.1 200 ")


async def test_an_application_that_takes_long_hears_that_the_client_has_hung_up(start: Callable[..., int]) -> None:
    heard = trio.Event()

    async def takes_long(_scope: Message, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.set()
        await answer(send, 200, b"nobody reads it")

    async with await connect(start(takes_long)) as stream:
        await stream.send_all(GET)
        await trio.testing.wait_all_tasks_blocked()
        assert not heard.is_set()
    with trio.fail_after(60):
        await heard.wait()


async def test_another_request_is_no_end_of_the_first(start: Callable[..., int]) -> None:
    goes_on = trio.Event()

    async def takes_long(_scope: Message, receive: Receive, send: Send) -> None:
        with trio.move_on_after(0.05):
            while (await receive())["type"] != "http.disconnect":
                pass
            goes_on.set()
        await answer(send, 200, b"|")

    assert 2 == (await talk(start(takes_long), GET + GET_LAST)).count(b"HTTP/1.1 200 ")
    assert not goes_on.is_set()


async def test_a_head_request_gets_no_body(start: Callable[..., int]) -> None:
    answered = await talk(start(), GET_LAST.replace(b"GET", b"HEAD"))
    assert b"Content-Length: 15\r\n" in answered
    assert answered.endswith(b"\r\n\r\n")


async def test_a_client_that_asks_is_told_to_go_on_with_its_body(start: Callable[..., int]) -> None:
    async with await connect(start()) as stream:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        await stream.send_all(head)
        with trio.fail_after(60):
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


@pytest.mark.parametrize(
    ("status_line", "request_bytes"),
    [
        (b"431 Request Header Fields Too Large", GET_LAST.replace(b"Host", b"X-Long: " + b"x" * 8192 + b"\r\nHost")),
        (b"431 Request Header Fields Too Large", GET_LAST.replace(b"Host", b"A: b\r\n" * 2000 + b"Host")),
        (b"431 Request Header Fields Too Large", b"G" * 9000),
        (b"414 URI Too Long", GET_LAST.replace(b"/ ", b"/" + b"x" * 8192 + b" ")),
        (b"414 URI Too Long", b"GET /" + b"x" * 90_000),
        (b"505 HTTP Version Not Supported", GET_LAST.replace(b"1.1", b"1.2")),
        (b"505 HTTP Version Not Supported", b"GET /\r\n\r\n"),
        (b"426 Upgrade Required", GET_LAST.replace(b"1.1", b"2.0")),
        (b"501 Not Implemented", b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
        (b"400 Bad Request", GET_LAST.replace(b"/ ", b"/../x ")),
        (b"400 Bad Request", GET_LAST.replace(b"Host: x\r\n", b"")),
        (b"400 Bad Request", GET_LAST.replace(b"Host", b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\nHost")),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_its_status(
    start: Callable[..., int], status_line: bytes, request_bytes: bytes
) -> None:
    assert (await talk(start(), request_bytes)).startswith(b"HTTP/1.1 " + status_line + b"\r\n")


async def test_empty_lines_ahead_of_a_request_are_passed_over(start: Callable[..., int]) -> None:
    assert (await talk(start(), b"\r\n\r\n" + GET_LAST)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_head_may_be_as_long_as_the_limit(start: Callable[..., int]) -> None:
    port = start()
    fits = GET_LAST.replace(b"Host", b"X: " + b"x" * (8192 - len(GET_LAST) - 5) + b"\r\nHost")
    assert 8192 == len(fits)
    assert (await talk(port, fits)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert (await talk(port, fits.replace(b"X: ", b"X: x"))).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("target", "path_and_query"),
    [
        (b"http://elsewhere:99/a?b=c", b"/a 0 b=c"),
        (b"/a;jsessionid=1?b", b"/a 0 b"),
        (b"/x/../a", b"/a 0 "),
        (b"/a#part", b"/a 0 "),
    ],
)
async def test_a_target_is_understood_as_by_jetty(
    start: Callable[..., int], target: bytes, path_and_query: bytes
) -> None:
    answered = await talk(start(), GET_LAST.replace(b"/ ", target + b" "))
    assert answered.endswith(b"\r\n\r\nGET http " + path_and_query + b"|")


GET_10 = b"GET / HTTP/1.0\r\n\r\n"
GET_10_KEEP = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"


async def test_http_10_gets_one_answer(start: Callable[..., int]) -> None:
    answered = await talk(start(), GET_10 + GET_10)
    assert 1 == answered.count(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answered


async def test_http_10_keeps_its_connection_where_it_asks_for_that(start: Callable[..., int]) -> None:
    async with await connect(start()) as stream:
        for _ in range(2):
            await stream.send_all(GET_10_KEEP)
            assert b"\r\nConnection: keep-alive\r\n" in await read_answer(stream)
        await stream.send_all(GET_10_KEEP + GET_10)
        assert 2 == (await read_all(stream)).count(b"HTTP/1.1 200 OK\r\n")


async def test_http_10_reads_an_answer_without_a_length_to_its_end(start: Callable[..., int]) -> None:
    async def no_length(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all"})

    assert (await talk(start(no_length), GET_10_KEEP)).endswith(b"Connection: close\r\n\r\nall")


async def test_a_body_that_nobody_wants_is_passed_over(start: Callable[..., int]) -> None:
    request = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    answered = await talk(start(), request + GET_LAST)
    assert 2 == answered.count(b"HTTP/1.1 200 OK\r\n")


UPLOAD = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"


@pytest.mark.parametrize(("path", "status"), [(b"ignore", b"401"), (b"unread", b"200")])
async def test_a_big_body_that_nobody_wants_ends_with_the_connection(
    start: Callable[..., int], path: bytes, status: bytes
) -> None:
    async with await connect(start()) as stream:
        await stream.send_all(UPLOAD % path)
        answered = await stream.receive_some()
        assert answered.startswith(b"HTTP/1.1 " + status)
        assert b"\r\nConnection: close\r\n" in answered
        await send_until_closed(stream, bytes(1 << 16))


async def send_until_closed(stream: trio.SocketStream, data: bytes, pause_s: float = 0) -> None:
    """Say the same until the other side has closed."""
    with trio.fail_after(60):
        try:
            while True:
                await stream.send_all(data)
                await trio.sleep(pause_s)
        except trio.BrokenResourceError:
            pass


# --- what holds a connection


async def test_a_header_that_comes_too_slowly_is_cut_off(start: Callable[..., int]) -> None:
    port = start(header_timeout_s=0.2)
    async with await connect(port) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\n")
        await send_until_closed(stream, b"A: b\r\n", 0.02)


async def test_a_later_header_that_comes_too_slowly_is_cut_off_too(start: Callable[..., int]) -> None:
    port = start(header_timeout_s=1)
    async with await connect(port) as stream:
        await stream.send_all(GET)
        await read_answer(stream)
        await send_until_closed(stream, b"A: b\r\n", 0.02)


@pytest.mark.parametrize("settings", [{"min_data_rate": 0}, {"min_data_rate": 1 << 20}])
async def test_a_body_that_stands_still_is_cut_off(start: Callable[..., int], settings: dict[str, int]) -> None:
    async with await connect(start(idle_timeout_s=0.1, **settings)) as stream:
        await stream.send_all(UPLOAD % b"")
        assert b"200 OK" in await read_all(stream)


async def test_a_body_that_comes_too_slowly_is_cut_off(start: Callable[..., int]) -> None:
    async with await connect(start(idle_timeout_s=0.2, min_data_rate=1 << 20)) as stream:
        await stream.send_all(UPLOAD % b"")
        await send_until_closed(stream, b"x", 0.02)


async def test_half_open_connections_keep_nobody_out(start: Callable[..., int]) -> None:
    port = start(max_connections_per_address=2)
    async with await connect(port) as first, await connect(port) as second:
        await first.send_all(b"GET / HTTP/1.1\r\n")
        await second.send_all(b"GET / HTTP/1.1\r\n")
        assert (await talk(port, GET_LAST)).startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"" == await read_all(first)
        await second.send_all(GET_LAST.partition(b"\n")[2])
        assert (await read_all(second)).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("limit", [{"max_connections": 1}, {"max_connections_per_address": 1}])
async def test_a_connection_that_is_being_answered_is_not_replaced(
    start: Callable[..., int], limit: dict[str, int]
) -> None:
    asked, may_answer = trio.Event(), trio.Event()

    async def slow(scope: Message, receive: Receive, send: Send) -> None:
        asked.set()
        await may_answer.wait()
        await answer(send, 200, b"|")

    port = start(slow, **limit)
    async with await connect(port) as first:
        await first.send_all(GET)
        await asked.wait()
        assert b"" == await talk(port, GET_LAST)
        may_answer.set()
        assert (await read_answer(first)).startswith(b"HTTP/1.1 200 OK\r\n")
        assert (await talk(port, GET_LAST)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_idle_connection_is_closed(start: Callable[..., int]) -> None:
    port = start(header_timeout_s=0.05, idle_timeout_s=0.05)
    assert b"" == await talk(port, b"")
    assert b"" == await talk(port, b"GET / HTTP")
    assert (await talk(start(idle_timeout_s=0.05), GET)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_that_does_not_read_is_closed(start: Callable[..., int]) -> None:
    port = start(idle_timeout_s=0.2, max_connections=1)
    async with await connect(port) as stream:
        await stream.send_all(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        with trio.fail_after(60):
            while not (await talk(port, GET_LAST)):
                await trio.lowlevel.checkpoint()


async def test_the_end_waits_for_no_client() -> None:
    listener = open_http(HOST, 0)
    port = listener.getsockname()[1]
    with trio.fail_after(60):
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


async def test_a_tls_handshake_that_stands_still_is_cut_off(start: Callable[..., int], tmp_path: Path) -> None:
    server, _ = tls_settings(tmp_path)
    port = start(tls=server, header_timeout_s=0.2)
    assert b"" == await talk(port, b"\x16\x03\x01")
    async with await connect(port) as stream:
        await stream.send_all(b"\x16\x03\x01\x40\x00")
        await send_until_closed(stream, b"x", 0.02)


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
