"""Watches: which change fires what to whom, in which order, with which zxid."""

import itertools

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.values import AWKWARD_PATHS

READS = [rq.EXISTS, rq.GET_DATA, rq.GET_CHILDREN, rq.GET_CHILDREN2]
CHILDREN, DATA, ANY, PERSISTENT, RECURSIVE = 1, 2, 3, 4, 5


def story(session: PairSession, node: str) -> None:
    """All kinds of changes around `node`, by a session; after each all watchers receive what they got."""
    for opcode, body in (
        (rq.CREATE, rq.create(node)),
        (rq.SET_DATA, rq.set_data(node, b"1")),
        (rq.SET_ACL, rq.set_acl(node, rq.OPEN)),
        (rq.CREATE, rq.create(f"{node}/x")),
        (rq.CREATE2, rq.create(f"{node}/x/y", flags=1)),
        (rq.SET_DATA, rq.set_data(f"{node}/x", b"2")),
        (rq.SYNC, rq.text(node)),
        (rq.SET_DATA, rq.set_data(node, b"bad", 99)),
        (rq.DELETE, rq.path_version(f"{node}/x/y")),
        (rq.DELETE, rq.path_version(f"{node}/x")),
        (rq.DELETE, rq.path_version(node)),
        (rq.CREATE_CONTAINER, rq.create(node, flags=4)),
        (rq.SET_DATA, rq.set_data(node, b"3")),
        (rq.DELETE, rq.path_version(node)),
        (rq.MULTI, rq.multi([(rq.CREATE, rq.create(node)), (rq.SET_DATA, rq.set_data(node, b"4"))])),
    ):
        session.call(opcode, body)
        session.pair.settle()


@pytest.mark.parametrize("opcode", READS)
@pytest.mark.parametrize("where", ["", "/node", "/node/x", "/node/x/y"])
def test_one_shot_watches(pair: Pair, session: PairSession, place: str, opcode: int, where: str) -> None:
    watcher = pair.connect()
    watcher.call(opcode, rq.path_watch(place + where, True))
    session.call(opcode, rq.path_watch(place + where, True))
    story(session, f"{place}/node")


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("where", ["", "/node", "/node/x", "/node/x/y"])
def test_persistent_watches(pair: Pair, session: PairSession, place: str, mode: int, where: str) -> None:
    watcher = pair.connect()
    watcher.call(rq.ADD_WATCH, rq.path_int(place + where, mode))
    session.call(rq.ADD_WATCH, rq.path_int(place + where, mode))
    story(session, f"{place}/node")


def test_all_combinations_of_watches_on_a_node_and_its_parent(pair: Pair, session: PairSession, place: str) -> None:
    node = f"{place}/node"
    kinds = [(rq.EXISTS, rq.path_watch(node, True)), (rq.GET_CHILDREN, rq.path_watch(node, True)),
             (rq.ADD_WATCH, rq.path_int(node, 0)), (rq.ADD_WATCH, rq.path_int(node, 1)),
             (rq.ADD_WATCH, rq.path_int(place, 1)), (rq.GET_CHILDREN, rq.path_watch(place, True))]  # fmt: skip
    for chosen in itertools.product((False, True), repeat=len(kinds)):
        watcher = pair.connect()
        session.call(rq.CREATE, rq.create(node))
        for (opcode, body), wanted in zip(kinds, chosen, strict=True):
            if wanted:
                watcher.call(opcode, body)
        session.call(rq.CREATE, rq.create(f"{node}/c"))
        session.call(rq.SET_DATA, rq.set_data(node, b"x"))
        session.call(rq.DELETE, rq.path_version(f"{node}/c"))
        session.call(rq.DELETE, rq.path_version(node))
        watcher.call(rq.PING)
        watcher.call(rq.CLOSE_SESSION)


@pytest.mark.parametrize("path", ["/", ""])
def test_watches_on_the_root(pair: Pair, session: PairSession, place: str, path: str) -> None:
    watchers = [pair.connect() for _ in range(4)]
    watchers[0].call(rq.GET_CHILDREN, rq.path_watch(path, True))
    watchers[1].call(rq.ADD_WATCH, rq.path_int(path, 0))
    watchers[2].call(rq.ADD_WATCH, rq.path_int(path, 1))
    watchers[3].call(rq.GET_DATA, rq.path_watch(path, True))
    session.call(rq.SET_DATA, rq.set_data("/", b"x"))
    session.call(rq.CREATE, rq.create(f"{place}-sibling"))
    session.call(rq.CREATE, rq.create(f"{place}/child"))
    session.call(rq.DELETE, rq.path_version(f"{place}-sibling"))
    pair.settle()
    session.call(rq.SET_DATA, rq.set_data("/", b""))


