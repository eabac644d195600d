"""Limits as a client sees them: connections, frame size, large requests, enforced authentication, skipACL."""

import socket
import struct
from collections.abc import Callable

from kazoo.client import KazooClient

from interop import requests as rq
from interop.conftest import PairWith, StartServer, subject_is_real
from interop.pair import Pair, PairSession
from interop.server import Config

HELLO = rq.connect()
TRICKLE_SECONDS = 10


def test_connections_of_one_address(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"maxClientCnxns": "3"}))
    sessions = [pair.connect() for _ in range(3)]
    for _ in range(2):
        surplus = pair.dial()
        surplus.send_raw(b"ruok")
        surplus.expect_end("one connection too many")
    sessions[0].call(rq.CLOSE_SESSION)
    sessions[0].expect_end("close")
    replacement = pair.connect()
    replacement.call(rq.PING)
    sessions[1].call(rq.PING)


def test_connections_of_all_addresses(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"maxCnxns": "2"}))
    sessions = [pair.connect() for _ in range(2)]
    surplus = pair.dial()
    surplus.send_raw(b"ruok")
    surplus.expect_end("one connection too many")
    sessions[0].call(rq.PING)


SMALL_FRAMES = Config(properties={"jute.maxbuffer": "4096"})


def padded(size: int) -> bytes:
    """An exists request of exactly `size` bytes of payload."""
    head = struct.pack(">ii", 5, rq.EXISTS) + rq.path_watch("/")
    return head + b"x" * (size - len(head))


def test_frames_up_to_the_limit_are_served(pair_with: PairWith) -> None:
    pair = pair_with(SMALL_FRAMES)
    for size in (4095, 4096, 4097, 5000):
        session = pair.connect()
        session.send_payload(padded(size))
        if size <= 4096:
            session.receive([rq.EXISTS], f"a frame of {size} bytes")
        else:
            session.expect_end(f"a frame of {size} bytes")


def test_fields_are_limited_apart_from_frames(pair_with: PairWith) -> None:
    session = pair_with(SMALL_FRAMES).connect()
    for length in (4000, 4096, 4097, 8192, 8193, 100000):
        session.call(rq.EXISTS, rq.integer(length) + b"/" * 40)
    session.call(rq.CREATE, rq.create("/big", b"x" * 3900))
    session.call(rq.MULTI_READ, rq.multi([(rq.GET_DATA, rq.path_watch("/big"))] * 20))


def test_the_default_frame_limit(pair: Pair) -> None:
    for size in (1048575, 1048576):
        session = pair.connect()
        session.send_payload(padded(size))
        if size == 1048575:
            session.receive([rq.EXISTS], f"a frame of {size} bytes")
        else:
            session.expect_end(f"a frame of {size} bytes")


def test_large_requests_are_admitted_by_their_sum(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"largeRequestThreshold": "1000", "largeRequestMaxBytes": "5000"}))
    for size in (999, 1000, 1001, 5000, 5001, 6000):
        session = pair.connect()
        session.send_payload(padded(size))
        if size <= 5000:
            session.receive([rq.EXISTS], f"a request of {size} bytes")
        else:
            session.expect_end(f"a request of {size} bytes")


ENFORCED = Config(
    properties={"zookeeper.enforce.auth.enabled": "true", "zookeeper.enforce.auth.schemes": "digest"},
)


def test_without_the_enforced_scheme_everything_is_refused(pair_with: PairWith) -> None:
    pair = pair_with(ENFORCED)
    for opcode, body in (
        (rq.PING, b""),
        (rq.EXISTS, rq.path_watch("/")),
        (rq.CREATE, rq.create("/x")),
        (rq.CREATE, b"malformed"),
        (rq.CLOSE_SESSION, b""),
        (rq.WHO_AM_I, b""),
        (rq.CREATE_SESSION, rq.integer(5000)),
        (99, b""),
    ):
        session = pair.connect()
        session.call(opcode, body, xid=44)
        session.expect_end(f"opcode {opcode} without authentication")


def test_with_the_enforced_scheme_all_is_as_usual(pair_with: PairWith) -> None:
    pair = pair_with(ENFORCED)
    session = pair.connect()
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    session.call(rq.PING)
    session.call(rq.CREATE, rq.create("/enforced", entries=rq.CREATOR))
    session.call(rq.SASL, rq.text(b""))
    again = pair.reconnect(session)
    again.call(rq.PING)
    again.expect_end("the new connection has no ids")


def open_door(session: PairSession) -> None:
    session.call(rq.CREATE, rq.create("/door", b"data", [(0, "world", "anyone")]))
    for opcode, body in (
        (rq.GET_DATA, rq.path_watch("/door")),
        (rq.EXISTS, rq.path_watch("/door", True)),
        (rq.GET_ACL, rq.text("/door")),
        (rq.SET_DATA, rq.set_data("/door", b"new")),
        (rq.CREATE, rq.create("/door/child")),
        (rq.CREATE, rq.create("/door/bad", entries=[(31, "digest", "bad")])),
        (rq.SET_ACL, rq.set_acl("/door", [(31, "digest", "a:b")])),
        (rq.GET_ACL, rq.text("/door")),
        (rq.MULTI, rq.multi([(rq.CHECK, rq.path_version("/door"))])),
        (rq.MULTI_READ, rq.multi([(rq.GET_DATA, rq.path_watch("/door"))])),
        (rq.DELETE, rq.path_version("/door/child")),
        (rq.SET_DATA, rq.set_data("/zookeeper/config", b"", 3)),
    ):
        session.call(opcode, body)


