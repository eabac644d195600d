"""create, create2, createContainer and createTTL: paths, flags, kinds of node, sequence numbers, errors."""

import itertools

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.values import ACLS, AWKWARD_PATHS, below

CREATES = [rq.CREATE, rq.CREATE2, rq.CREATE_CONTAINER, rq.CREATE_TTL]
FLAGS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 100]


def create_body(opcode: int, path: rq.Text, ttl: int = 5000, **more: object) -> bytes:
    body = rq.create(path, **more)  # type: ignore[arg-type]
    return body + rq.long(ttl) if opcode == rq.CREATE_TTL else body


def look(session: PairSession, path: rq.Text) -> None:
    """Compare all that can be read of a node."""
    session.call(rq.GET_DATA, rq.path_watch(path))
    session.call(rq.GET_ACL, rq.text(path))
    session.call(rq.GET_CHILDREN2, rq.path_watch(path))


@pytest.mark.parametrize("opcode", CREATES)
def test_the_reply_of_a_create(session: PairSession, place: str, opcode: int) -> None:
    session.call(opcode, create_body(opcode, f"{place}/a", data=b"some data"))
    look(session, f"{place}/a")
    look(session, place)
    session.call(opcode, create_body(opcode, f"{place}/a"))


@pytest.mark.parametrize("data", [None, b"", b"x", bytes(range(256)), b"z" * 100_000])
def test_the_data_of_a_create(session: PairSession, place: str, data: bytes | None) -> None:
    session.call(rq.CREATE2, rq.create(f"{place}/a", data))
    look(session, f"{place}/a")
    session.call(rq.EXISTS, rq.path_watch(f"{place}/a"))


@pytest.mark.parametrize("opcode", CREATES)
@pytest.mark.parametrize("flags", FLAGS)
def test_every_flag_with_every_opcode(session: PairSession, place: str, opcode: int, flags: int) -> None:
    # Without a TTL mode one ttl stands for all: that they are refused alike is for tests/server.
    for ttl in (
        (5000,) if opcode == rq.CREATE_TTL and flags in range(5) else (-1, 0, 1, 5000, 0xFFFFFFFFFF, 0x10000000000)
    ):
        path = f"{place}/n{ttl}-"
        session.call(opcode, create_body(opcode, path, flags=flags, ttl=ttl))
    look(session, place)
    for name in ("n-1-", "n-1-0000000000", "n5000-", "n5000-0000000003", "n5000-0000000001"):
        look(session, f"{place}/{name}")
    session.call(rq.GET_EPHEMERALS, rq.text(place))


def test_awkward_paths_below_a_node(session: PairSession, place: str) -> None:
    for path in below(place):
        for flags in (0, 1, 2):
            session.call(rq.CREATE, rq.create(path, flags=flags))
        session.call(rq.CREATE2, rq.create(path))
    session.call(rq.GET_CHILDREN, rq.path_watch(place))


def test_awkward_whole_paths(session: PairSession) -> None:
    for path in AWKWARD_PATHS:
        for opcode in CREATES:
            session.call(opcode, create_body(opcode, path))
        session.call(rq.DELETE, rq.path_version(path))


def test_a_sequential_create_may_end_in_a_slash(session: PairSession, place: str) -> None:
    for path in (f"{place}/", "/", f"{place}/x/", f"{place}//"):
        session.call(rq.CREATE, rq.create(path, flags=2))
    session.call(rq.GET_CHILDREN, rq.path_watch(place))
    session.call(rq.GET_CHILDREN, rq.path_watch("/"))


def test_sequence_numbers_count_creates_only(session: PairSession, place: str) -> None:
    for number in range(4):
        session.call(rq.CREATE, rq.create(f"{place}/p{number}"))
        session.call(rq.CREATE2, rq.create(f"{place}/s-", flags=2))
        session.call(rq.DELETE, rq.path_version(f"{place}/p{number}"))
        session.call(rq.CREATE, rq.create(f"{place}/s-", flags=3))
        session.call(rq.CREATE_CONTAINER, rq.create(f"{place}/c-", flags=2))
    look(session, place)


@pytest.mark.parametrize("with_credentials", [False, True])
def test_the_acl_of_a_create(session: PairSession, place: str, with_credentials: bool) -> None:
    if with_credentials:
        session.call(rq.AUTH, rq.auth("digest", "u:p"))
        session.call(rq.AUTH, rq.auth("digest", "v:q"))
    for number, entries in enumerate(ACLS.values()):
        for opcode in (rq.CREATE, rq.CREATE_CONTAINER):
            path = f"{place}/{number}-{opcode}"
            session.call(opcode, rq.create(path, entries=entries))
            session.call(rq.GET_ACL, rq.text(path))


def test_which_error_of_a_create_comes_first(session: PairSession, place: str) -> None:
    """Every combination of what can be wrong with a create."""
    closed = f"{place}/closed"
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    session.call(rq.CREATE, rq.create(closed))
    session.call(rq.CREATE, rq.create(f"{closed}/there"))
    session.call(rq.SET_ACL, rq.set_acl(closed, rq.READ_ONLY))
    paths = [None, "no-slash", f"{place}\x00", f"{place}/missing/x", f"{closed}/new", f"{closed}/there", place,
             f"{place}/e/child", f"{place}/bad/", f"{place}/.", f"{place}/e/bad/", f"{place}/e/.."]  # fmt: skip
    for path, entries, flags in itertools.product(paths, (rq.OPEN, [], [(31, "world", None)]), (0, 2, 5, 9)):
        session.call(rq.CREATE, rq.create(path, entries=entries, flags=flags))
    for path, ttl in itertools.product(paths, (0, 5)):
        session.call(rq.CREATE_TTL, rq.create_ttl(path, ttl))


def test_an_ephemeral_has_its_owner_and_no_children(pair: Pair, session: PairSession, place: str) -> None:
    other = pair.connect()
    session.call(rq.CREATE2, rq.create(f"{place}/e", flags=1))
    other.call(rq.CREATE2, rq.create(f"{place}/e2", flags=3))
    for flags in (0, 1, 2):
        session.call(rq.CREATE, rq.create(f"{place}/e/x", flags=flags))
    look(other, f"{place}/e")
    session.call(rq.GET_EPHEMERALS, rq.text("/"))
    other.call(rq.GET_EPHEMERALS, rq.text("/"))
    other.call(rq.CLOSE_SESSION)
    look(session, place)


@pytest.mark.parametrize("opcode", CREATES)
def test_truncated_creates(session: PairSession, place: str, opcode: int) -> None:
    whole = create_body(opcode, f"{place}/a", data=b"data", flags=5 if opcode == rq.CREATE_TTL else 0)
    for length in [*range(0, len(whole), 5), len(whole) - 1]:
        session.call(opcode, whole[:length])
    session.call(opcode, whole + b"trailing bytes")
    look(session, place)
