"""A reconfiguration that was proposed and then cut off: who had heard of it forgets it with its new leader."""

import pytest
from attrs import evolve

from pyzoo.config.dynamic_files import next_path
from pyzoo.server.peer import QuorumPeer
from pyzoo.sim.ensemble import Ensemble
from pyzoo.sim.machine import CONFIG_PATH
from pyzoo.sim.member import Member
from pyzoo.sim.options import Options
from pyzoo.sim.world import World

LIMIT_MS = 120_000


class Scene:
    """Three members without clients, of which one has heard of a reconfiguration that nobody else has."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.ensemble = Ensemble(self.world, Options(observers=0, clients=0, reconfig=True))
        self.ensemble.workers.clear()
        self.ensemble.start()
        self.wait_for_leader()
        self.member = next(member for member in self.ensemble.members.values() if member is not self.ensemble.leader())
        proposed = evolve(self.peer.current.members, version=self.peer.current.version + 1)
        self.member.arrived(lambda: self.peer.see_config(proposed))
        assert self.world.run_until(self.world.now_ms + LIMIT_MS, lambda: self.has_next_file)

    @property
    def peer(self) -> QuorumPeer:
        peer = self.member.peer
        assert peer is not None
        return peer

    @property
    def has_next_file(self) -> bool:
        return self.member.machine.disk.exists(next_path(CONFIG_PATH))

    def wait_for_leader(self) -> Member:
        members = self.ensemble.members.values()
        done = self.world.run_until(
            self.world.now_ms + LIMIT_MS,
            lambda: self.ensemble.leader() is not None and all(member.is_serving for member in members),
        )
        leader = self.ensemble.leader()
        assert done, "it takes too long"
        assert leader is not None
        return leader


def test_a_proposed_configuration_survives_a_restart_until_there_is_a_leader() -> None:
    scene = Scene(1)
    version = scene.peer.last_seen.version
    assert version > scene.peer.current.version
    scene.member.crash(power=True)
    scene.member.start()
    assert version == scene.peer.last_seen.version


@pytest.mark.parametrize("seed", range(5))
def test_a_member_forgets_a_proposed_configuration_that_its_new_leader_does_not_have(seed: int) -> None:
    scene = Scene(seed)
    scene.member.crash(power=True)
    scene.member.start()
    scene.wait_for_leader()
    assert scene.peer.last_seen.version == scene.peer.current.version
    assert not scene.has_next_file
    scene.member.crash(power=True)
    scene.member.start()
    assert scene.peer.last_seen.version == scene.peer.current.version
