"""What a run is like: all of it drawn from the seed, and printed first."""

from random import Random
from typing import Any, Final

from attrs import asdict, evolve, field, frozen

from pyzoo.server.slices import SLICE_UNITS
from pyzoo.sim.network import Weather
from pyzoo.sim.world import World

OBSERVER_IDS: Final = (21, 22)
ORACLE_SID: Final = 1
"""The one of two voters that an oracle, where there is one, lets go on alone."""
WITH_AN_ORACLE: Final[dict[str, Any]] = {"oracle": True, "voters": 2, "hierarchical": False, "reconfig": False}
"""An oracle decides between two, and no reconfiguration may change that."""


@frozen
class Options:
    """The shape of an ensemble, its settings, its load and its bad luck; durations in ms, rates per minute."""

    voters: int = 3
    observers: int = 0
    hierarchical: bool = False
    tick_ms: int = 500
    init_limit: int = 10
    sync_limit: int = 4
    snap_count: int = 100_000
    snapshot_size_factor: float = 0.33
    pre_alloc_kb: int = 64
    log_size_limit_kb: int = -1
    force_snapshot_sync: bool = False
    local_sessions: bool = False
    upgrades_local_sessions: bool = False
    reconfig: bool = False
    observer_masters: bool = False
    leader_serves: bool = True
    digest: bool = True
    observer_sync: bool = True
    max_notification_interval_ms: int = 5000
    clients: int = 4
    think_ms: int = 100
    pipeline: int = 3
    keys: int = 6
    all_nodes: bool = False
    read_only: bool = False
    oracle: bool = False
    stops_per_minute: float = 0.0
    slice_units: int = SLICE_UNITS
    sync_ms: int = 2
    slow_sync_chance: float = 0.01
    faults_per_minute: float = 20.0
    weather: Weather = field(factory=Weather)

    @property
    def voter_ids(self) -> list[int]:
        """The ids of the first voters."""
        return list(range(1, self.voters + 1))

    @property
    def observer_ids(self) -> list[int]:
        """The ids of the first observers."""
        return list(OBSERVER_IDS[: self.observers])

    def lines(self) -> list[str]:
        """For people: only what differs from the defaults."""
        plain = asdict(Options())
        return [f"{name} = {value}" for name, value in asdict(self).items() if value != plain[name]]


def draw_options(world: World) -> Options:
    """Options for one seed.

    What came to be later is drawn apart: but for that a seed that is known for something stays the run that it was.
    """
    options = draw_first_options(world)
    return evolve(options, **_draw_later(Random(f"later {world.seed}")))


def _draw_later(random: Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {"all_nodes": random.random() < 0.4, "read_only": random.random() < 0.2}
    if random.random() < 0.1:
        drawn |= WITH_AN_ORACLE
    drawn["slice_units"] = random.choice((1, 3, SLICE_UNITS))
    drawn["stops_per_minute"] = random.choice((0.0, 2.0, 10.0))
    return drawn


def draw_first_options(world: World) -> Options:
    """Those of them that there always were."""
    draw, chance = world.draw, world.chance
    voters = (3, 3, 3, 5, 5, 4, 7)[draw(7)]
    hierarchical = voters >= 5 and chance(0.25)
    local_sessions = chance(0.15)
    tick_ms = (200, 500, 1000)[draw(3)]
    return Options(
        voters=voters,
        observers=(0, 0, 0, 1, 2)[draw(5)],
        hierarchical=hierarchical,
        tick_ms=tick_ms,
        init_limit=world.between(5, 12),
        sync_limit=world.between(2, 5),
        snap_count=(10, 30, 100, 100_000)[draw(4)],
        snapshot_size_factor=(0.33, 10.0, 10.0, -1.0)[draw(4)],
        pre_alloc_kb=(0, 4, 64)[draw(3)],
        log_size_limit_kb=-1 if chance(0.7) else 4,
        force_snapshot_sync=chance(0.1),
        local_sessions=local_sessions,
        upgrades_local_sessions=local_sessions and chance(0.7),
        reconfig=not hierarchical and chance(0.3),
        observer_masters=chance(0.2),
        leader_serves=not chance(0.1),
        digest=not chance(0.1),
        observer_sync=not chance(0.2),
        max_notification_interval_ms=(1000, 5000, 60_000)[draw(3)],
        clients=world.between(2, 6),
        think_ms=(20, 100, 400)[draw(3)],
        pipeline=(1, 2, 4)[draw(3)],
        keys=world.between(2, 8),
        sync_ms=(0, 1, 4, 12)[draw(4)],
        slow_sync_chance=(0.0, 0.01, 0.05)[draw(3)],
        faults_per_minute=(6.0, 15.0, 40.0)[draw(3)],
        weather=Weather(
            least_delay_ms=0,
            most_delay_ms=(1, 3, 10, 40)[draw(4)],
            straggler_chance=(0.0, 0.01, 0.03)[draw(3)],
            straggler_ms=(30, 100, 300)[draw(3)],
            cut_into_pieces_chance=(0.05, 0.3)[draw(2)],
            dial_failure_chance=(0.0, 0.02, 0.1)[draw(3)],
            bytes_per_ms=0 if chance(0.8) else (100, 1000)[draw(2)],
        ),
    )


HARSH: Final = Options(
    tick_ms=200,
    snap_count=30,
    snapshot_size_factor=10.0,
    pre_alloc_kb=0,
    max_notification_interval_ms=1000,
    think_ms=30,
    keys=4,
    sync_ms=4,
    slow_sync_chance=0.03,
    faults_per_minute=60.0,
    weather=Weather(most_delay_ms=5, straggler_chance=0.02, straggler_ms=100),
)
"""Three members, short ticks, and a fault every second: finds most within a few virtual seconds."""
