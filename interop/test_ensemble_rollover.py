"""The counter of a zxid runs over: a new epoch begins before it does, and nothing is lost."""

from collections.abc import Callable, Iterator

import pytest

from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, JAVA395, PYZOO
from interop.writer import Writer

#: In the order of sids; the last one leads first.
MIXES = [(JAVA39, JAVA395, PYZOO), (PYZOO, JAVA38, JAVA39), (PYZOO, PYZOO, PYZOO)]
LAST_COUNTER = 0xFFFFFFFF
#: Every new leader begins with a counter this far below the end.
LEFT = 200
SETTINGS = Settings(properties={"zookeeper.testingonly.initialZxid": str(LAST_COUNTER - LEFT)})
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.fixture(params=MIXES, ids="-".join)
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with new_ensemble(tmp_path_factory, request.param, settings=SETTINGS) as started:
        started.start()
        yield started


def test_a_leader_gives_up_at_the_last_counter_of_its_epoch(ensemble: Ensemble, write_to: WriteTo) -> None:
    first = ensemble.wait_until_serving().zxid() >> 32
    writer = write_to(ensemble, "/runs-over")
    writer.wait_for_more(LEFT * 3 // 2, seconds=60)
    writer.stop()
    leader = ensemble.wait_until_serving()
    assert first + 2 <= leader.zxid() >> 32
    writer.assert_session_survived()
    ensemble.assert_nothing_lost(writer)
