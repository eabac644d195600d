"""Four-letter words: their text, with numbers that differ between any two runs blanked."""

import re

import pytest

from interop import requests as rq
from interop.conftest import PairWith
from interop.pair import Pair, PairSession
from interop.server import Config
from interop.words import blanked, sections_sorted


@pytest.mark.parametrize("word", [b"ruok", b"isro", b"gtmk", b"crst", b"srst", b"conf", b"dirs", b"srvr", b"wchs"])
def test_words_of_an_idle_server(pair: Pair, word: bytes) -> None:
    pair.four_letter_word(word, blanked)


@pytest.mark.parametrize("word", [b"srvr", b"stat", b"cons", b"dump", b"wchs", b"wchc", b"wchp", b"conf"])
def test_words_of_a_server_with_sessions(pair: Pair, session: PairSession, place: str, word: bytes) -> None:
    other = pair.connect()
    other.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    other.call(rq.GET_DATA, rq.path_watch(place, True))
    other.call(rq.GET_CHILDREN, rq.path_watch(place, True))
    session.call(rq.ADD_WATCH, rq.path_int("/", 1))
    session.call(rq.EXISTS, rq.path_watch("/none", True))
    pair.four_letter_word(word, sections_sorted)
    pair.four_letter_word(word + b" and more", sections_sorted)


OPERATIONS = [
    (rq.PING, b""),
    (rq.CREATE, rq.create("/lop", flags=1)),
    (rq.SET_DATA, rq.set_data("/lop", b"")),
    (rq.GET_DATA, rq.path_watch("/lop")),
    (rq.EXISTS, rq.path_watch("/lop")),
    (rq.GET_CHILDREN, rq.path_watch("/lop")),
    (rq.GET_CHILDREN2, rq.path_watch("/lop")),
    (rq.GET_ACL, rq.text("/lop")),
    (rq.SET_ACL, rq.set_acl("/lop", rq.OPEN)),
    (rq.SYNC, rq.text("/lop")),
    (rq.MULTI, rq.multi([])),
    (rq.MULTI_READ, rq.multi([])),
    (rq.ADD_WATCH, rq.path_int("/lop", 0)),
    (rq.CHECK_WATCHES, rq.path_int("/lop", 3)),
    (rq.REMOVE_WATCHES, rq.path_int("/lop", 3)),
    (rq.SET_WATCHES, rq.set_watches(0, [], [], [])),
    (rq.SET_WATCHES2, rq.set_watches(0, [], [], [], [], [])),
    (rq.GET_EPHEMERALS, rq.text("/")),
    (rq.GET_ALL_CHILDREN_NUMBER, rq.text("/")),
    (rq.WHO_AM_I, b""),
    (rq.CREATE2, rq.create("/lop/x")),
    (rq.CREATE_CONTAINER, rq.create("/lop/x", flags=4)),
    (rq.RECONFIG, rq.text(None) * 3 + rq.long(-1)),
    (rq.AUTH, rq.auth("ip", "")),
    (rq.SASL, rq.text(b"")),
    (rq.DELETE, rq.path_version("/none")),
    (rq.DELETE, rq.path_version("/lop")),
    (rq.CREATE, b""),
    (rq.GET_DATA, b""),
]


def test_cons_names_the_last_operation(pair: Pair, session: PairSession) -> None:
    for opcode, body in OPERATIONS:
        session.call(opcode, body)
        pair.four_letter_word(b"cons", sections_sorted)
    for xid in (-1, -2, -4, -8, 0, 2**31 - 1):
        session.call(rq.PING, xid=xid)
        pair.four_letter_word(b"cons", sections_sorted)
    pair.four_letter_word(b"crst")
    pair.four_letter_word(b"cons", sections_sorted)


