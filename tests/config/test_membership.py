"""Member lines: what they mean, how they are written, and what is refused."""

import pytest

from pyzoo.config.membership import Membership, members_of_text, parse_membership
from pyzoo.config.properties import parse_properties
from pyzoo.errors import ConfigError


def members(text: str, multi_address: bool = False) -> Membership:
    return parse_membership(parse_properties(text).values(), "zoo.cfg", 0x100000000, multi_address)


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("h:2888:3888", "h:2888:3888:participant"),
        ("h:2888:3888;2181", "h:2888:3888:participant;0.0.0.0:2181"),
        ("h:2888:3888:OBSERVER;c:2181", "h:2888:3888:observer;c:2181"),
        ("[::1]:1:2:participant;[fe80::1]:3", "[::1]:1:2:participant;[fe80::1]:3"),
        ("127.0.0.1:24111:24121:participant;127.0.0.1:24101", "127.0.0.1:24111:24121:participant;127.0.0.1:24101"),
    ],
)
def test_a_member_is_written_in_its_canonical_form(value: str, canonical: str) -> None:
    assert canonical == str(members(f"server.1={value}").servers[0])


def test_several_addresses_are_sorted_by_host() -> None:
    assert "a:3:4|b:1:2:participant;0.0.0.0:5" == str(members("server.1=b:1:2|a:3:4;5", True).servers[0])


def test_several_addresses_need_the_feature() -> None:
    with pytest.raises(ConfigError, match=r"zoo.cfg:1: server.1 has several addresses.*multiAddress.enabled=true"):
        members("server.1=b:1:2|a:3:4;5")


def test_the_text_has_servers_groups_weights_of_all_voters_and_the_version_in_hex() -> None:
    text = members("weight.1=2\ngroup.1=2:1\nserver.2=b:1:2\nserver.1=a:1:2").text()
    assert [
        "server.1=a:1:2:participant", "server.2=b:1:2:participant", "group.1=1:2", "weight.1=2", "weight.2=1",
        "version=100000000",
    ] == text.split("\n")  # fmt: skip


def test_the_canonical_text_parses_to_the_same_members() -> None:
    once = members("server.1=[::1]:1:2|x:3:4;5\nserver.2=b:1:2:observer", True)
    assert once == members("\n".join(once.lines()), True)


def test_voters_and_observers_are_told_apart() -> None:
    both = members("server.3=c:1:2:observer\nserver.1=a:1:2")
    assert ([1], [3]) == ([one.id for one in both.voters], [one.id for one in both.observers])


@pytest.mark.parametrize(
    ("voters", "standalone_enabled", "distributed"),
    [(0, True, False), (1, True, False), (1, False, True), (2, True, True), (3, False, True)],
)
def test_an_ensemble_begins_with_two_voters_or_one_if_asked(
    voters: int, standalone_enabled: bool, distributed: bool
) -> None:
    list_of = members("\n".join(f"server.{id}=h{id}:1:2" for id in range(1, voters + 1)))
    assert distributed is list_of.is_distributed(standalone_enabled)


@pytest.mark.parametrize(
    "value",
    ["", "h", "h:2888", "h:2888:x", "h:2888:70000", "h:-1:3888", ":1:2", "h:1:2:participant:x", "h:1:2;3;4", "h:1:2;",
     "h:1:2;c:", "h:1:2;:5", "[::1:1:2", "h:1:2|"],
)  # fmt: skip
def test_a_malformed_member_names_the_form(value: str) -> None:
    with pytest.raises(
        ConfigError, match=r"zoo\.cfg:2: server\.1=.* does not have the form host:quorumPort:electionPort"
    ):
        members(f"# a\nserver.1={value}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server.1=h:1:1", "the two ports 1 must differ"),
        ("server.1=h:1:2:learner", "the role must be participant or observer, not 'learner'"),
        ("server.1=h:1:2:learner|i:3:4", "the role must be participant or observer, not 'learner'"),
        ("server.x=h:1:2", "must be a whole number, not 'x'"),
        ("group.1=1:x", "each server id must be a whole number"),
        ("weight.1=heavy", "the weight must be a whole number"),
        ("group.1=1:2\ngroup.2=2:3", "server 2 is in two groups"),
        ("group.1=1\nserver.1=a:1:2\nserver.2=b:1:2", "server.2 is in no group"),
    ],
)
def test_other_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        members(text)


