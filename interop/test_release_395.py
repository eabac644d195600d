"""What 3.9.6 does otherwise than 3.9.5, seen beside 3.9.5; everything else is the same there.

This keeps the list in docs/compatibility.md honest: a difference that is not there fails here, too.
"""

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import PairWith, required, subject_is_real
from interop.histories import History, walk
from interop.java import JavaZooKeeper, zookeeper_395
from interop.pair import Pair
from interop.server import Config

OPERATIONS = 1500
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
SECRET = [(31, "digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=")]
CHANGED, CREATED, CHILDREN = 3, 1, 4


@pytest.fixture(scope="module")
def older() -> JavaZooKeeper:
    found = required(zookeeper_395)
    assert isinstance(found, JavaZooKeeper)
    return found


@pytest.fixture
def pair(pair_with: PairWith, older: JavaZooKeeper) -> Pair:
    """3.9.5 and pyzoo."""
    if subject_is_real():
        pytest.skip("the subject would be of the same release")
    properties = {"zookeeper.DigestAuthenticationProvider.superDigest": SUPER}
    return pair_with(Config({"extendedTypesEnabled": "true"}, properties, java=older))


def clients(pair: Pair) -> tuple[Client, Client]:
    """A session on 3.9.5, and one on pyzoo."""
    older, subject = (Client(side.server) for side in pair.sides)
    return older, subject


def test_a_random_history_without_them_is_the_same(pair: Pair) -> None:
    history = History(pair, 395, "/history", with_set_watches=False)
    history.run(OPERATIONS)
    superuser = pair.connect()
    superuser.call(rq.AUTH, rq.auth("digest", "super:secret"))
    assert walk(superuser, history.top) > 1


def test_a_client_may_delete_containers_there(pair: Pair) -> None:
    for client, answered, left in zip(clients(pair), (True, False), (-101, 0), strict=True):
        assert 0 == client.call(rq.CREATE, rq.create("/kept")).error
        client.send(rq.DELETE_CONTAINER, rq.text("/kept"))
        assert answered == (client.receive() is not None)
        assert left == Client(client.server).call(rq.EXISTS, rq.path_watch("/kept")).error


@pytest.mark.parametrize("opcode", [rq.SET_WATCHES, rq.SET_WATCHES2])
def test_set_watches_asks_nobody_there(pair: Pair, opcode: int) -> None:
    path = f"/secret{opcode}"
    told = []
    for owner in clients(pair):
        assert 0 == owner.call(rq.CREATE, rq.create(path, b"", SECRET)).error
        stranger = Client(owner.server)
        lists = [[path], [path], [path]] + [[]] * (2 if opcode == rq.SET_WATCHES2 else 0)
        stranger.send(opcode, rq.set_watches(0, *lists))
        told.append(stranger.receive_events())
    assert [[(CHANGED, path), (CREATED, path), (CHILDREN, path)], []] == told
