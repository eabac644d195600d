"""Reads: exists, getData, getChildren, getACL, sync, ping, getEphemerals, getAllChildrenNumber, whoAmI, multiRead."""

import random

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.values import AWKWARD_PATHS, below

WATCH_READS = [rq.EXISTS, rq.GET_DATA, rq.GET_CHILDREN, rq.GET_CHILDREN2]
ILL_FORMED = [
    None, "", b"\xff\xfe", "/a\U0001f600".encode(), "\x00", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf8\x88\x80\x80\x80",
    b"\xe2\x82", b"\xf0\x9f\x98", b"a\xc3", b"\xc1\xbf", b"\xf4\x90\x80\x80", b"\xed\xa0\xbd", b"\xe0\x80\xaf",
]  # fmt: skip
PATH_READS = [rq.GET_ACL, rq.SYNC, rq.GET_EPHEMERALS, rq.GET_ALL_CHILDREN_NUMBER]


def read_all(session: PairSession, path: rq.Text) -> None:
    for opcode in WATCH_READS:
        session.call(opcode, rq.path_watch(path))
    for opcode in PATH_READS:
        session.call(opcode, rq.text(path))


def test_reads_do_not_validate_paths(session: PairSession) -> None:
    for path in AWKWARD_PATHS:
        read_all(session, path)


def test_reads_below_a_node(session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/a"))
    for path in below(place):
        read_all(session, path)


def test_the_built_in_nodes(session: PairSession) -> None:
    for path in ("/zookeeper", "/zookeeper/config", "/zookeeper/quota"):
        read_all(session, path)


@pytest.mark.parametrize("opcode", [*WATCH_READS, *PATH_READS])
def test_truncated_reads(session: PairSession, place: str, opcode: int) -> None:
    whole = rq.path_watch(place) if opcode in WATCH_READS else rq.text(place)
    for length in range(len(whole)):
        session.call(opcode, whole[:length])
    for length in (-1, -2, 2**31 - 1, -(2**31), 2097151):
        session.call(opcode, rq.integer(length) + whole[4:])
    session.call(opcode, whole + b"trailing")


def test_an_untrue_watch_byte_is_true(session: PairSession, place: str) -> None:
    session.call(rq.GET_DATA, rq.text(place) + b"\x07")
    session.call(rq.SET_DATA, rq.set_data(place, b"new"))


def test_sync_shows_how_strings_are_decoded_and_encoded(session: PairSession) -> None:
    for path in ILL_FORMED:
        session.call(rq.SYNC, rq.text(path))


def test_random_bytes_as_a_string(session: PairSession) -> None:
    chance = random.Random(7)
    alphabet = [
        b"\xff",
        b"\xc3",
        b"\xa9",
        b"\xe2",
        b"\x82",
        b"\xac",
        b"\xf0",
        b"\x9f",
        b"\x98",
        b"\x80",
        b"a",
        b"/",
        b"\xed",
        b"\xa0",
        b"\xc0",
    ]
    for _ in range(300):
        session.call(rq.SYNC, rq.text(b"".join(chance.choices(alphabet, k=chance.randrange(1, 9)))))


def test_the_prefix_of_get_ephemerals(pair: Pair, session: PairSession) -> None:
    other = pair.connect()
    other.call(rq.CREATE, rq.create("/prefix-other", flags=1))
    for path in ("/prefix", "/prefix2", "/another"):
        session.call(rq.CREATE, rq.create(path, flags=1))
    for prefix in (None, "", " ", "/", " / ", "\t", "\x00", "/pre", "/prefix", "/prefix ", " /prefix", "/none", "pre"):
        session.call(rq.GET_EPHEMERALS, rq.text(prefix))


def test_get_all_children_number_counts_descendants(session: PairSession, place: str) -> None:
    for path in ("a", "a/b", "a/b/c", "ab", "a2"):
        session.call(rq.CREATE, rq.create(f"{place}/{path}"))
    for path in (
        place,
        f"{place}/a",
        f"{place}/a/b",
        f"{place}/ab",
        f"{place}/",
        f"{place}/none",
        "/",
        "",
        "/zookeeper",
    ):
        session.call(rq.GET_ALL_CHILDREN_NUMBER, rq.text(path))


def test_ping_and_who_am_i_ignore_their_bodies(session: PairSession) -> None:
    for opcode in (rq.PING, rq.WHO_AM_I):
        for body in (b"", b"\x00", b"anything at all"):
            session.call(opcode, body)


def read(path: rq.Text, opcode: int = rq.GET_DATA) -> tuple[int, bytes]:
    return opcode, rq.path_watch(path, True)


def test_multi_read(session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/a", b"data"))
    session.call(rq.CREATE, rq.create(f"{place}/closed", b"data", [(4, "world", "anyone")]))
    children = rq.GET_CHILDREN
    for operations in (
        [],
        [read(place)],
        [read(place, children)],
        [read(place), read(place, children), read("/none"), read(f"{place}/a"), read("/none", children)],
        [read(f"{place}/closed"), read(f"{place}/closed", children), read(place)],
        [read(""), read("bad"), read("", children)],
        [read(place), read(None), read(place)],
        [read(place), read(None, children)],
        [(rq.CREATE, rq.create(f"{place}/x"))],
        [(rq.CHECK, rq.path_version(place))],
        [(rq.DELETE, rq.path_version(place)), (rq.CHECK, rq.path_version(place))],
        [read(place), (rq.CREATE, rq.create(f"{place}/x"))],
        [(rq.CREATE, rq.create(f"{place}/x")), read(place)],
        [(rq.EXISTS, rq.path_watch(place))],
        [(rq.GET_CHILDREN2, rq.path_watch(place))],
        [(99, b"")],
    ):
        session.call(rq.MULTI_READ, rq.multi(operations))
    session.call(rq.SET_DATA, rq.set_data(place, b"fires no watch"))
    whole = rq.multi([read(place), read(place, children)])
    for length in range(len(whole)):
        session.call(rq.MULTI_READ, whole[:length])
    session.call(rq.MULTI_READ, whole + b"trailing")


def test_get_data_of_a_large_node(session: PairSession, place: str) -> None:
    room = 1048575 - 8 - len(rq.set_data(place, b""))
    session.call(rq.SET_DATA, rq.set_data(place, b"x" * room))
    session.call(rq.GET_DATA, rq.path_watch(place))
    session.call(rq.GET_DATA, rq.path_watch(place))
