"""Quorums that are no plain majority: weights and groups, and an oracle for two, in mixed ensembles."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, JAVA395, PYZOO
from interop.writer import Writer

#: Server 1 weighs as much as the two others together, and more than half is needed: nothing goes without it.
HEAVY = {"group.1": "1:2:3", "weight.1": "2", "weight.2": "1", "weight.3": "1"}
#: Two groups of three have to be won.
GROUPS = {"group.1": "1", "group.2": "2", "group.3": "3:4:5"}
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.mark.parametrize("kinds", [(PYZOO, JAVA39, PYZOO), (JAVA39, PYZOO, JAVA395)], ids="-".join)
def test_weights_decide_who_may_be_missing(
    kinds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, write_to: WriteTo
) -> None:
    with new_ensemble(tmp_path_factory, kinds, settings=Settings(HEAVY)) as ensemble:
        ensemble.start()
        writer = write_to(ensemble, "/heavy")
        writer.wait_for_more()
        heavy, *light = ensemble.members.values()
        for member in light:
            member.kill()
            writer.wait_for_more()
            ensemble.start(member.sid)
        heavy.kill()
        for member in light:
            ensemble.wait_until_not_serving(member)
        ensemble.start(heavy.sid)
        ensemble.assert_all_well(writer)


def test_two_groups_of_three_are_a_quorum(tmp_path_factory: pytest.TempPathFactory, write_to: WriteTo) -> None:
    kinds = (PYZOO, JAVA39, PYZOO, JAVA395, PYZOO)
    with new_ensemble(tmp_path_factory, kinds, settings=Settings(GROUPS)) as ensemble:
        ensemble.start()
        writer = write_to(ensemble, "/groups")
        writer.wait_for_more()
        # Three of five are gone, and yet two groups are whole.
        ensemble.kill(3, 4, 5)
        writer.wait_for_more()
        ensemble.start(3, 4, 5)
        writer.wait_for_more()
        # Three of five are there, but they are one group.
        ensemble.kill(1, 2)
        for sid in (3, 4, 5):
            ensemble.wait_until_not_serving(ensemble.members[sid])
        ensemble.start(1, 2)
        ensemble.assert_all_well(writer)


@pytest.mark.parametrize("kinds", [(JAVA39, PYZOO), (PYZOO, JAVA39), (PYZOO, PYZOO)], ids="-".join)
def test_one_of_two_goes_on_when_its_oracle_says_so(
    kinds: tuple[str, ...], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, write_to: WriteTo
) -> None:
    # Each has an oracle of its own: one that said yes to both would split them.
    oracles = {sid: tmp_path / f"oracle{sid}" for sid in (1, 2)}
    for path in oracles.values():
        path.write_text("0")
    settings = Settings(lines_of={sid: {"oraclePath": str(path)} for sid, path in oracles.items()})
    with new_ensemble(tmp_path_factory, kinds, settings=settings) as ensemble:
        ensemble.start()
        leader = ensemble.wait_until_serving()
        [other] = [member for member in ensemble.members.values() if member is not leader]
        writer = write_to(ensemble, "/oracle")
        writer.wait_for_more()
        oracles[leader.sid].write_text("1")
        other.kill()
        writer.wait_for_more()
        assert leader.mode() == "leader"
        ensemble.start(other.sid)
        writer.wait_for_more()
        oracles[leader.sid].write_text("0")
        other.kill()
        ensemble.wait_until_not_serving(leader)
        ensemble.start(other.sid)
        ensemble.assert_all_well(writer)
