"""Runs that have to stay clean: some that draw all of their options, some harsh ones, and those that once failed."""

from typing import Any

import pytest
from attrs import evolve

from pyzoo.sim import simulation
from pyzoo.sim.options import HARSH, WITH_AN_ORACLE, Options, draw_first_options
from pyzoo.sim.simulation import run_seed
from pyzoo.sim.world import World


@pytest.mark.parametrize("seed", [1, 7, 12, 18, 26])
def test_an_ensemble_with_drawn_options_keeps_every_rule(seed: int) -> None:
    outcome = run_seed(seed, 0.3)
    assert outcome.failure is None, outcome.report(0.3)


@pytest.mark.parametrize("seed", range(1, 7))
def test_an_ensemble_with_many_faults_keeps_every_rule(seed: int) -> None:
    outcome = run_seed(seed, 0.3, HARSH)
    assert outcome.failure is None, outcome.report(0.3)


ALL_NODES = evolve(HARSH, all_nodes=True)
READ_ONLY = evolve(HARSH, read_only=True)
READ_ONLY_WITH_LOCAL_SESSIONS = evolve(READ_ONLY, local_sessions=True)
ORACLE = evolve(HARSH, **WITH_AN_ORACLE)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(ALL_NODES, id="containers-and-nodes-with-a-time-to-live"),
        pytest.param(READ_ONLY, id="reads-without-a-quorum"),
        pytest.param(READ_ONLY_WITH_LOCAL_SESSIONS, id="sessions-without-a-quorum"),
        pytest.param(ORACLE, id="an-oracle-between-two"),
    ],
)
def test_a_kind_of_ensemble_keeps_every_rule(options: Options, seed: int) -> None:
    outcome = run_seed(seed, 0.3, options)
    assert outcome.failure is None, outcome.report(0.3)


STALE_ACKS = HARSH
MASTERS = evolve(HARSH, observers=2, observer_masters=True, snapshot_size_factor=10.0, faults_per_minute=90.0)
NO_LOG = evolve(HARSH, observers=2, observer_sync=False, reconfig=True, snap_count=100_000)


@pytest.mark.parametrize(
    ("options", "seed"),
    [
        pytest.param(STALE_ACKS, 265, id="acks-of-what-was-cut-off-counted"),
        pytest.param(MASTERS, 40, id="a-diff-after-a-snapshot-ended-in-the-past"),
        pytest.param(MASTERS, 44, id="a-diff-after-a-snapshot-left-a-tail"),
        pytest.param(NO_LOG, 1, id="an-observer-without-a-log-became-a-voter"),
        pytest.param(NO_LOG, 14, id="an-observer-without-a-log-had-a-hole"),
    ],
)
def test_a_run_that_once_broke_a_rule_keeps_them_now(options: Options, seed: int) -> None:
    outcome = run_seed(seed, 0.4, options)
    assert outcome.failure is None, outcome.report(0.4)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(1795645092518, id="a-session-whose-client-is-on-its-way-back-was-taken-for-forgotten"),
        pytest.param(77000058, id="a-member-that-has-left-did-not-wait-for-room-for-a-new-configuration"),
        pytest.param(88000051, id="an-observer-without-a-log-that-heard-of-its-vote-while-it-looked-had-a-hole"),
        pytest.param(261126196, id="an-observer-master-passed-on-a-configuration-that-was-never-committed"),
        pytest.param(261128122, id="a-member-that-alone-had-logged-a-reconfiguration-never-joined-the-others"),
        pytest.param(1795680712540, id="nobody-but-a-leader-that-was-voted-out-served-when-all-was-compared"),
        pytest.param(3611260950116, id="a-leader-that-was-cut-off-took-office-when-a-newer-one-had"),
        pytest.param(3611260900820, id="a-client-wrote-after-it-had-closed-its-session-where-sessions-may-be-local"),
        pytest.param(82005, id="events-that-took-more-than-their-half-of-a-turn-left-a-close-less-than-none"),
    ],
)
def test_a_run_with_drawn_options_that_once_broke_a_rule_keeps_them_now(seed: int) -> None:
    outcome = run_seed(seed, 0.5, draw_first_options(World(seed)))
    assert outcome.failure is None, outcome.report(0.5)


WITH_ALL_NODES = {"all_nodes": True}
IN_SHORT_TURNS = {"all_nodes": True, "slice_units": 1}
ORACLE_IN_SHORT_TURNS = WITH_AN_ORACLE | {"slice_units": 3}
READING_ALONE = {"all_nodes": True, "read_only": True}


@pytest.mark.parametrize(
    ("seed", "later"),
    [
        pytest.param(12, WITH_ALL_NODES, id="a-node-whose-time-was-over-was-deleted-although-it-was-just-written-to"),
        pytest.param(5134, WITH_AN_ORACLE, id="a-leader-that-may-go-on-alone-committed-what-it-had-not-logged"),
        pytest.param(
            1796080059000,
            ORACLE_IN_SHORT_TURNS,
            id="a-leader-in-office-at-once-was-taken-for-one-that-nobody-had-found",
        ),
        pytest.param(5082, READING_ALONE, id="an-ephemeral-without-a-quorum-ended-its-local-session"),
        pytest.param(1795981626044, WITH_ALL_NODES, id="an-observer-took-over-a-configuration-that-was-only-proposed"),
        pytest.param(1796003441016, IN_SHORT_TURNS, id="a-follower-forgot-what-was-committed-behind-a-long-multi"),
        pytest.param(5065, WITH_ALL_NODES, id="a-new-leader-completed-a-reconfiguration-that-was-only-proposed"),
    ],
)
def test_a_run_with_drawn_and_later_options_that_once_broke_a_rule_keeps_them_now(
    seed: int, later: dict[str, Any]
) -> None:
    outcome = run_seed(seed, 0.5, evolve(draw_first_options(World(seed)), **later))
    assert outcome.failure is None, outcome.report(0.5)


def test_a_seed_is_a_complete_description_of_a_run() -> None:
    assert run_seed(3, 0.2, HARSH) == run_seed(3, 0.2, HARSH)


def test_a_report_says_how_to_see_the_run_again() -> None:
    report = run_seed(5, 0.05).report(0.05)
    assert "seed 5" in report
    assert "python -m pyzoo.sim --seed 5 --minutes 0.05" in report


def test_an_error_that_is_no_broken_rule_says_how_to_see_the_run_again_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(ensemble: object, faults_ms: int) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(simulation, "_run", fails)
    with pytest.raises(IndexError) as caught:
        run_seed(5, 0.05, HARSH)
    assert caught.value.__notes__ == ["again:  python -m pyzoo.sim --seed 5 --minutes 0.05 --harsh"]
