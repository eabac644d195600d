"""The judge of quorums in simulated ensembles: it is right by itself, and agrees with the servers' verifier."""

from itertools import combinations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.membership import Membership
from pyzoo.quorum.verifier import make_verifier
from pyzoo.sim.checkers.quorums import may_decide
from pyzoo.sim.machine import member_line

SIDS = range(1, 7)


@st.composite
def memberships(draw: st.DrawFn) -> Membership:
    """Up to six members, some without a vote, half of them in groups with weights."""
    sids = draw(st.lists(st.sampled_from(SIDS), min_size=1, unique=True))
    observers = draw(st.sets(st.sampled_from(sids)))
    members = Membership(tuple(member_line(sid, sid in observers) for sid in sorted(sids)))
    voters = [server.id for server in members.voters]
    if not voters or draw(st.booleans()):
        return members
    group_of = {sid: draw(st.integers(1, 3)) for sid in voters}
    groups = {group: tuple(sid for sid in voters if group_of[sid] == group) for group in group_of.values()}
    weights = {sid: draw(st.integers(0, 3)) for sid in voters if draw(st.booleans())}
    return evolve(members, groups=tuple(sorted(groups.items())), weights=tuple(sorted(weights.items())))


def sets_of(sids: range) -> list[set[int]]:
    return [set(some) for size in range(len(sids) + 1) for some in combinations(sids, size)]


@given(membership=memberships())
def test_two_that_may_decide_share_a_server(membership: Membership) -> None:
    quorums = [some for some in sets_of(SIDS) if may_decide(membership, some)]
    assert all(one & other for one, other in combinations(quorums, 2))


@given(membership=memberships())
def test_the_judge_and_the_verifier_of_the_servers_agree(membership: Membership) -> None:
    verifier = make_verifier(membership)
    assert [may_decide(membership, some) for some in sets_of(SIDS)] == [
        verifier.contains_quorum(some) for some in sets_of(SIDS)
    ]


@pytest.mark.parametrize(
    ("sids", "may"), [({1, 2}, False), ({1, 2, 3}, True), ({1, 2, 21}, False), ({21}, False), (set(), False)]
)
def test_of_four_voters_three_may_decide(sids: set[int], may: bool) -> None:
    servers = tuple(member_line(sid, sid > 20) for sid in (1, 2, 3, 4, 21))
    assert may_decide(Membership(servers), sids) is may


@pytest.mark.parametrize(
    ("sids", "may"), [({1, 2, 4}, False), ({1, 2, 3, 4}, False), ({1, 2, 4, 5}, True), ({7}, False)]
)
def test_of_two_groups_with_weight_both_have_to_agree(sids: set[int], may: bool) -> None:
    servers = tuple(member_line(sid, False) for sid in range(1, 8))
    groups = ((1, (1, 2, 3)), (2, (4, 5, 6)), (3, (7,)))
    assert may_decide(Membership(servers, groups, ((7, 0),)), sids) is may
