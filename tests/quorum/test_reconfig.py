"""Reconfiguration: what a request makes of the members, who leads afterwards, what changes for a member."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.membership import Membership, members_of_text
from pyzoo.errors import (
    BADARGUMENTS,
    BADVERSION,
    MARSHALLINGERROR,
    RECONFIGDISABLED,
    RECONFIGINPROGRESS,
    KeeperError,
)
from pyzoo.quorum.reconfig import ConfigChange, change_of, check_reconfig, designated_leader, proposed_members
from pyzoo.quorum.verifier import make_verifier


def server(sid: int, role: str = "participant", host: str | None = None) -> str:
    return f"server.{sid}={host or f'10.0.0.{sid}'}:2888:3888:{role};2181"


def listed(*lines: str, version: int = 0x100000000) -> Membership:
    return members_of_text("\n".join([*lines, f"version={version:x}"]))


ONE, TWO, THREE, FOUR = (server(sid) for sid in (1, 2, 3, 4))
CURRENT = listed(ONE, TWO, THREE)
GROUPED = listed(ONE, TWO, THREE, "group.1=1:2:3")


def proposed(
    joining: str | None = None,
    leaving: str | None = None,
    new_members: str | None = None,
    current: Membership = CURRENT,
    standalone_enabled: bool = True,
    multi_address: bool = False,
) -> Membership:
    return proposed_members(make_verifier(current), joining, leaving, new_members, standalone_enabled, multi_address)


def refusal(
    joining: str | None = None,
    leaving: str | None = None,
    new_members: str | None = None,
    current: Membership = CURRENT,
    standalone_enabled: bool = True,
) -> int:
    with pytest.raises(KeeperError) as caught:
        proposed(joining, leaving, new_members, current, standalone_enabled)
    return caught.value.code


# --- when a reconfig may begin


@pytest.mark.parametrize(
    ("enabled", "in_progress", "cur_config_id", "expected"),
    [
        (False, True, 5, RECONFIGDISABLED),
        (True, True, 5, RECONFIGINPROGRESS),
        (True, False, 5, BADVERSION),
        (True, False, -2, BADVERSION),
    ],
)
def test_the_first_reason_against_a_reconfig_is_its_error(
    enabled: bool, in_progress: bool, cur_config_id: int, expected: int
) -> None:
    with pytest.raises(KeeperError) as caught:
        check_reconfig(enabled, in_progress, cur_config_id, 7)
    assert expected == caught.value.code


@pytest.mark.parametrize("cur_config_id", [-1, 7])
def test_a_reconfig_may_name_the_version_last_seen_or_any(cur_config_id: int) -> None:
    check_reconfig(True, False, cur_config_id, 7)


# --- the members that a request proposes


def test_nothing_asked_for_proposes_the_same_members_without_a_version() -> None:
    assert CURRENT.same_members(proposed())
    assert 0 == proposed().version


@pytest.mark.parametrize(
    ("leaving", "left"), [("3", [1, 2]), (" 3 ,, 99,", [1, 2]), ("", [1, 2, 3]), ("-3", [1, 2, 3])]
)
def test_servers_leave_by_number_and_unknown_ones_do_not_matter(leaving: str, left: list[int]) -> None:
    assert left == [one.id for one in proposed(leaving=leaving).servers]


@pytest.mark.parametrize("joining", [FOUR, " server.4 = 10.0.0.4:2888:3888;2181 ,", "x.4=10.0.0.4:2888:3888;2181"])
def test_a_server_joins(joining: str) -> None:
    assert listed(ONE, TWO, THREE, FOUR).same_members(proposed(joining))


def test_servers_leave_before_others_join() -> None:
    assert listed(ONE, TWO, server(4, host="10.0.0.3")).same_members(proposed(server(4, host="10.0.0.3"), "3"))


def test_thousands_of_servers_may_join_and_no_two_at_one_place() -> None:
    joining = ",".join(f"server.{number}=h{number}:1:2;3" for number in range(4, 4000))
    assert 3999 == len(proposed(joining).servers)
    assert BADARGUMENTS == refusal(f"{joining},server.5000=h777:9:1;4")


def test_a_joining_server_replaces_the_line_of_its_number() -> None:
    observer = server(3, "observer")
    assert listed(ONE, TWO, observer).same_members(proposed(observer))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]", "0.0.0.0"])
def test_servers_of_one_machine_are_not_compared_by_address(host: str) -> None:
    assert 5 == len(proposed(server(4, host=host) + "," + server(5, host=host)).servers)


@pytest.mark.parametrize("separator", [",", "\n", ",\n"])
def test_a_whole_list_is_cut_by_commas_or_lines(separator: str) -> None:
    text = separator.join([TWO, FOUR, "version=5"])
    assert listed(TWO, FOUR).same_members(proposed(new_members=text))
    assert 0 == proposed(new_members=text).version


def test_a_whole_list_wins_over_single_servers() -> None:
    assert listed(ONE, FOUR).same_members(proposed("nonsense", "nonsense", f"{ONE},{FOUR}"))


def test_groups_come_and_go_by_a_whole_list() -> None:
    assert GROUPED.same_members(proposed(new_members=f"{ONE},{TWO},{THREE},group.1=1:2:3"))
    assert CURRENT.same_members(proposed(new_members=f"{ONE},{TWO},{THREE}", current=GROUPED))


@pytest.mark.parametrize("request_", [{}, {"joining": FOUR}, {"leaving": "3"}])
def test_groups_cannot_be_changed_server_by_server(request_: dict[str, str]) -> None:
    assert BADARGUMENTS == refusal(**request_, current=GROUPED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "joining",
    [
        "x", "=", "a=b=c", "server.4", "server.4=", "server.4=h", "server.4=h:1;3", "server.4=h:1:x;3",
        "server.4=h:1:1;3", "server.4=h:1:2", "server.4=h:1:2;", "server.4=h:1:2;x", "server.4=h:1:2;3;4",
        "server.4=h:1:2:boss;3", "server.4=h:1:2|k:1:2;3",
        "server.4=10.0.0.3:2888:9;8",  # the quorum address of another
        "server.4=10.0.0.3:9:3888;8",
        "server.4=10.0.0.3:3888:9;8",  # the election address of another, for quorum
        "server.4=h:1:2;3,server.5=H:1:9;8",
        "server.4=h:1:2;h:3,server.5=k:1:2;h:3",
    ],
)  # fmt: skip
def test_a_joining_server_that_cannot_be_used_is_a_bad_argument(joining: str) -> None:
    assert BADARGUMENTS == refusal(joining)


@pytest.mark.parametrize(
    "new_members",
    [
        "", ONE, f"{ONE},{TWO},foo=1", f"{ONE},{TWO},clientPort=1", f"{ONE},server.2=h", f"{ONE},server.2=h:1:x;3",
        f"{ONE},server.2=h:1:1;3", f"{ONE},server.2=h:1:2:boss;3", f"{ONE},{TWO},group.1=1",
        f"{ONE},{TWO},group.1=1:2,group.2=2", f"{ONE},{TWO},server.3=h:1:2|k:1:2;3",
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_a_bad_argument(new_members: str) -> None:
    assert BADARGUMENTS == refusal(new_members=new_members)


@pytest.mark.parametrize(
    "request_",
    [
        {"leaving": "x"}, {"leaving": "1, x"}, {"joining": "server.x=h:1:2;3"}, {"joining": "server. 4=h:1:2;3"},
        *({"new_members": f"{ONE},{TWO},{last}"} for last in (
            "server.x=h:1:2;3", "group.x=1:2", "group.1=1:y", "group=1:2", "weight.1=x,group.1=1:2", "version=zz",
            "version=", "a=\\u12",
        )),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_a_marshalling_error(request_: dict[str, str]) -> None:
    assert MARSHALLINGERROR == refusal(**request_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new_members", "standalone_enabled"),
    [
        (server(1, "observer"), True),
        (f"{ONE},{server(2, 'observer')}", True),
        (server(1, "observer"), False),
        ("", False),
    ],
)
def test_a_list_of_observers_without_a_quorum_is_a_marshalling_error(
    new_members: str, standalone_enabled: bool
) -> None:
    assert MARSHALLINGERROR == refusal(new_members=new_members, standalone_enabled=standalone_enabled)


@pytest.mark.parametrize(
    ("joining", "leaving"),
    [(None, "1,2"), (f"{server(1, 'observer')},{server(2, 'observer')}", None), (None, "1,2,3")],
)
def test_two_voters_have_to_stay(joining: str | None, leaving: str | None) -> None:
    assert BADARGUMENTS == refusal(joining, leaving)


def test_without_standalone_mode_one_voter_may_stay_but_not_none() -> None:
    assert listed(ONE).same_members(proposed(leaving="2,3", standalone_enabled=False))
    assert listed(ONE, server(2, "observer")).same_members(
        proposed(new_members=f"{ONE},{server(2, 'observer')}", standalone_enabled=False)
    )
    assert BADARGUMENTS == refusal(leaving="1,2,3", standalone_enabled=False)


def test_several_addresses_need_the_feature() -> None:
    joining = "server.4=h:1:2|k:1:2;3"
    assert BADARGUMENTS == refusal(joining)
    assert 4 == len(proposed(joining, multi_address=True).servers)


@given(st.text("serv.12=:;,h\n\\gw"), st.sampled_from(["joining", "leaving", "new_members"]))
def test_any_text_gives_members_or_one_of_two_errors(text: str, place: str) -> None:
    code = 0
    try:
        voters = proposed(**{place: text}).voters  # type: ignore[arg-type]
    except KeeperError as error:
        code = error.code
    assert code in (BADARGUMENTS, MARSHALLINGERROR) or len(voters) >= 2


# --- who leads the new members


@pytest.mark.parametrize(
    ("new", "following_acks", "expected"),
    [
        (listed(ONE, TWO, FOUR), [], 1),
        (listed(ONE.replace("2181", "9"), TWO), [], 1),
        (listed(TWO, THREE), [], 2),
        (listed(TWO, THREE), [{3}], 3),
        (listed(TWO, THREE), [{2, 3}, {1, 3}, {2}], 3),
        (listed(TWO, THREE), [{1}, {3}], 2),
        (listed(server(1, "observer"), TWO, THREE), [], 2),
        (listed(server(1, host="elsewhere"), TWO, THREE), [], 2),
        (listed(server(2, "observer"), THREE, FOUR), [], 3),
        (listed(THREE, FOUR), [{1, 4}], 4),
        (listed(server(1, host="elsewhere")), [], 1),
    ],
)
def test_the_leader_stays_if_it_can_or_else_the_best_acker_follows(
    new: Membership, following_acks: list[set[int]], expected: int
) -> None:
    assert expected == designated_leader(1, CURRENT, new, {1, 2, 3, 4}, following_acks)


def test_a_voter_that_did_not_acknowledge_does_not_lead() -> None:
    assert 4 == designated_leader(1, CURRENT, listed(TWO, THREE, FOUR), {1, 4}, [{2, 3}])


# --- what changes for a member


def change(new: Membership, my_id: int = 2, leader: int = 1, designated: int | None = None) -> ConfigChange:
    return change_of(CURRENT, new, my_id, leader, designated)


LATER = 0x200000001


@pytest.mark.parametrize("version", [CURRENT.version, 5])
def test_a_list_that_is_not_newer_changes_nothing(version: int) -> None:
    assert ConfigChange() == change(listed(TWO, FOUR, version=version), designated=2)


def test_the_same_members_of_a_later_version_change_nothing() -> None:
    assert ConfigChange() == change(listed(THREE, TWO, ONE, version=LATER), designated=3)


def test_another_member_changes_the_content_alone() -> None:
    new = listed(ONE, TWO, THREE, FOUR, version=LATER)
    assert ConfigChange(content_changed=True) == change(new, designated=1)
    assert ConfigChange(content_changed=True) == change(new)


@pytest.mark.parametrize(("my_id", "expected"), [(2, True), (3, False), (77, False)])
def test_an_observer_that_was_a_voter_changes_its_role(my_id: int, expected: bool) -> None:
    found = change(listed(ONE, server(2, "observer"), THREE, version=LATER), my_id)
    assert (expected, expected) == (found.role_changed, found.major)


def test_a_server_outside_the_list_counts_as_a_participant() -> None:
    before = listed(ONE, TWO, server(3, "observer"))
    after = listed(ONE, TWO, version=LATER)
    assert change_of(before, after, 3, 1, 1).role_changed
    assert not change_of(after, listed(ONE, TWO, THREE, version=LATER + 1), 3, 1, 1).role_changed
    assert not change(after, 3, designated=1).role_changed


@pytest.mark.parametrize(
    ("new", "designated", "expected"),
    [
        (listed(TWO, THREE, version=LATER), 2, True),
        (listed(TWO, THREE, version=LATER), 1, False),  # the leader named itself
        (listed(TWO, THREE, version=LATER), None, True),
        (listed(server(1, "observer"), TWO, THREE, version=LATER), None, True),
        (listed(server(1, host="elsewhere"), TWO, THREE, version=LATER), None, True),
        (listed(ONE.replace("3888", "9"), TWO, THREE, version=LATER), None, False),
        (listed(ONE, TWO, version=LATER), None, False),
    ],
)
def test_the_leader_changes_when_another_is_designated_or_it_lost_its_place(
    new: Membership, designated: int | None, expected: bool
) -> None:
    found = change(new, designated=designated)
    assert (expected, expected) == (found.leader_changed, found.major)


def test_a_leader_that_had_no_vote_before_is_left_without_a_designated_one() -> None:
    assert change(listed(ONE, TWO, THREE, FOUR, version=LATER), leader=4).leader_changed
