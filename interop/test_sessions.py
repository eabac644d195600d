"""Sessions: reconnecting, wrong passwords, stolen connections, expiry, closing."""

import time

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.server import Config

#: Sessions of 200 to 2000 ms.
CONFIG = Config(lines={"tickTime": "100"})
EXPIRY_SECONDS = 30.0


def wait_for_expiry(session: PairSession) -> None:
    session.expect_end("expiry", EXPIRY_SECONDS)


def test_a_session_moves_to_a_new_connection(pair: Pair, place: str) -> None:
    session = pair.connect()
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    for _ in range(3):
        again = pair.reconnect(session)
        session.expect_end("the older connection")
        again.call(rq.GET_EPHEMERALS, rq.text("/"))
        again.call(rq.GET_DATA, rq.path_watch(f"{place}/e"))
        session = again


def test_a_wrong_password_closes_both_connections_but_not_the_session(pair: Pair, place: str) -> None:
    for password in (bytes(16), b"", b"short", bytes(17)):
        session = pair.connect()
        session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
        intruder = pair.reconnect(session, wrong_password=password)
        intruder.expect_end("wrong password")
        session.expect_end("the live connection")
        again = pair.reconnect(session)
        again.call(rq.EXISTS, rq.path_watch(f"{place}/e"))
        again.call(rq.CLOSE_SESSION)
        again.expect_end("close")


def test_unknown_sessions_are_refused(pair: Pair) -> None:
    for session in (1, -1, 2**63 - 1, -(2**63), 0x123456789):
        for read_only in (b"", b"\x00", b"\x01"):
            stranger = pair.connect(session=session, read_only=read_only)
            stranger.expect_end("unknown session")


def test_a_closed_session_cannot_come_back(pair: Pair) -> None:
    session = pair.connect()
    session.call(rq.CLOSE_SESSION)
    session.expect_end("close")
    again = pair.reconnect(session)
    again.expect_end("refusal")


def test_the_new_timeout_is_negotiated_again(pair: Pair) -> None:
    session = pair.connect(timeout=500)
    for timeout in (-1, 0, 300, 1999, 100000):
        session = pair.reconnect(session, timeout=timeout)
        session.call(rq.PING)


def test_an_idle_session_expires_without_a_byte(pair: Pair, session: PairSession, place: str) -> None:
    watcher = pair.connect(timeout=2000)
    watcher.call(rq.GET_CHILDREN, rq.path_watch(place, True))
    watcher.call(rq.ADD_WATCH, rq.path_int(place, 1))
    idle = pair.connect(timeout=200)
    for number in range(20):
        idle.call(rq.CREATE, rq.create(f"{place}/e{number}", flags=1))
    wait_for_expiry(idle)
    pair.settle()
    watcher.call(rq.GET_CHILDREN2, rq.path_watch(place))
    pair.reconnect(idle).expect_end("an expired session")


def test_pings_keep_a_session_and_silence_does_not(pair: Pair) -> None:
    session = pair.connect(timeout=400)
    for _ in range(12):
        time.sleep(0.1)
        session.call(rq.PING)
    wait_for_expiry(session)


def test_auth_does_not_keep_a_session(pair: Pair) -> None:
    session = pair.connect(timeout=300)
    for _ in range(15):
        time.sleep(0.1)
        session.send(rq.AUTH, rq.auth("ip", "x"))
    for connection in session.connections:
        connection.read_to_end(EXPIRY_SECONDS)
    pair.reconnect(session).expect_end("an expired session")


def test_a_cut_connection_keeps_its_session_until_it_expires(pair: Pair, place: str) -> None:
    session = pair.connect(timeout=2000)
    watcher = pair.connect(timeout=2000)
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    session.disconnect()
    watcher.call(rq.EXISTS, rq.path_watch(f"{place}/e", True))
    again = pair.reconnect(session, timeout=300)
    again.call(rq.EXISTS, rq.path_watch(f"{place}/e"))
    again.disconnect()
    events = []
    for connection, side in zip(watcher.connections, pair.sides, strict=True):
        frame = connection.read_frame(EXPIRY_SECONDS)
        events.append(side.normaliser.frame(frame or b"", rq.PING))
    pair.compare("the event of the expiry", events)


def test_closing_with_watchers_and_ephemerals_of_many_parents(pair: Pair, session: PairSession, place: str) -> None:
    closing = pair.connect()
    session.call(rq.ADD_WATCH, rq.path_int(place, 1))
    for parent in range(4):
        session.call(rq.CREATE, rq.create(f"{place}/p{parent}"))
        session.call(rq.GET_CHILDREN, rq.path_watch(f"{place}/p{parent}", True))
        for child in range(7):
            closing.call(rq.CREATE, rq.create(f"{place}/p{parent}/e{child}", flags=1))
    closing.call(rq.GET_EPHEMERALS, rq.text("/"))
    closing.call(rq.DELETE, rq.path_version(f"{place}/p0/e0"))
    closing.pipeline([(rq.CREATE, rq.create(f"{place}/last", flags=1)), (rq.DELETE, rq.path_version(f"{place}/p1/e1")),
                      (rq.CLOSE_SESSION, b"")])  # fmt: skip
    pair.settle()
    for parent in range(4):
        session.call(rq.GET_CHILDREN2, rq.path_watch(f"{place}/p{parent}"))


def test_writes_of_a_closed_connection_still_take_effect(pair: Pair, session: PairSession, place: str) -> None:
    writer = pair.connect()
    for number in range(100):
        writer.send(rq.CREATE, rq.create(f"{place}/w{number}"))
    writer.send(99)
    for connection in writer.connections:
        connection.read_to_end()
    session.call(rq.SYNC, rq.text("/"))
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