def test_registering_for_anything(session: PairSession, place: str) -> None:
    for path in AWKWARD_PATHS:
        for mode in (0, 1):
            session.call(rq.ADD_WATCH, rq.path_int(path, mode))
    for mode in (-1, 2, 3, 99, 2**31 - 1, -(2**31)):
        session.call(rq.ADD_WATCH, rq.path_int(place, mode))
    whole = rq.path_int(place, 0)
    for length in range(0, len(whole), 4):
        session.call(rq.ADD_WATCH, whole[:length])
    session.call(rq.SET_DATA, rq.set_data(place, b"x"))


def test_check_and_remove_watches(pair: Pair, session: PairSession, place: str) -> None:
    """Every kind of watch against every type of check and removal, then what still fires."""
    kinds = [(rq.EXISTS, rq.path_watch(place, True)), (rq.GET_DATA, rq.path_watch(place, True)),
             (rq.GET_CHILDREN, rq.path_watch(place, True)), (rq.GET_CHILDREN2, rq.path_watch(place, True)),
             (rq.ADD_WATCH, rq.path_int(place, 0)), (rq.ADD_WATCH, rq.path_int(place, 1))]  # fmt: skip
    for chosen in [*[(kind,) for kind in kinds], tuple(kinds), tuple(kinds[2:5])]:
        for type in (CHILDREN, DATA, ANY, PERSISTENT, RECURSIVE, 0, 6, -1):
            watcher = pair.connect()
            for opcode, body in chosen:
                watcher.call(opcode, body)
            for opcode in (rq.CHECK_WATCHES, rq.REMOVE_WATCHES, rq.CHECK_WATCHES, rq.REMOVE_WATCHES):
                watcher.call(opcode, rq.path_int(place, type))
            for other in (CHILDREN, DATA, ANY, PERSISTENT, RECURSIVE):
                watcher.call(rq.CHECK_WATCHES, rq.path_int(place, other))
            session.call(rq.SET_DATA, rq.set_data(place, b"x"))
            session.call(rq.CREATE, rq.create(f"{place}/child"))
            session.call(rq.DELETE, rq.path_version(f"{place}/child"))
            watcher.call(rq.PING)
            watcher.call(rq.CLOSE_SESSION)


def test_removing_watches_that_nobody_has(session: PairSession, place: str) -> None:
    for path in (*AWKWARD_PATHS, f"{place}/none"):
        for type in (CHILDREN, DATA, ANY, PERSISTENT, RECURSIVE, 7):
            session.call(rq.CHECK_WATCHES, rq.path_int(path, type))
            session.call(rq.REMOVE_WATCHES, rq.path_int(path, type))
    for opcode in (rq.CHECK_WATCHES, rq.REMOVE_WATCHES):
        session.call(opcode, rq.text(place))
        session.call(opcode, b"")


@pytest.mark.parametrize("opcode", [rq.SET_WATCHES, rq.SET_WATCHES2])
def test_set_watches(pair: Pair, session: PairSession, place: str, opcode: int) -> None:
    for name in ("old", "new", "changed"):
        session.call(rq.CREATE, rq.create(f"{place}/{name}"))
    zxids = [side.server.zxid() for side in pair.sides]
    session.call(rq.SET_DATA, rq.set_data(f"{place}/changed", b"x"))
    session.call(rq.CREATE, rq.create(f"{place}/new/child"))
    session.call(rq.CREATE, rq.create(f"{place}/created"))
    paths = [f"{place}/{name}" for name in ("old", "new", "changed", "created", "missing")] + ["bad", "", "/", place]
    for offset in (-1, 0, 1, 2, 3, -(2**40), 2**40):
        watcher = pair.connect()
        lists = [paths] * (5 if opcode == rq.SET_WATCHES2 else 3)
        for connection, zxid in zip(watcher.connections, zxids, strict=True):
            body = rq.set_watches(zxid + offset, *lists)
            connection.send_frame(rq.integer(-8) + rq.integer(opcode) + body)
        watcher.receive([opcode], f"setWatches at offset {offset}")
        for path in paths[:5]:
            session.call(rq.CREATE, rq.create(path))
            session.call(rq.SET_DATA, rq.set_data(path, b"y"))
            session.call(rq.CREATE, rq.create(f"{path}/sub"))
            session.call(rq.DELETE, rq.path_version(f"{path}/sub"))
        watcher.call(rq.PING)
        session.call(rq.DELETE, rq.path_version(f"{place}/missing"))
        watcher.call(rq.CLOSE_SESSION)


