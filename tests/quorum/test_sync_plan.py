"""How a learner catches up: the decision table by its rows, and a dumb model that carries every plan out."""

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.quorum.history import CommittedLog, Proposal
from pyzoo.quorum.sync_plan import DIFF, SNAP, TRUNC, SyncPlan, needs_disk, plan_sync
from tests.support.histories import log_of, proposals_of, run_of, z

EMPTY = log_of([])
CACHED = log_of([*run_of(1, 5, 8), *run_of(2, 1, 7)])
"""min 1:5, max 2:7"""
LAST = z(2, 7)


def told(plan: SyncPlan) -> tuple[str, int, list[int]]:
    """Kind, zxid of the packet, and the zxids that follow."""
    return plan.kind, plan.zxid, [proposal.zxid for proposal in plan.proposals]


def plan(peer: int, last: int = LAST, log: CommittedLog = CACHED) -> tuple[str, int, list[int]]:
    return told(plan_sync(peer, last, log))


def disk_plan(peer: int, on_disk: list[int] | None, last: int = LAST, log: CommittedLog = CACHED) -> object:
    assert needs_disk(peer, last, log, forced=False, uses_disk=True)
    return told(plan_sync(peer, last, log, from_disk=None if on_disk is None else proposals_of(on_disk)))


# --- rows 1 to 3


@pytest.mark.parametrize("peer", [0, z(1, 6), LAST, z(3, 1)])
def test_row_1_forced_snapshots_are_for_everybody(peer: int) -> None:
    assert (SNAP, LAST, []) == told(plan_sync(peer, LAST, CACHED, forced=True))


@pytest.mark.parametrize(("last", "log"), [(LAST, CACHED), (0, EMPTY), (z(3, 0), CACHED), (z(3, 0), EMPTY)])
def test_row_2_a_level_learner_gets_an_empty_diff(last: int, log: CommittedLog) -> None:
    assert (DIFF, last, []) == plan(last, last, log)


@pytest.mark.parametrize("peer", [z(2, 8), z(3, 1)])
def test_row_3_a_learner_with_more_is_truncated_to_the_newest(peer: int) -> None:
    assert (TRUNC, z(2, 7), []) == plan(peer)


def test_row_3_without_a_committed_log_truncates_to_the_last_processed() -> None:
    assert (TRUNC, z(1, 3), []) == plan(z(1, 5), z(1, 3), EMPTY)


# --- row 4: inside the committed log


def test_row_4_a_learner_inside_the_log_gets_what_is_newer() -> None:
    assert (DIFF, z(2, 7), [z(1, 8), *run_of(2, 1, 7)]) == plan(z(1, 7))


def test_row_4_the_oldest_of_the_log_is_inside() -> None:
    assert (DIFF, z(2, 7), [*run_of(1, 6, 8), *run_of(2, 1, 7)]) == plan(z(1, 5))


def test_row_4_the_newest_of_the_log_is_inside_once_the_leader_serves_a_new_epoch() -> None:
    assert (DIFF, z(2, 7), []) == plan(z(2, 7), z(3, 0))


def test_row_4_a_learner_at_the_start_of_an_epoch_gets_the_whole_epoch() -> None:
    assert (DIFF, z(2, 7), run_of(2, 1, 7)) == plan(z(2, 0))


def test_row_4_a_truncation_never_crosses_into_another_epoch() -> None:
    assert (SNAP, z(2, 7), []) == plan(z(1, 0x20))


def test_row_4_a_learner_that_stands_in_a_hole_gets_a_snapshot() -> None:
    assert (SNAP, z(1, 9), []) == plan(z(1, 6), z(1, 9), holed(run_of(1, 4, 5) + run_of(1, 8, 9)))


def holed(zxids: list[int]) -> CommittedLog:
    """A committed log that `add` would not make."""
    log = CommittedLog(500)
    log.proposals.extend(proposals_of(zxids))
    log.min_zxid, log.max_zxid = zxids[0], zxids[-1]
    return log


def test_row_4_a_hole_after_the_learner_is_bridged_by_a_snapshot() -> None:
    assert (SNAP, z(1, 9), []) == plan(z(1, 4), z(1, 9), holed(run_of(1, 3, 6) + run_of(1, 8, 9)))


def test_row_4_a_hole_before_the_learner_does_not_matter() -> None:
    assert (DIFF, z(1, 9), [z(1, 9)]) == plan(z(1, 8), z(1, 9), holed(run_of(1, 3, 6) + run_of(1, 8, 9)))


# --- row 5: older than the committed log


def test_row_5_what_memory_lacks_comes_from_the_disk() -> None:
    expected = (DIFF, z(2, 7), [*run_of(1, 3, 8), *run_of(2, 1, 7)])
    assert expected == disk_plan(z(1, 2), [*run_of(1, 2, 8), *run_of(2, 1, 7)])


def test_row_5_the_disk_need_not_go_further_than_to_the_log() -> None:
    assert (DIFF, z(2, 7), [*run_of(1, 3, 8), *run_of(2, 1, 7)]) == disk_plan(z(1, 2), run_of(1, 2, 4))


def test_row_5_a_gap_between_disk_and_memory_is_bridged_by_a_snapshot() -> None:
    assert (SNAP, z(2, 7), []) == disk_plan(z(1, 1), run_of(1, 1, 3))


def test_row_5_a_hole_on_disk_is_bridged_by_a_snapshot() -> None:
    assert (SNAP, z(2, 7), []) == disk_plan(z(1, 1), [z(1, 1), z(1, 3), z(1, 4)])


def test_row_5_a_disk_that_cannot_serve_gives_a_snapshot() -> None:
    assert (SNAP, z(2, 7), []) == disk_plan(z(1, 2), None)


