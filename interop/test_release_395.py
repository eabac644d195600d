"""Beside 3.9.5: but for the rules that began with 3.9.6, which are listed in docs/compatibility.md, all is the same."""

import pytest

from interop import requests as rq
from interop.conftest import PairWith, required, subject_is_real
from interop.histories import History, walk
from interop.java import JavaZooKeeper, zookeeper_395
from interop.pair import Pair
from interop.server import Config

OPERATIONS = 1500
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="


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


def test_a_random_history_without_them_is_the_same(pair: Pair) -> None:
    history = History(pair, 395, "/history", with_set_watches=False)
    history.run(OPERATIONS)
    superuser = pair.connect()
    superuser.call(rq.AUTH, rq.auth("digest", "super:secret"))
    assert walk(superuser, history.top) > 1
