"""multi: framing, normalisation of creates, results, all or nothing, zxids, events."""

import itertools
from collections.abc import Sequence

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.test_creates import create_body, look
from interop.values import ACLS, AWKWARD_PATHS

CREATES = [rq.CREATE, rq.CREATE2, rq.CREATE_CONTAINER, rq.CREATE_TTL]
Operation = tuple[int, bytes]


def create(path: rq.Text, flags: int = 0, data: rq.Text = b"") -> Operation:
    return rq.CREATE, rq.create(path, data, flags=flags)


def create2(path: rq.Text, flags: int = 0) -> Operation:
    return rq.CREATE2, rq.create(path, b"two", flags=flags)


def delete(path: rq.Text, version: int = -1) -> Operation:
    return rq.DELETE, rq.path_version(path, version)


def set_data(path: rq.Text, data: rq.Text = b"new", version: int = -1) -> Operation:
    return rq.SET_DATA, rq.set_data(path, data, version)


def check(path: rq.Text, version: int = -1) -> Operation:
    return rq.CHECK, rq.path_version(path, version)


def multi(session: PairSession, *operations: Operation) -> bytes:
    """The multi, and then a ping: it shows the zxid that the next request sees."""
    reply = session.call(rq.MULTI, rq.multi(operations))
    session.call(rq.PING)
    return reply


def test_the_results_of_every_operation(session: PairSession, place: str) -> None:
    multi(
        session,
        create(f"{place}/a"),
        create2(f"{place}/b"),
        (rq.CREATE_CONTAINER, rq.create(f"{place}/c", flags=4)),
        create(f"{place}/d", 4),
        create(f"{place}/s-", 2),
        create2(f"{place}/s-", 3),
        set_data(f"{place}/a"),
        set_data(f"{place}/a", b"", 1),
        check(f"{place}/a", 2),
        delete(f"{place}/a", 2),
        set_data(place),
    )
    for path in ("", "/a", "/b", "/c", "/d"):
        look(session, place + path)


def test_the_empty_multi(session: PairSession) -> None:
    multi(session)


@pytest.mark.parametrize("opcode", CREATES)
@pytest.mark.parametrize("flags", [-1, 0, 1, 2, 3, 4, 5, 6, 7])
def test_every_flag_with_every_create(session: PairSession, place: str, opcode: int, flags: int) -> None:
    for ttl in (-1, 0, 1, 5000) if opcode == rq.CREATE_TTL else (0,):
        path = f"{place}/n{ttl}-"
        multi(session, set_data(place), (opcode, create_body(opcode, path, flags=flags, ttl=ttl)), check(place))
        look(session, path)
    look(session, place)
    session.call(rq.GET_EPHEMERALS, rq.text(place))


def failing(place: str) -> Sequence[Operation]:
    return (
        create(place),
        create("/none/x"),
        create(f"{place}/"),
        create(f"{place}/e/x"),
        (rq.CREATE, rq.create(f"{place}/y", entries=[])),
        (rq.CREATE, rq.create(f"{place}/y", entries=[(31, "digest", "bad")])),
        (rq.CREATE, rq.create(f"{place}/y", entries=[(31, "world", None)])),
        (rq.CREATE_TTL, rq.create_ttl(f"{place}/y", 100)),
        create(f"{place}/closed/x"),
        delete("/none"),
        delete("/"),
        delete(place, 99),
        delete(place),
        delete(f"{place}/closed/there"),
        set_data("/none"),
        set_data("bad"),
        set_data(place, b"", 99),
        set_data(f"{place}/closed"),
        check("/none"),
        check("bad"),
        check(place, 99),
        check(f"{place}/closed"),
    )


