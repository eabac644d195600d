"""A reconfiguration that was proposed and then cut off: who had heard of it forgets it with its new leader."""

import pytest
from attrs import evolve

from pyzoo.config.dynamic_files import next_path
from pyzoo.sim.machine import CONFIG_PATH
from pyzoo.sim.options import Options
from tests.support.scenes import Scene


class ProposalScene(Scene):
    """Three members, of which one has heard of a reconfiguration that nobody else has."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, Options(observers=0, clients=0, reconfig=True))
        self.ensemble.workers.clear()
        leader = self.begin()
        self.member = next(member for member in self.ensemble.members.values() if member is not leader)
        peer = self.peer(self.member)
        proposed = evolve(peer.configuration.current.members, version=peer.configuration.current.version + 1)
        self.member.arrived(lambda: peer.see_config(proposed))
        self.run_until(lambda: self.has_next_file)

    @property
    def versions(self) -> tuple[int, int]:
        """Of the member's current configuration, and of the last one that it has seen."""
        peer = self.peer(self.member)
        return peer.configuration.current.version, peer.configuration.last_seen.version

    @property
    def has_next_file(self) -> bool:
        return self.member.machine.disk.exists(next_path(CONFIG_PATH))

    def lose_power(self) -> None:
        """And begin again."""
        self.member.crash(power=True)
        self.member.start()


def test_a_proposed_configuration_survives_a_restart_until_there_is_a_leader() -> None:
    scene = ProposalScene(1)
    current, last_seen = scene.versions
    assert last_seen > current
    scene.lose_power()
    assert last_seen == scene.versions[1]


@pytest.mark.parametrize("seed", range(5))
def test_a_member_forgets_a_proposed_configuration_that_its_new_leader_does_not_have(seed: int) -> None:
    scene = ProposalScene(seed)
    scene.lose_power()
    scene.wait_for_leader()
    current, last_seen = scene.versions
    assert last_seen == current
    assert not scene.has_next_file
    scene.lose_power()
    current, last_seen = scene.versions
    assert last_seen == current
