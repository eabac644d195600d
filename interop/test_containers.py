"""Containers and TTL nodes, created and expired, with extended types on and off."""

from interop import requests as rq
from interop.conftest import PairWith
from interop.pair import Pair, PairSession
from interop.server import Config
from interop.test_creates import FLAGS, look

CONFIG = Config(lines={"extendedTypesEnabled": "true"}, properties={"znode.container.checkIntervalMs": "250"})
EXPIRY_SECONDS = 30.0


def wait_for_events(session: PairSession, count: int) -> None:
    """Compare the next `count` notifications that come unasked."""
    events: list[list[bytes]] = []
    for connection, side in zip(session.connections, session.pair.sides, strict=True):
        frames = [connection.read_frame(EXPIRY_SECONDS) or b"" for _ in range(count)]
        events.append([side.normaliser.frame(frame, rq.PING) for frame in frames])
    session.pair.compare("events", events)


def test_ttl_nodes(session: PairSession, place: str) -> None:
    for flags in FLAGS:
        for ttl in (5000,) if flags in range(5) else (-1, 0, 1, 5000, 0xFFFFFFFFFF, 0x10000000000, 2**63 - 1, -(2**63)):
            session.call(
                rq.CREATE_TTL, rq.create_ttl(f"{place}/n{ttl}-", max(ttl, 10**7) if ttl == 1 else ttl, flags=flags)
            )
    for opcode in (rq.CREATE, rq.CREATE2, rq.CREATE_CONTAINER):
        for flags in (5, 6):
            session.call(opcode, rq.create(f"{place}/other", flags=flags))
    for path in ("n5000-", "n1099511627775-"):
        look(session, f"{place}/{path}")
    session.call(rq.CREATE, rq.create(f"{place}/n1099511627775-/child"))
    session.call(rq.GET_EPHEMERALS, rq.text("/"))


def test_ttl_creates_in_a_multi(session: PairSession, place: str) -> None:
    for flags in FLAGS:
        for ttl in (-1, 0, 10**7, 0xFFFFFFFFFF, 0x10000000000):
            body = rq.create_ttl(f"{place}/m-", ttl, flags=flags)
            session.call(rq.MULTI, rq.multi([(rq.SET_DATA, rq.set_data(place, b"x")), (rq.CREATE_TTL, body)]))
    look(session, f"{place}/m-")
    look(session, place)


def test_an_empty_ttl_node_goes_after_its_time(session: PairSession, place: str) -> None:
    session.call(rq.CREATE_TTL, rq.create_ttl(f"{place}/ttl", 300))
    session.call(rq.CREATE_TTL, rq.create_ttl(f"{place}/parent", 300))
    session.call(rq.CREATE, rq.create(f"{place}/parent/child"))
    session.call(rq.ADD_WATCH, rq.path_int(place, 0))
    session.call(rq.GET_DATA, rq.path_watch(f"{place}/ttl", True))
    wait_for_events(session, 2)
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
    session.call(rq.DELETE, rq.path_version(f"{place}/parent/child"))
    wait_for_events(session, 1)
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))


def test_an_emptied_container_goes_and_a_never_used_one_stays(session: PairSession, place: str) -> None:
    session.call(rq.CREATE_CONTAINER, rq.create(f"{place}/used", flags=4))
    session.call(rq.CREATE_CONTAINER, rq.create(f"{place}/unused", flags=4))
    session.call(
        rq.MULTI,
        rq.multi([(rq.CREATE, rq.create(f"{place}/in-multi", flags=4)), (rq.CREATE, rq.create(f"{place}/in-multi/x"))]),
    )
    session.call(rq.CREATE, rq.create(f"{place}/plain", flags=4))
    session.call(rq.CREATE, rq.create(f"{place}/plain/x"))
    session.call(rq.DELETE, rq.path_version(f"{place}/plain/x"))
    session.call(rq.CREATE, rq.create(f"{place}/used/e", flags=1))
    session.call(rq.ADD_WATCH, rq.path_int(place, 1))
    session.call(rq.DELETE, rq.path_version(f"{place}/used/e"))
    wait_for_events(session, 1)
    session.call(rq.DELETE, rq.path_version(f"{place}/in-multi/x"))
    wait_for_events(session, 1)
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
    session.call(rq.CREATE, rq.create(f"{place}/after"))


def test_never_used_containers_go_when_asked_to(pair_with: PairWith) -> None:
    properties = {"znode.container.checkIntervalMs": "250", "znode.container.maxNeverUsedIntervalMs": "300"}
    pair: Pair = pair_with(Config(properties=properties))
    session = pair.connect()
    session.call(rq.CREATE_CONTAINER, rq.create("/unused", flags=4))
    session.call(rq.EXISTS, rq.path_watch("/unused", True))
    wait_for_events(session, 1)
    session.call(rq.CREATE_TTL, rq.create_ttl("/ttl", 100))
    session.call(rq.GET_CHILDREN2, rq.path_watch("/"))
