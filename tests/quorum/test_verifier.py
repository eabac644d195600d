"""Which sets of servers are quorums."""

from itertools import combinations

import pytest
from attrs import evolve

from pyzoo.quorum.verifier import QuorumVerifier, both_have_logged, contains_both_quorums, make_verifier, next_after
from tests.support.electors import members

NINE = (1, (1, 2, 3)), (2, (4, 5, 6)), (3, (7, 8, 9))


@pytest.mark.parametrize(("voters", "enough"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)])
def test_a_majority_is_more_than_half_of_the_voters(voters: int, enough: int) -> None:
    verifier = make_verifier(members(voters))
    assert verifier.contains_quorum(set(range(1, enough + 1)))
    assert not verifier.contains_quorum(set(range(1, enough)))


def test_observers_and_strangers_do_not_count() -> None:
    verifier = make_verifier(members(3, observers=2))
    assert not verifier.contains_quorum({1, 4, 5, 77})


def test_a_hierarchical_quorum_wins_most_groups() -> None:
    verifier = make_verifier(members(9, groups=NINE))
    assert verifier.contains_quorum({1, 2, 4, 5})
    assert not verifier.contains_quorum({1, 2, 3, 4, 7})
    assert not verifier.contains_quorum(set())


def test_a_group_without_weight_is_not_counted() -> None:
    verifier = make_verifier(members(9, groups=NINE, weights=((7, 0), (8, 0), (9, 0))))
    assert verifier.contains_quorum({1, 2, 4, 5})
    assert not verifier.contains_quorum({1, 2, 7, 8, 9})


@pytest.mark.parametrize(
    "verifier",
    [
        make_verifier(members(4)),
        make_verifier(members(5)),
        make_verifier(members(9, groups=NINE)),
        make_verifier(members(6, groups=((1, (1, 2, 3)), (2, (4, 5, 6))), weights=((1, 3), (4, 0)))),
    ],
)
def test_any_two_quorums_share_a_server(verifier: QuorumVerifier) -> None:
    voters = sorted(verifier.voters)
    sets = [set(one) for size in range(len(voters) + 1) for one in combinations(voters, size)]
    quorums = [one for one in sets if verifier.contains_quorum(one)]
    assert quorums
    assert all(one & other for one in quorums for other in quorums)


def test_the_oracle_decides_for_the_last_of_two_only() -> None:
    answers = [True]
    verifier = make_verifier(members(2), lambda: answers[0])
    assert verifier.contains_quorum({1})
    answers[0] = False
    assert not verifier.contains_quorum({1})
    answers[0] = True
    verifier.followers_in_step({2})
    assert not verifier.contains_quorum({1})
    assert not make_verifier(members(3), lambda: True).contains_quorum({1})


def test_an_oracle_refuses_only_while_it_is_asked() -> None:
    verifier = make_verifier(members(2), lambda: False)
    assert verifier.oracle_refuses
    verifier.followers_in_step({2})
    assert not verifier.oracle_refuses
    assert not make_verifier(members(2), lambda: True).oracle_refuses
    assert not make_verifier(members(3)).oracle_refuses


def test_what_the_last_of_two_commits_alone_it_has_logged_itself() -> None:
    verifier = make_verifier(members(2), lambda: True)
    assert verifier.contains_quorum({2})
    assert not verifier.have_logged({2}, 1)
    assert verifier.have_logged({1}, 1)
    assert make_verifier(members(3)).have_logged({2, 3}, 1)


def test_while_a_configuration_replaces_another_a_quorum_of_either_is_needed() -> None:
    three, five = make_verifier(members(3)), make_verifier(evolve(members(5), version=7))
    assert next_after(three, five) is five
    assert not contains_both_quorums({1, 2}, three, five)
    assert contains_both_quorums({1, 2, 4}, three, five)
    assert not contains_both_quorums({3, 4, 5}, three, five)
    assert not both_have_logged({1, 2}, 1, three, five)
    assert both_have_logged({1, 2, 4}, 1, three, five)


def test_a_configuration_that_is_not_newer_has_no_say() -> None:
    three, five = make_verifier(evolve(members(3), version=7)), make_verifier(evolve(members(5), version=7))
    assert next_after(three, five) is None
    assert contains_both_quorums({1, 2}, three, five)
    assert both_have_logged({1, 2}, 1, three, None)
