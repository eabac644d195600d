"""How long a leader holds proposals back: for those that are under way, and for those who were just answered."""

import pytest

from pyzoo.quorum.group_commit import GroupCommit

PATIENCE = 250


def released(*counts: int) -> GroupCommit:
    """One whose last groups were so large."""
    group = GroupCommit()
    for count in counts:
        group.released(count)
    return group


@pytest.mark.parametrize("last", [0, 1])
def test_a_client_alone_never_waits(last: int) -> None:
    assert 0 == released(last).held_until_ns(1, 0, 1000, PATIENCE)


def test_as_many_as_came_last_are_waited_for() -> None:
    group = released(3)
    assert 1000 + PATIENCE == group.held_until_ns(1, 0, 1000, PATIENCE)
    assert 1000 + PATIENCE == group.held_until_ns(2, 0, 1100, PATIENCE)
    assert 0 == group.held_until_ns(3, 0, 1200, PATIENCE)


def test_those_who_do_not_come_are_waited_for_once() -> None:
    group = released(3)
    assert 1000 + PATIENCE == group.held_until_ns(2, 0, 1000, PATIENCE)
    assert 0 == group.held_until_ns(2, 0, 1000 + PATIENCE, PATIENCE)
    group.released(2)
    assert 0 == group.held_until_ns(2, 0, 2000, PATIENCE)


def test_what_is_under_way_is_waited_for_no_longer_than_patience_lasts() -> None:
    group = released(1)
    assert 1000 + PATIENCE == group.held_until_ns(5, 1, 1000, PATIENCE)
    assert 0 == group.held_until_ns(7, 1, 1000 + PATIENCE, PATIENCE)


def test_when_nothing_is_under_way_any_more_those_who_were_answered_are_waited_for_too() -> None:
    group = released(2)
    assert 1000 + PATIENCE == group.held_until_ns(1, 2, 1000, PATIENCE)
    assert 1200 + PATIENCE == group.held_until_ns(1, 0, 1200, PATIENCE)
    assert 1200 + PATIENCE == group.held_until_ns(2, 0, 1300, PATIENCE)
    assert 0 == group.held_until_ns(3, 0, 1400, PATIENCE)


def test_a_group_begins_with_the_first_proposal_after_the_last_one() -> None:
    group = released(2)
    group.held_until_ns(1, 0, 1000, PATIENCE)
    group.released(1)
    assert 9000 + PATIENCE == group.held_until_ns(1, 1, 9000, PATIENCE)


def test_without_patience_nothing_is_held_back() -> None:
    assert 0 == released(100).held_until_ns(1, 100, 1000, 0)
