"""A leader that is told to stop: the others elect at once, and whoever is elected lacks nothing."""

import pytest

from pyzoo.server.member.leading import Leading
from pyzoo.sim.member import HAND_OVER_MS, SimMember
from pyzoo.sim.network import Weather
from pyzoo.sim.options import Options
from tests.support.scenes import Scene

FINALIZE_WAIT_MS = 200
FINE = Weather(most_delay_ms=1, straggler_chance=0.0)
SOON_MS = 60


class StopScene(Scene):
    """A leader, others who follow, and clients that write."""

    def __init__(self, seed: int, voters: int = 3) -> None:
        options = Options(voters=voters, clients=3, think_ms=5, slow_sync_chance=0.0, weather=FINE)
        super().__init__(seed, options)
        self.leader = self.begin()
        self.run_until(lambda: self.ensemble.acknowledged > 30)

    def leading(self) -> Leading:
        role = self.peer(self.leader).role
        assert isinstance(role, Leading)
        return role

    def others(self) -> list[SimMember]:
        return [member for member in self.ensemble.members.values() if member is not self.leader]

    def others_lead(self) -> bool:
        return self.ensemble.leader() not in (None, self.leader)

    def ms_until_others_lead(self) -> int:
        begun_ms = self.world.now_ms
        self.run_until(self.others_lead)
        return self.world.now_ms - begun_ms


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("voters", [3, 5])
def test_the_others_have_a_leader_before_a_better_vote_could_have_been_waited_for(seed: int, voters: int) -> None:
    scene = StopScene(seed, voters)
    scene.leader.stop()
    assert scene.ms_until_others_lead() < SOON_MS < FINALIZE_WAIT_MS


@pytest.mark.parametrize("seed", range(10))
def test_so_they_have_when_its_process_is_killed(seed: int) -> None:
    scene = StopScene(seed)
    for socket in scene.ensemble.network.sockets_of(scene.leader.host):
        socket.vanish(0)
    scene.leader.crash(power=False)
    assert scene.ms_until_others_lead() < SOON_MS + 10


def test_a_leader_whose_follower_cannot_get_level_goes_all_the_same() -> None:
    scene = StopScene(1)
    slow = scene.others()[0]
    slow.pause(20 * HAND_OVER_MS)
    acknowledged = scene.ensemble.acknowledged
    scene.run_until(lambda: scene.ensemble.acknowledged > acknowledged + 3)
    scene.leader.stop()
    begun_ms = scene.world.now_ms
    scene.run_until(lambda: scene.leader.peer is None)
    assert HAND_OVER_MS <= scene.world.now_ms - begun_ms <= HAND_OVER_MS + 5
    scene.run_until(scene.others_lead)


def test_a_leader_without_enough_others_goes_at_once() -> None:
    scene = StopScene(2)
    other = scene.others()[0]
    other.crash(power=False)
    scene.run_until(lambda: len(scene.leading().leader.handlers) == 1)
    scene.leader.stop()
    assert scene.leader.peer is None


def test_a_follower_goes_at_once_and_nobody_elects() -> None:
    scene = StopScene(3)
    other = scene.others()[0]
    other.stop()
    assert other.peer is None
    acknowledged = scene.ensemble.acknowledged
    scene.run_until(lambda: scene.ensemble.acknowledged > acknowledged + 20)
    assert scene.ensemble.leader() is scene.leader