def test_packet_counters(pair: Pair, session: PairSession, place: str) -> None:
    """recved, sent, Received and Sent count alike."""
    session.call(rq.ADD_WATCH, rq.path_int(place, 0))
    pair.four_letter_word(b"crst")
    pair.four_letter_word(b"srst")
    session.call(rq.SET_DATA, rq.set_data(place, b"x"))
    session.call(rq.SET_DATA, rq.set_data(place, b"x", 99))
    session.call(rq.PING)
    session.call(rq.AUTH, rq.auth("ip", ""))
    session.send_payload(b"bad")
    session.expect_end("bad header")
    pair.connect().call(rq.PING)

    def counts(text: str) -> str:
        return "\n".join(
            sorted(re.findall(r"(?:recved|sent)=\d+|(?:Received|Sent|Connections|Outstanding): \d+", text))
        )

    pair.four_letter_word(b"cons", counts)
    pair.four_letter_word(b"stat", counts)


#: Gauges of mntr that depend on nothing but the requests made.
EXACT_GAUGES = [
    "zk_server_state", "zk_znode_count", "zk_watch_count", "zk_ephemerals_count", "zk_approximate_data_size",
    "zk_num_alive_connections", "zk_outstanding_requests", "zk_global_sessions", "zk_local_sessions",
    "zk_connection_drop_probability", "zk_auth_failed_count", "zk_non_mtls_remote_conn_count",
    "zk_non_mtls_local_conn_count",
    "zk_peer_state", "zk_outstanding_tls_handshake", "zk_digest_mismatches_count",
    "zk_max_client_response_size",
    "zk_min_client_response_size", "zk_last_client_response_size", "zk_throttled_ops", "zk_stale_requests",
]  # fmt: skip


def test_mntr_gauges(pair: Pair, session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/e", b"12345", flags=1))
    session.call(rq.ADD_WATCH, rq.path_int(place, 0))
    session.call(rq.GET_DATA, rq.path_watch(place, True))

    def gauges(text: str) -> str:
        rows = dict(line.split("\t", 1) for line in text.splitlines())
        return "\n".join(f"{name} {rows.get(name)}" for name in EXACT_GAUGES)

    pair.four_letter_word(b"mntr", gauges)


def test_mntr_has_the_same_keys(pair: Pair) -> None:
    """Keys of the JVM itself apart."""

    def keys(text: str) -> str:
        names = {line.split("\t", 1)[0] for line in text.splitlines()}
        return "\n".join(sorted(name for name in names if not name.startswith("zk_jvm")))

    pair.four_letter_word(b"mntr", keys)


def test_the_environment_has_the_same_keys(pair: Pair) -> None:
    pair.four_letter_word(b"envi", lambda text: "\n".join(line.split("=")[0] for line in text.splitlines()))


def test_the_trace_mask(pair: Pair) -> None:
    for data in (b"stmk" + rq.long(18), b"gtmk", b"stmk" + rq.long(-1), b"gtmk", b"stmk" + rq.long(306), b"gtmk"):
        connection = pair.dial()
        connection.send_raw(data)
        connection.expect_end(repr(data))


def test_a_word_may_arrive_in_pieces(pair: Pair) -> None:
    connection = pair.dial()
    for byte in b"ruok":
        connection.send_raw(bytes([byte]))
    connection.expect_end("ruok in pieces")


def test_unknown_words_are_lengths(pair: Pair) -> None:
    for word in (b"RUOK", b"quit", b"abcd", b"\xff\xf4\xff\xfd", b"stop", b"kill", b"help", b"\r\n\r\n"):
        connection = pair.dial()
        connection.send_raw(word)
        connection.expect_end(repr(word))


def test_hash_lists_digests(pair: Pair, session: PairSession, place: str) -> None:
    session.pipeline([(rq.SET_DATA, rq.set_data(place, b"x"))] * 300)
    pair.four_letter_word(b"hash", lambda text: re.sub(r": \d+", ": D", text))


def test_words_outside_the_whitelist_are_refused(pair_with: PairWith) -> None:
    pair = pair_with(Config(lines={"4lw.commands.whitelist": " stat , ruok,nosuch"}))
    for word in (b"stat", b"ruok", b"srvr", b"isro", b"conf", b"wchc", b"stmk12345678"):
        pair.four_letter_word(word, blanked)
    connection = pair.dial()
    connection.send_raw(b"\xff\xf4\xff\xfd")
    connection.expect_end("telnet close")
