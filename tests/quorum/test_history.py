"""The committed log: the newest transactions, without a gap inside an epoch."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.quorum.history import MIN_COMMITTED_LOG, CommittedLog
from tests.support.histories import log_of, payload_of, run_of, z

ZXIDS = st.builds(z, st.integers(1, 3), st.integers(1, 8))


def zxids_of(log: CommittedLog) -> list[int]:
    return [proposal.zxid for proposal in log.proposals]


def test_proposals_are_kept_in_order_with_their_bounds() -> None:
    zxids = run_of(1, 4, 6) + run_of(2, 1, 2)
    log = log_of(zxids)
    assert zxids == zxids_of(log)
    assert (z(1, 4), z(2, 2)) == (log.min_zxid, log.max_zxid)
    assert [payload_of(zxid) for zxid in zxids] == [proposal.payload for proposal in log.proposals]


def test_the_oldest_proposals_are_forgotten_beyond_the_limit() -> None:
    log = log_of(run_of(1, 1, 603), limit=600)
    assert run_of(1, 4, 603) == zxids_of(log)
    assert z(1, 4) == log.min_zxid


def test_a_smaller_limit_than_the_least_is_raised() -> None:
    assert MIN_COMMITTED_LOG == len(log_of(run_of(1, 1, 600), limit=3).proposals)


def test_a_proposal_that_is_there_already_is_skipped() -> None:
    assert run_of(1, 4, 6) == zxids_of(log_of([*run_of(1, 4, 6), z(1, 6), z(1, 2)]))


def test_a_gap_inside_an_epoch_begins_the_log_anew() -> None:
    log = log_of([*run_of(1, 1, 3), z(1, 5)])
    assert [z(1, 5)] == zxids_of(log)
    assert (z(1, 5), z(1, 5)) == (log.min_zxid, log.max_zxid)


def test_nothing_is_left_after_it_was_cleared() -> None:
    log = log_of(run_of(1, 1, 3))
    log.clear()
    assert ([], 0, 0) == (zxids_of(log), log.min_zxid, log.max_zxid)
    log.add(z(1, 1), b"")
    assert [z(1, 1)] == zxids_of(log)


@given(st.lists(ZXIDS, max_size=30))
def test_whatever_is_added_the_log_rises_without_a_gap_inside_an_epoch(zxids: list[int]) -> None:
    held = zxids_of(log_of(zxids))
    assert all(b > a and (b == a + 1 or b >> 32 > a >> 32) for a, b in pairwise(held))
    assert held[-1:] == ([max(zxids)] if zxids else [])
