"""Sessions: the handshake, its bounds, moving to another connection, expiry, close, and a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ConnectResponse, GetChildrenRequest, GetDataRequest
from pyzoo.server.sessions import first_session_id, generate_password
from pyzoo.sim.operation import framed
from tests.support.dialogue import LoneServer

INVALID = bytes.fromhex("00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00")
HELLO = bytes.fromhex(
    "0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00"
)


# --- the handshake


def test_the_answer_is_a_bare_connect_response(world: LoneServer) -> None:
    client = world.socket()
    client.send(HELLO)
    [frame] = client.frames()
    assert 37 == len(frame)
    session_id = world.server.sessions.next_session_id - 1
    expected = ConnectResponse(0, 10_000, session_id, generate_password(session_id), False)
    assert expected == ConnectResponse.decode(InputArchive(frame))
    assert 1 == world.server.tree.last_processed_zxid


@pytest.mark.parametrize(
    ("session_id", "passwd"),
    [
        (0x01000024CAE60000, "38a73dd465b4b146d658d94cb65f450d"),
        (0x010000382CF20000, "bc39dc0e99ae883dfa981c4b0a07b814"),
    ],
)
def test_passwords_are_javas(session_id: int, passwd: str) -> None:
    assert passwd == generate_password(session_id).hex()


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_password_is_four_words_of_a_java_util_random(session_id: int) -> None:
    state = (session_id ^ 0xB3415C00 ^ 0x5DEECE66D) % (1 << 48)
    words = b""
    for _ in range(4):
        state = (state * 0x5DEECE66D + 11) % (1 << 48)
        words += (state >> 16).to_bytes(4, "little")
    assert words == generate_password(session_id)


def test_the_first_session_id_has_the_server_id_and_the_clock() -> None:
    assert (1 << 56) | (0x382CF2 << 16) == first_session_id(1, 0x382CF2)
    assert (1 << 56) == first_session_id(1, 1 << 40)
    assert -0x8000000000000000 + 1 == first_session_id(0x80, 0)


@pytest.mark.parametrize(
    ("asked", "given"),
    [(0, 4000), (-5, 4000), (3999, 4000), (4001, 4001), (39_999, 39_999), (40_001, 40_000), (0x7FFFFFFF, 40_000)],
)
def test_timeouts_are_kept_within_two_to_twenty_ticks(world: LoneServer, asked: int, given: int) -> None:
    assert given == world.connect(timeout_ms=asked).timeout_ms


def test_an_old_client_gets_no_read_only_byte(world: LoneServer) -> None:
    for read_only, length in ((None, 36), (False, 37), (True, 37)):
        client = world.socket()
        client.send(HELLO if read_only is False else framed(HELLO[4:-1] + (b"" if read_only is None else b"\1")))
        assert [length] == [len(frame) for frame in client.frames()]


@pytest.mark.parametrize("passwd", [None, b"", b"x" * 100])
def test_any_password_will_do_for_a_new_session(world: LoneServer, passwd: bytes | None) -> None:
    client = world.connect(passwd=passwd, version=77)
    assert generate_password(client.session_id) == client.passwd


def test_bytes_behind_the_record_are_ignored(world: LoneServer) -> None:
    client = world.socket()
    client.send(framed(HELLO[4:] + b"12345678"))
    assert [37] == [len(frame) for frame in client.frames()]


@pytest.mark.parametrize("data", [framed(HELLO[4:-2]), framed(b""), b"\xff\xff\xff\xff", b"\0\x10\0\0"])
def test_a_hello_that_cannot_be_read_closes_the_connection(world: LoneServer, data: bytes) -> None:
    client = world.socket()
    client.send(data)
    assert client.closed
    assert b"" == client.received


def test_a_client_from_the_future_is_sent_away(world: LoneServer) -> None:
    world.connect()
    assert not world.connect(last_zxid=1).closed
    late = world.connect(last_zxid=3)
    assert late.closed
    assert b"" == late.received


def test_requests_behind_the_hello_wait_for_the_session(world: LoneServer) -> None:
    world.disk_is_slow = True
    client = world.socket()
    client.send(HELLO + bytes.fromhex("00000008 fffffffe 0000000b"))
    assert [] == client.frames()
    world.sync()
    assert [37, 16] == [len(frame) for frame in client.frames()]


# --- the same session on another connection


def test_a_session_moves_to_the_newest_connection(world: LoneServer) -> None:
    old = world.connect()
    old.create("/e", flags=1)
    old.call(op.GET_CHILDREN, GetChildrenRequest("/", True))
    new = world.connect(session_id=old.session_id, passwd=old.passwd, timeout_ms=6000)
    assert old.closed
    assert (old.session_id, old.passwd, 6000) == (new.session_id, new.passwd, new.timeout_ms)
    assert 2 == world.server.tree.last_processed_zxid
    assert new.exists("/e")
    world.connect().create("/x")
    assert [] == new.take_events()


def test_a_wrong_password_kills_the_live_connection_and_not_the_session(world: LoneServer) -> None:
    live = world.connect()
    thief = world.socket()
    thief.send(framed(HELLO[4:16] + (10_000).to_bytes(4, "big") + live.session_id.to_bytes(8, "big") + HELLO[-21:]))
    assert [INVALID] == thief.frames()
    assert thief.closed
    assert live.closed
    assert b"" == live.received
    assert not world.connect(session_id=live.session_id, passwd=live.passwd).closed


@pytest.mark.parametrize("passwd", [None, b"", b"x" * 15, b"x" * 100])
def test_a_password_of_any_length_can_be_wrong(world: LoneServer, passwd: bytes | None) -> None:
    live = world.connect()
    again = world.connect(session_id=live.session_id, passwd=passwd)
    assert (True, 0) == (again.closed, again.session_id)


def test_an_unknown_session_is_invalid(world: LoneServer) -> None:
    stranger = world.connect(session_id=12345, passwd=generate_password(12345))
    assert (True, 0, 0) == (stranger.closed, stranger.session_id, stranger.timeout_ms)


# --- expiry and close


def test_a_silent_session_expires_within_a_tick_and_its_ephemerals_go(world: LoneServer) -> None:
    client, other = world.connect(timeout_ms=4000), world.connect(timeout_ms=40_000)
    client.create("/e", flags=1)
    other.call(op.GET_DATA, GetDataRequest("/e", True))
    world.pass_time(4000)
    assert not client.closed
    world.pass_time(2500)
    assert client.closed
    assert b"" == client.received
    assert [(2, "/e", 4)] == other.take_events()
    assert not other.exists("/e")


def test_anything_but_auth_keeps_a_session_alive(world: LoneServer) -> None:
    pinging, authenticating = world.connect(timeout_ms=4000), world.connect(timeout_ms=4000)
    for _ in range(5):
        world.pass_time(2000)
        pinging.call(op.PING)
        if not authenticating.closed:
            authenticating.auth("digest", b"u:p")
    assert not pinging.closed
    assert authenticating.closed


def test_a_lost_connection_does_not_close_the_session(world: LoneServer) -> None:
    client = world.connect(timeout_ms=4000)
    client.create("/e", flags=1)
    client.hang_up()
    other = world.connect(timeout_ms=40_000)
    assert other.exists("/e")
    world.pass_time(6500)
    assert not other.exists("/e")


def test_an_expired_session_cannot_be_used_again(world: LoneServer) -> None:
    client = world.connect(timeout_ms=4000)
    world.pass_time(6500)
    again = world.connect(session_id=client.session_id, passwd=client.passwd)
    assert (True, 0) == (again.closed, again.session_id)


def test_a_close_is_answered_before_the_socket_goes(world: LoneServer) -> None:
    client = world.connect()
    client.create("/e", flags=1)
    client.ask(op.CLOSE_SESSION, b"a body", xid=-77)
    assert [bytes.fromhex("ffffffb3 0000000000000003 00000000")] == client.frames()
    assert client.closed
    assert not world.connect().exists("/e")
    again = world.connect(session_id=client.session_id, passwd=client.passwd)
    assert (True, 0) == (again.closed, again.session_id)


def test_ephemerals_on_their_way_go_with_the_session(world: LoneServer) -> None:
    client = world.connect()
    world.disk_is_slow = True
    client.ask(
        op.CREATE,
        bytes.fromhex("00000002 2f65 00000000 00000001 0000001f 00000005 776f726c64 00000006616e796f6e65 00000001"),
    )
    client.ask(op.CLOSE_SESSION)
    world.sync()
    assert [0, 0] == [header.err for header, _ in client.replies()]
    world.disk_is_slow = False
    assert not world.connect().exists("/e")


# --- a restart


def test_sessions_and_ephemerals_survive_a_restart(world: LoneServer) -> None:
    client = world.connect(timeout_ms=4000)
    client.create("/e", flags=1)
    world.restart()
    world.pass_time(3000)
    again = world.connect(session_id=client.session_id, passwd=client.passwd, timeout_ms=4000)
    assert again.exists("/e")
    assert {"zookeeper", "e"} == set(again.children("/"))
    world.pass_time(6500)
    assert again.closed


def test_after_a_restart_the_timer_starts_again(world: LoneServer) -> None:
    client = world.connect(timeout_ms=4000)
    client.create("/e", flags=1)
    world.pass_time(3500)
    world.restart()
    other = world.connect(timeout_ms=40_000)
    world.pass_time(3500)
    assert other.exists("/e")
    world.pass_time(3000)
    assert not other.exists("/e")


# --- createSession sent by a client


def test_a_client_may_send_create_session(world: LoneServer) -> None:
    client = world.connect()
    client.ask(op.CREATE_SESSION, (5000).to_bytes(4, "big"))
    [frame] = client.frames()
    expected = ConnectResponse(0, 10_000, client.session_id, client.passwd, False)
    assert expected == ConnectResponse.decode(InputArchive(frame))
    assert 2 == world.server.tree.last_processed_zxid
    assert 5000 == world.server.database.sessions[client.session_id]


def test_a_short_create_session_takes_a_zxid(world: LoneServer) -> None:
    client = world.connect()
    client.ask(op.CREATE_SESSION, b"\0")
    assert [(2, -5)] == [(header.zxid, header.err) for header, _ in client.replies()]
