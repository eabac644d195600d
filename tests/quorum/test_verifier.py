"""Which sets of servers are quorums."""

from itertools import combinations

import pytest

from pyzoo.quorum.verifier import QuorumVerifier, make_verifier
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