def test_skip_acl(pair_with: PairWith) -> None:
    open_door(pair_with(Config(lines={"skipACL": "yes"})).connect())


def test_skip_acl_must_be_exactly_yes(pair_with: PairWith) -> None:
    open_door(pair_with(Config(lines={"skipACL": "Yes"})).connect())


def test_session_timeouts_are_configurable(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"tickTime": "1000", "minSessionTimeout": "7000", "maxSessionTimeout": "9000"}))
    for timeout in (0, 6999, 7000, 8000, 9000, 9001, 2**31 - 1):
        pair.connect(timeout=timeout).call(rq.PING)
    pair.four_letter_word(b"conf", lambda text: "\n".join(line for line in text.splitlines() if "imeout" in line))


def test_reconfig_of_a_standalone_server_is_unimplemented(pair_with: PairWith) -> None:
    session = pair_with(Config(lines={"reconfigEnabled": "true"})).connect()
    for body in (rq.text(None) * 3 + rq.long(-1), rq.text("server.1=x") * 3 + rq.long(7), b"", rq.text("")):
        session.call(rq.RECONFIG, body)
        session.call(rq.PING)


def test_digest_algorithms(pair_with: PairWith) -> None:
    pair = pair_with(Config(properties={"zookeeper.DigestAuthenticationProvider.digestAlg": "SHA3-512"}))
    session = pair.connect()
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    session.call(rq.CREATE, rq.create("/digest", entries=rq.CREATOR))
    session.call(rq.GET_ACL, rq.text("/digest"))


def test_without_the_digest_provider(pair_with: PairWith) -> None:
    pair = pair_with(Config(properties={"zookeeper.DigestAuthenticationProvider.enabled": "false"}))
    session = pair.connect()
    session.call(rq.CREATE, rq.create("/nodigest", entries=[(31, "digest", "a:b")]))
    session.call(rq.CREATE, rq.create("/nodigest", entries=rq.CREATOR))
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    session.expect_end("no provider")


def test_connections_without_a_session_are_closed(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"nio.sessionlessCnxnTimeout": "500"}))
    silent, begun, session = pair.dial(), pair.dial(), pair.connect()
    begun.send_raw(b"\x00\x00")
    for connection in (silent, begun):
        connection.expect_end("a connection without a session")
    session.call(rq.PING)


def test_a_hello_that_trickles_is_cut_off_here_only(
    start_real: StartServer, start_subject: StartServer, connect: Callable[..., KazooClient]
) -> None:
    """Apache's counts the time-out from the last byte; a byte every tenth of a second keeps its connection."""
    config = Config(lines={"nio.sessionlessCnxnTimeout": "500"})
    for server, kept in ((start_real(config), True), (start_subject(config), subject_is_real())):
        with socket.create_connection(server.address, TRICKLE_SECONDS) as connection:
            assert kept is trickles_on(connection, len(HELLO).to_bytes(4, "big") + HELLO)
        assert connect(server).exists("/")


def trickles_on(connection: socket.socket, data: bytes) -> bool:
    """Whether a connection is still open after most of a frame, sent a byte at a time over many time-outs."""
    connection.settimeout(0.1)
    for byte in data[:40]:
        try:
            connection.sendall(bytes([byte]))
            if not connection.recv(1):
                return False
        except TimeoutError:
            continue
        except ConnectionError:
            return False
    return True


def test_the_connect_throttle(pair_with: PairWith) -> None:
    lines = {"connection_throttle_tokens": "3", "connection_throttle_fill_time": "600000"}
    pair = pair_with(Config(lines=lines))
    for _ in range(6):
        pair.connect()


def test_the_outstanding_limit_only_slows_down(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"globalOutstandingLimit": "5"}))
    session = pair.connect()
    session.pipeline([(rq.CREATE, rq.create(f"/slow-{number}")) for number in range(300)])


def test_the_request_throttle_only_slows_down(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"request_throttle_max_requests": "3", "request_throttle_stall_time": "5"}))
    session = pair.connect()
    session.pipeline([(rq.CREATE, rq.create(f"/slow-{number}")) for number in range(100)])


def test_without_digests_close_bodies_and_eager_checks(pair_with: PairWith) -> None:
    """Switches that change files or other roles must change nothing for clients."""
    pair = pair_with(
        Config(properties={"zookeeper.digest.enabled": "false", "zookeeper.closeSessionTxn.enabled": "false"})
    )
    session, other = pair.connect(), pair.connect()
    session.call(rq.CREATE, rq.create("/plain"))
    session.call(rq.ADD_WATCH, rq.path_int("/", 1))
    other.call(rq.CREATE, rq.create("/plain/e1", flags=1))
    other.call(rq.CREATE, rq.create("/plain/e2", flags=1))
    other.call(rq.CLOSE_SESSION)
    session.call(rq.GET_CHILDREN2, rq.path_watch("/plain"))
    pair.four_letter_word(b"hash")