def test_all_addresses_of_a_member_have_one_role() -> None:
    with pytest.raises(ConfigError, match="all addresses of a server need the same role"):
        members("server.1=a:1:2:observer|b:1:2", True)


# --- a whole configuration text


def test_a_text_of_a_peer_has_its_members_and_its_version() -> None:
    text = "version=10000000A\nserver.2=b:1:2|c:1:2;9\nserver.1 : a:1:2:observer\ngroup.1=2"
    parsed = members_of_text(text)
    assert (0x10000000A, [1, 2], ((1, (2,)),)) == (parsed.version, [one.id for one in parsed.servers], parsed.groups)


def test_the_text_of_the_config_node_parses_to_the_same_members() -> None:
    once = members("server.1=[::1]:1:2|x:3:4;5\nserver.2=b:1:2:observer\ngroup.1=1\nweight.1=3", True)
    assert once == members_of_text(once.text())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "server.1=a:1:2\nclientPort=5",
            r"/c:2: clientPort is not known here: only server, group and weight lines are",
        ),
        ("version=0x10", r"/c:1: version=0x10: it must be a hexadecimal number"),
        ("version=8000000000000000", r"/c:1: version=8000000000000000: it must be a hexadecimal number"),
        ("server.1=a", r"/c:1: server.1=a does not have the form"),
    ],
)
def test_a_text_that_no_peer_sends_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        members_of_text(text, path="/c")


def test_several_addresses_in_a_text_may_be_refused() -> None:
    with pytest.raises(ConfigError, match="has several addresses"):
        members_of_text("server.1=a:1:2|b:1:2", multi_address=False)


# --- equal lists

BASE = "server.1=a:1:2|b:3:4;9\nserver.2=c:1:2\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BASE, "version=77\nserver.2=C:1:2:PARTICIPANT\nserver.1=b:3:4|A:1:2;0.0.0.0:9"),
        (BASE + "group.1=1:2", BASE + "group.1=2:1\nweight.2=1"),
    ],
)
def test_lists_that_mean_the_same_are_equal_however_they_are_written(one: str, other: str) -> None:
    assert members_of_text(one).same_members(members_of_text(other))


@pytest.mark.parametrize(
    "other",
    [
        "server.1=a:1:2|b:3:4;9",
        BASE + "server.3=d:1:2",
        "server.1=a:1:2|b:3:4;9\nserver.3=c:1:2",
        BASE.replace("c:1:2", "c:1:2:observer"),
        BASE.replace("c:1:2", "c:7:2"),
        BASE.replace("c:1:2", "c:1:7"),
        BASE.replace("c:1:2", "d:1:2"),
        BASE.replace("c:1:2", "c:1:2;5"),
        BASE.replace(";9", ";8"),
        BASE.replace(";9", ";h:9"),
        BASE + "group.1=1:2",
    ],
)
def test_lists_that_differ_in_one_thing_are_not_equal(other: str) -> None:
    assert not members_of_text(BASE).same_members(members_of_text(other))
    assert not members_of_text(other).same_members(members_of_text(BASE))


@pytest.mark.parametrize("other", ["group.2=1:2", "group.1=1\ngroup.2=2", "group.1=1:2\nweight.1=2"])
def test_lists_with_other_groups_or_weights_are_not_equal(other: str) -> None:
    assert not members_of_text(BASE + "group.1=1:2").same_members(members_of_text(BASE + other))
