"""Random histories on both servers: every reply, every event and the final tree are equal.

More of them: `python -m pytest interop/test_random.py --interop-seeds 100 --interop-first-seed 1000`.
"""

import pytest

from interop import requests as rq
from interop.histories import History, walk
from interop.pair import Pair
from interop.server import Config

#: super:secret, so that the final walk may read everything; nothing expires by the clock.
CONFIG = Config(
    lines={"extendedTypesEnabled": "true", "enforceQuota": "true"},
    properties={
        "zookeeper.DigestAuthenticationProvider.superDigest": "super:lK75jTNcA+U9vtVEw5vB51mj/w4=",
        "znode.container.checkIntervalMs": "86400000",
    },
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        first: int = metafunc.config.getoption("--interop-first-seed")
        metafunc.parametrize("seed", list(range(first, first + metafunc.config.getoption("--interop-seeds"))))


def test_a_random_history(pair: Pair, seed: int, pytestconfig: pytest.Config) -> None:
    history = History(pair, seed, f"/h{seed}")
    history.run(pytestconfig.getoption("--interop-operations"))
    superuser = pair.connect()
    superuser.call(rq.AUTH, rq.auth("digest", "super:secret"))
    assert walk(superuser, history.top) > 1