def test_row_5_without_a_committed_log_the_disk_gives_all() -> None:
    assert (DIFF, z(1, 6), run_of(1, 3, 6)) == disk_plan(z(1, 2), run_of(1, 2, 6), z(1, 6), EMPTY)


def test_row_5_what_is_logged_and_not_processed_yet_is_not_sent() -> None:
    assert (DIFF, z(1, 6), run_of(1, 3, 6)) == disk_plan(z(1, 2), run_of(1, 2, 9), z(1, 6), EMPTY)


def test_row_5_a_disk_that_ends_in_an_older_epoch_gives_a_snapshot() -> None:
    """After a snapshot of a leader: nothing says what came between the log's end and the present."""
    assert (SNAP, z(3, 0), []) == disk_plan(z(2, 9), [z(2, 7)], z(3, 0), EMPTY)
    assert (SNAP, z(4, 31), []) == disk_plan(z(2, 5), run_of(2, 5, 7), z(4, 31), EMPTY)


def test_row_5_a_tail_of_another_epoch_gives_a_snapshot() -> None:
    assert (SNAP, z(2, 7), []) == disk_plan(z(0, 0x20), [*run_of(0, 1, 3), *run_of(1, 1, 8)])


@pytest.mark.parametrize(
    ("peer", "last", "log", "forced", "uses_disk", "expected"),
    [
        (z(1, 4), LAST, CACHED, False, True, True),
        (z(1, 4), LAST, CACHED, False, False, False),
        (z(1, 4), LAST, CACHED, True, True, False),
        (z(1, 5), LAST, CACHED, False, True, False),
        (z(2, 9), LAST, CACHED, False, True, False),
        (z(2, 7), z(3, 0), EMPTY, False, True, True),
        (z(3, 0), z(3, 0), EMPTY, False, True, False),
    ],
)
def test_the_disk_is_read_for_learners_older_than_the_log_alone(
    peer: int, last: int, log: CommittedLog, forced: bool, uses_disk: bool, expected: bool
) -> None:
    assert expected == needs_disk(peer, last, log, forced, uses_disk)


# --- rows 6 and 7


def test_row_6_the_start_of_an_unknown_epoch_gives_a_snapshot() -> None:
    assert (SNAP, LAST, []) == plan(z(3, 0))


def test_row_7_an_old_learner_gets_a_snapshot_where_the_disk_is_not_used() -> None:
    assert (SNAP, LAST, []) == plan(z(1, 2))


def test_the_last_zxid_of_a_plan_is_that_of_its_last_proposal() -> None:
    assert z(2, 7) == plan_sync(z(1, 7), LAST, CACHED).last_zxid
    assert z(2, 7) == plan_sync(z(3, 1), LAST, CACHED).last_zxid


# --- every plan, carried out


@frozen
class Case:
    """What leader and learner have; memory and disk hold the newest parts of the leader's history."""

    history: list[int]
    last_processed: int
    log: CommittedLog
    on_disk: list[int]
    learner: list[int]
    peer: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """What ZAB allows: the learner's tail is of one epoch, which the leader's history skips or has a part of."""
    lengths = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    history = [zxid for epoch, length in enumerate(lengths, 1) for zxid in run_of(2 * epoch, 1, length)]
    newest = history[-1] if history else 0
    last_processed = draw(st.sampled_from([newest, z(2 * len(lengths) + 2, 0)]))
    known = draw(st.integers(0, len(history)))
    learner = history[:known]
    after = history[known] >> 32 if known < len(history) else 2 * len(lengths) + 1
    at = learner[-1] if learner else 0
    if draw(st.booleans()) and after > at >> 32:
        epoch = draw(st.integers(max(at >> 32, 1), after - 1))
        first = (at & 0xFFFFFFFF) + 1 if epoch == at >> 32 else 1
        learner = learner + run_of(epoch, first, first + draw(st.integers(0, 2)))
    cached = draw(st.integers(0, len(history)))
    logged = draw(st.integers(cached, len(history)))
    peer = learner[-1] if learner else 0
    if learner == history[:known] and after > (at >> 32) + 1 and draw(st.booleans()):
        peer = z(draw(st.integers((at >> 32) + 1, after - 1)), 0)  # it led, or got a snapshot, and has nothing since
    log = log_of(history[len(history) - cached :])
    return Case(history, last_processed, log, history[len(history) - logged :], learner, peer)


def read(case: Case) -> list[Proposal] | None:
    """What the disk has from the learner's last zxid on; nothing when it does not reach back to that."""
    if not case.on_disk or case.on_disk[0] > case.peer:
        return None
    start = max(zxid for zxid in case.on_disk if zxid <= case.peer)
    return proposals_of(zxid for zxid in case.on_disk if zxid >= start)


def carry_out(plan: SyncPlan, case: Case) -> list[int]:
    if plan.kind == SNAP:
        return case.history
    kept = [zxid for zxid in case.learner if plan.kind == DIFF or zxid <= plan.zxid]
    return kept + [proposal.zxid for proposal in plan.proposals]


@given(cases(), st.booleans(), st.booleans())
def test_a_learner_that_carries_the_plan_out_has_the_leaders_history(case: Case, forced: bool, uses_disk: bool) -> None:
    from_disk = read(case) if needs_disk(case.peer, case.last_processed, case.log, forced, uses_disk) else None
    plan = plan_sync(case.peer, case.last_processed, case.log, forced, from_disk)
    assert case.history == carry_out(plan, case)


@given(cases())
def test_a_truncation_is_never_to_something_that_the_learner_lacks(case: Case) -> None:
    plan = plan_sync(case.peer, case.last_processed, case.log, from_disk=read(case))
    assert plan.kind != TRUNC or plan.zxid in [0, *case.learner]