def test_malformed_set_watches(session: PairSession, place: str) -> None:
    paths = [place, "/none"]
    for opcode, count in ((rq.SET_WATCHES, 3), (rq.SET_WATCHES2, 5)):
        for null_at in range(count):
            lists: list[list[str] | None] = [paths] * count
            lists[null_at] = None
            session.call(opcode, rq.set_watches(0, *lists))
        whole = rq.set_watches(0, *[paths] * count)
        for length in range(0, len(whole), 7):
            session.call(opcode, whole[:length])
        session.call(opcode, rq.long(0) + rq.vector([None]) * count)
        session.call(opcode, rq.long(0) + rq.integer(-7) * count)
        session.call(opcode, rq.long(0) + rq.integer(2**31 - 1) + b"\x00" * 64)
    session.call(rq.SET_DATA, rq.set_data(place, b"x"))
    session.call(rq.CREATE, rq.create("/none"))
    session.call(rq.DELETE, rq.path_version("/none"))


def test_events_need_read_permission(pair: Pair, session: PairSession, place: str) -> None:
    watcher, friend = pair.connect(), pair.connect()
    friend.call(rq.AUTH, rq.auth("digest", "u:p"))
    secret = [(31, "digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=")]
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    for who in (watcher, friend):
        who.call(rq.EXISTS, rq.path_watch(f"{place}/s", True))
        who.call(rq.GET_CHILDREN, rq.path_watch(place, True))
        who.call(rq.ADD_WATCH, rq.path_int(place, 1))
    session.call(rq.CREATE, rq.create(f"{place}/s", b"", secret))
    session.call(rq.SET_DATA, rq.set_data(f"{place}/s", b"x"))
    session.call(rq.CREATE, rq.create(f"{place}/s/open"))
    pair.settle()
    for who in (watcher, friend):
        who.call(rq.EXISTS, rq.path_watch(f"{place}/s", True))
        who.call(rq.SET_WATCHES, rq.set_watches(0, [f"{place}/s"], [f"{place}/s"], [f"{place}/s"]))
        who.call(rq.CHECK_WATCHES, rq.path_int(f"{place}/s", DATA))
    session.call(rq.SET_ACL, rq.set_acl(place, secret))
    session.call(rq.DELETE, rq.path_version(f"{place}/s/open"))
    session.call(rq.DELETE, rq.path_version(f"{place}/s"))
    pair.settle()
    session.call(rq.SET_ACL, rq.set_acl(place, rq.OPEN))


def test_an_event_comes_before_the_reply_that_shows_the_change(session: PairSession, place: str) -> None:
    requests = []
    for number in range(200):
        requests.append((rq.GET_DATA, rq.path_watch(place, True)))
        requests.append((rq.SET_DATA, rq.set_data(place, str(number))))
        requests.append((rq.GET_CHILDREN, rq.path_watch(place, True)))
        requests.append((rq.CREATE, rq.create(f"{place}/c{number}", flags=1)))
    session.pipeline(requests)


def test_watches_end_with_their_connection(pair: Pair, session: PairSession, place: str) -> None:
    watcher = pair.connect()
    watcher.call(rq.GET_DATA, rq.path_watch(place, True))
    watcher.call(rq.ADD_WATCH, rq.path_int(place, 1))
    again = pair.reconnect(watcher)
    watcher.expect_end("the old connection")
    session.call(rq.SET_DATA, rq.set_data(place, b"x"))
    again.call(rq.CHECK_WATCHES, rq.path_int(place, ANY))
    again.call(rq.GET_DATA, rq.path_watch(place, True))
    session.call(rq.SET_DATA, rq.set_data(place, b"y"))
    again.call(rq.PING)
