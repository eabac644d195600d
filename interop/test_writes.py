"""delete, setData, setACL, reconfig: effects on Stat, precedence of errors, zxids."""

import itertools

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.test_creates import look
from interop.values import ACLS, AWKWARD_PATHS, below

VERSIONS = [-1, 0, 1, 2, -2, 2**31 - 1, -(2**31)]


def test_awkward_paths(session: PairSession) -> None:
    for path in AWKWARD_PATHS:
        session.call(rq.DELETE, rq.path_version(path))
        session.call(rq.SET_DATA, rq.set_data(path, b"", 12345))
        session.call(rq.SET_ACL, rq.set_acl(path, rq.OPEN, 12345))
        session.call(rq.SET_ACL, rq.set_acl(path, [], 12345))


def test_awkward_paths_below_a_node(session: PairSession, place: str) -> None:
    for path in below(place):
        session.call(rq.CREATE, rq.create(place))
        session.call(rq.CREATE, rq.create(f"{place}/a"))
        session.call(rq.SET_DATA, rq.set_data(path, b"x"))
        session.call(rq.SET_ACL, rq.set_acl(path, rq.OPEN))
        session.call(rq.DELETE, rq.path_version(path, 77))
        session.call(rq.DELETE, rq.path_version(path))
        look(session, place)


def test_set_data_moves_version_and_zxid(session: PairSession, place: str) -> None:
    for version in (*VERSIONS, 3, 3, 4):
        for data in (b"data", b"", None):
            session.call(rq.SET_DATA, rq.set_data(place, data, version))
            session.call(rq.GET_DATA, rq.path_watch(place))


def test_the_root_can_be_written(session: PairSession) -> None:
    session.call(rq.SET_DATA, rq.set_data("/", b"root data"))
    session.call(rq.GET_DATA, rq.path_watch("/"))
    session.call(rq.GET_DATA, rq.path_watch(""))
    session.call(rq.SET_DATA, rq.set_data("/", b""))
    session.call(rq.SET_DATA, rq.set_data("", b""))


def test_set_acl_moves_aversion_only(session: PairSession, place: str) -> None:
    for version in VERSIONS:
        session.call(rq.SET_ACL, rq.set_acl(place, [(31, "world", "anyone"), (1, "ip", "127.0.0.1")], version))
        look(session, place)


def test_the_acl_of_a_set_acl(session: PairSession, place: str) -> None:
    session.call(rq.AUTH, rq.auth("digest", "u:p"))
    for number, entries in enumerate(ACLS.values()):
        session.call(rq.CREATE, rq.create(f"{place}/{number}"))
        session.call(rq.SET_ACL, rq.set_acl(f"{place}/missing", entries))
        session.call(rq.SET_ACL, rq.set_acl(f"{place}/{number}", entries))
        look(session, f"{place}/{number}")


def test_delete(session: PairSession, place: str) -> None:
    for path in ("a", "a/b", "c"):
        session.call(rq.CREATE, rq.create(f"{place}/{path}"))
    for path, version in itertools.product(("a", "a/", "none", "a/b", "c"), VERSIONS):
        session.call(rq.DELETE, rq.path_version(f"{place}/{path}", version))
    look(session, place)
    for path in ("/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota", "/zookeeper/none"):
        session.call(rq.DELETE, rq.path_version(path))


def test_no_client_deletes_containers(pair: Pair, session: PairSession, place: str) -> None:
    session.call(rq.CREATE_CONTAINER, rq.create(f"{place}/c", flags=4))
    session.call(rq.CREATE, rq.create(f"{place}/plain"))
    for body in (rq.text(f"{place}/c"), rq.text(f"{place}/plain"), rq.text(f"{place}/none"), rq.text(None), b""):
        client = pair.connect()
        client.send(rq.DELETE_CONTAINER, body)
        client.expect_end(f"deleteContainer {body.hex()}")
        again = pair.reconnect(client)
        look(again, place)
        again.call(rq.CLOSE_SESSION)


def test_permissions_are_asked_of_the_right_node(session: PairSession, place: str) -> None:
    for perms in range(32):
        parent = f"{place}/p{perms}"
        session.call(rq.CREATE, rq.create(parent))
        session.call(rq.CREATE, rq.create(f"{parent}/child", b"", [(31 - perms, "world", "anyone")]))
        session.call(rq.SET_ACL, rq.set_acl(parent, [(perms, "world", "anyone")]))
        for path in (parent, f"{parent}/child", f"{parent}/none"):
            for opcode in (rq.EXISTS, rq.GET_DATA, rq.GET_CHILDREN, rq.GET_CHILDREN2):
                session.call(opcode, rq.path_watch(path))
            session.call(rq.GET_ACL, rq.text(path))
            session.call(rq.GET_ALL_CHILDREN_NUMBER, rq.text(path))
            session.call(rq.SET_DATA, rq.set_data(path, b"x", 99))
            session.call(rq.SET_DATA, rq.set_data(path, b"x"))
            session.call(rq.SET_ACL, rq.set_acl(path, rq.OPEN, 99))
            session.call(rq.MULTI, rq.multi([(rq.CHECK, rq.path_version(path, 99))]))
            session.call(rq.CREATE, rq.create(f"{path}/new"))
        session.call(rq.DELETE, rq.path_version(f"{parent}/child", 99))
        session.call(rq.DELETE, rq.path_version(f"{parent}/child/new"))
        session.call(rq.DELETE, rq.path_version(f"{parent}/child"))


def test_truncated_writes_take_no_zxid(session: PairSession, place: str) -> None:
    bodies = {
        rq.DELETE: rq.path_version(f"{place}/none"),
        rq.SET_DATA: rq.set_data(place, b"data"),
        rq.SET_ACL: rq.set_acl(place, rq.OPEN),
    }
    for opcode, whole in bodies.items():
        for length in range(0, len(whole), 3):
            session.call(opcode, whole[:length])
            session.call(rq.PING)
        for length in (-1, -2, 2097151, 2**31 - 1, -(2**31)):
            session.call(opcode, rq.integer(length) + whole[4:])
        session.call(opcode, whole + b"trailing")
    session.call(rq.SET_ACL, rq.text(place) + rq.integer(-5) + rq.integer(-1))
    session.call(rq.SET_ACL, rq.text(place) + rq.integer(2**31 - 1) + rq.integer(-1))
    look(session, place)


def test_reconfig_is_disabled_by_default(session: PairSession) -> None:
    for body in (b"", rq.text("") * 3 + rq.long(-1), rq.text(None) * 3 + rq.long(5)):
        session.call(rq.RECONFIG, body)
        session.call(rq.PING)


def test_every_failed_write_takes_a_zxid(session: PairSession, place: str) -> None:
    for opcode, body in (
        (rq.CREATE, rq.create("/none/x")),
        (rq.DELETE, rq.path_version("/none")),
        (rq.SET_DATA, rq.set_data("/none", b"")),
        (rq.SET_ACL, rq.set_acl("/none", rq.OPEN)),
        (rq.MULTI, rq.multi([])),
    ):
        session.call(opcode, body)
        session.call(rq.PING)


def test_a_close_takes_a_zxid_and_deletes_ephemerals_together(pair: Pair, session: PairSession, place: str) -> None:
    other = pair.connect()
    for number in range(30):
        other.call(rq.CREATE, rq.create(f"{place}/e{number}", flags=1))
    session.call(rq.ADD_WATCH, rq.path_int(place, 1))
    session.call(rq.ADD_WATCH, rq.path_int(place, 0))
    other.call(rq.CLOSE_SESSION, b"ignored body")
    other.expect_end("close")
    look(session, place)
