"""One member after the other is replaced by the other kind on the same data directory, and back, under a writer."""

from collections.abc import Callable

import pytest

from interop.conftest import new_ensemble
from interop.ensemble import Ensemble
from interop.member import JAVA38, JAVA39, PYZOO
from interop.writer import Writer

WriteTo = Callable[[Ensemble, str], Writer]


@pytest.mark.parametrize(
    ("kind", "leader_first"), [(JAVA39, False), (JAVA38, True)], ids=["java39-leader-last", "java38-leader-first"]
)
def test_a_rolling_replacement_and_the_way_back_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, write_to: WriteTo, kind: str, leader_first: bool
) -> None:
    with new_ensemble(tmp_path_factory, [kind] * 3) as ensemble:
        ensemble.start()
        replace_all_and_back(ensemble, write_to(ensemble, "/rolling"), leader_first)


def replace_all_and_back(ensemble: Ensemble, writer: Writer, leader_first: bool) -> None:
    kind = ensemble.members[1].kind
    for new_kind in (PYZOO, kind):
        leader = ensemble.wait_until_serving()
        for member in sorted(ensemble.members.values(), key=lambda member: (member is leader) != leader_first):
            writer.wait_for_more()
            ensemble.replace(member.sid, new_kind)
        writer.wait_for_more()
        assert {new_kind} == {member.kind for member in ensemble.members.values()}
    writer.stop()
    writer.assert_session_survived()
    ensemble.assert_nothing_lost(writer)