def test_failures_at_every_position(session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    session.call(rq.CREATE, rq.create(f"{place}/closed"))
    session.call(rq.CREATE, rq.create(f"{place}/closed/there"))
    session.call(rq.SET_ACL, rq.set_acl(f"{place}/closed", [(0, "world", "anyone")]))
    good = [create(f"{place}/g-", 2), set_data(place), check(place)]
    for bad in failing(place):
        for position in range(4):
            operations = list(good)
            operations.insert(position, bad)
            multi(session, *operations)
    multi(session, *failing(place))
    look(session, place)
    session.call(rq.CREATE, rq.create(f"{place}/next-", flags=2))


def test_operations_see_the_earlier_ones(session: PairSession, place: str) -> None:
    a = f"{place}/a"
    multi(session, create(a), create(f"{a}/b"), delete(f"{a}/b"), delete(a))
    multi(session, create(a), set_data(a), check(a, 1), set_data(a, b"", 1), check(a, 2), delete(a, 2), create2(a))
    multi(session, delete(a), check(a))
    multi(session, create(f"{a}/x"), delete(a))
    multi(session, delete(a), create(a, 1), create(f"{a}/y"))
    multi(session, *[create(f"{place}/q-", 2) for _ in range(5)], delete(f"{place}/q-0000000003"))
    multi(session, delete(a), create(a), delete(a), create(a), set_data(a))
    look(session, place)
    look(session, a)


def test_a_container_with_ephemeral_flags_counts_as_ephemeral_within_its_multi(
    session: PairSession, place: str
) -> None:
    for flags in (0, 1, 2, 3, 4):
        path = f"{place}/c{flags}" + ("0000000000" if flags in (2, 3) else "")
        container = (rq.CREATE_CONTAINER, rq.create(f"{place}/c{flags}", flags=flags))
        multi(session, container, create(f"{path}/child"))
        multi(session, container)
        multi(session, create(f"{path}/child"))
    look(session, place)


def test_stats_in_results_are_those_of_the_operation(session: PairSession, place: str) -> None:
    multi(
        session,
        set_data(place),
        create2(f"{place}/a"),
        set_data(place),
        create2(f"{place}/a/b"),
        set_data(f"{place}/a"),
    )
    multi(session, create2(f"{place}/z"), set_data(f"{place}/z"), delete(f"{place}/z"), create2(f"{place}/z"))
    look(session, place)


def test_the_acls_of_creates(session: PairSession, place: str) -> None:
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    for number, entries in enumerate(ACLS.values()):
        path = f"{place}/{number}"
        multi(session, set_data(place), (rq.CREATE, rq.create(path, entries=entries)), check(place))
        look(session, path)


def test_awkward_paths(session: PairSession, place: str) -> None:
    for path in AWKWARD_PATHS:
        for operation in (create(path), create2(path, 2), delete(path, 77), set_data(path, b"", 77), check(path)):
            multi(session, set_data(place), operation, check(place))
    for path in ("/zookeeper/0000000002", "/zookeeper0000000002"):
        session.call(rq.DELETE, rq.path_version(path))


def test_requests_that_fail_as_a_whole(session: PairSession, place: str) -> None:
    read = (rq.GET_DATA, rq.path_watch(place))
    children = (rq.GET_CHILDREN, rq.path_watch(place))
    for operations in (
        [read],
        [children, read],
        [create(f"{place}/m"), read],
        [read, create(f"{place}/m")],
        [(rq.CREATE, rq.create(f"{place}/m", entries=None))],
        [create(f"{place}/m"), (rq.CREATE2, rq.create(f"{place}/n", entries=None))],
        [(rq.CREATE_TTL, rq.create_ttl(f"{place}/n", 5, entries=None))],
        *[
            [create(f"{place}/m"), (opcode, rq.path_version(place))]
            for opcode in (-11, -1, 0, 3, 6, 7, 9, 12, 14, 20, 22, 99)
        ],
    ):
        multi(session, *operations)
    look(session, place)


def test_what_is_found_first_decides_whether_a_zxid_is_taken(session: PairSession, place: str) -> None:
    """Of a null ACL, bad flags, mixed kinds, unknown types and truncation in one request."""
    flaws: list[Operation] = [
        (opcode, create_body(opcode, path, entries=entries, flags=flags, ttl=ttl))
        for opcode in CREATES
        for path in (f"{place}/n", None)
        for entries in (rq.OPEN, None)
        for flags in (0, 2, 4, 5, 7, -1)
        for ttl in ((-1, 5000) if opcode == rq.CREATE_TTL else (0,))
    ]
    null_acl: Operation = (rq.CREATE, rq.create(f"{place}/m", entries=None))
    others: list[Operation] = [
        (rq.GET_DATA, rq.path_watch(place)),
        (rq.SET_ACL, rq.set_acl(place, rq.OPEN)),
        (rq.SET_DATA, b"\x00"),
        set_data(None),
        check(place, 99),
    ]
    for flaw in [*flaws, *others]:
        multi(session, set_data(place), flaw)
        multi(session, flaw, null_acl)
        multi(session, null_acl, flaw)
        multi(session, check(place, 99), flaw)


def test_truncation_anywhere(session: PairSession, place: str) -> None:
    whole = rq.multi([create(f"{place}/m"), set_data(place), check(place), delete(f"{place}/m")])
    for length in range(len(whole)):
        session.call(rq.MULTI, whole[:length])
    session.call(rq.MULTI, whole + b"trailing")
    session.call(rq.MULTI, rq.MULTI_END + whole)
    look(session, place)


def test_only_the_done_byte_ends_the_list(session: PairSession, place: str) -> None:
    body = rq.multi_header(rq.SET_DATA, error=77) + set_data(place)[1]
    for type, error in itertools.product((-1, 0, 1, 14, 99), (-1, 0, 5)):
        session.call(rq.MULTI, body + rq.multi_header(type, True, error))
    session.call(rq.MULTI, body + rq.multi_header(-1, False))
    session.call(rq.MULTI, body + rq.integer(1) + b"\x05" + rq.integer(0))


def test_events_of_a_multi(pair: Pair, session: PairSession, place: str) -> None:
    other = pair.connect()
    for mode in (0, 1):
        other.call(rq.ADD_WATCH, rq.path_int(place, mode))
    session.call(rq.GET_DATA, rq.path_watch(place, True))
    session.call(rq.GET_CHILDREN, rq.path_watch(place, True))
    a = f"{place}/a"
    multi(session, create(a), set_data(place), set_data(place), set_data(a), delete(a), create(a, 1))
    pair.settle()
    multi(session, set_data(place), delete(a), check("/none"))
    pair.settle()
    session.call(rq.CLOSE_SESSION)
    pair.settle()


def test_a_large_multi(session: PairSession, place: str) -> None:
    multi(session, *[create(f"{place}/n{number}", data=b"x" * 50) for number in range(1500)])
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
    multi(session, *[delete(f"{place}/n{number}") for number in range(0, 1500, 3)])
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
