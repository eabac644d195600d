"""The files that follow the members: what is written, and what a start makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.dynamic_files import (
    backup_path,
    dynamic_path,
    dynamic_text,
    edited_static,
    needs_backup,
    next_path,
    next_text,
)
from pyzoo.config.membership import members_of_text
from pyzoo.config.parse import parse_config_text
from pyzoo.config.properties import decode_properties, parse_properties
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError

THREE = "server.2=b:1:2;6\nserver.10=c:1:2:observer\nserver.1=a:1:2;h:5\nversion=10000000a"
GROUPED = "weight.2=3\ngroup.1=1:2\nserver.2=b:1:2;6\nserver.1=a:1:2;5\nversion=a"
STATIC = "dataDir=/d\ntickTime=2000\ninitLimit=10\nsyncLimit=5\nreconfigEnabled=true\n"

# --- what is written


def test_the_paths_stand_beside_the_configuration() -> None:
    assert "/c/zoo.cfg.dynamic.10000000a" == dynamic_path("/c/zoo.cfg", 0x10000000A)
    assert "/c/zoo.cfg.dynamic.next" == next_path("/c/zoo.cfg")
    assert "/c/zoo.cfg.bak" == backup_path("/c/zoo.cfg")


def test_a_dynamic_file_holds_lines_sorted_as_text_without_the_version() -> None:
    expected = "server.10=c:1:2:observer\nserver.1=a:1:2:participant;h:5\nserver.2=b:1:2:participant;0.0.0.0:6"
    assert expected == dynamic_text(members_of_text(THREE))


def test_the_next_file_holds_the_version_too_in_its_place_of_the_order() -> None:
    assert [
        "group.1=1:2", "server.1=a:1:2:participant;0.0.0.0:5", "server.2=b:1:2:participant;0.0.0.0:6", "version=a",
        "weight.1=1", "weight.2=3",
    ] == next_text(members_of_text(GROUPED)).split("\n")  # fmt: skip


@pytest.mark.parametrize("text", [THREE, GROUPED])
def test_what_is_written_is_read_back(text: str) -> None:
    members = members_of_text(text)
    assert members.text() == members_of_text(next_text(members)).text()
    assert members.same_members(members_of_text(dynamic_text(members)))


@pytest.mark.parametrize(("text", "expected"), [(THREE, True), ("# a\ndynamicConfigFile=/x\n", False)])
def test_a_file_that_names_no_dynamic_file_is_kept_as_a_backup(text: str, expected: bool) -> None:
    assert expected is needs_backup(text)


# --- the edited static file


def test_the_static_file_keeps_all_but_members_role_and_pointer() -> None:
    text = (
        "# mine\ndataDir=/d\npeerType=observer\n\nserver.1=a:1:2;5\ngroup.1=1\nweight.1=1\n"
        "dynamicConfigFile=/old\nsome.path=a\\\\b\nclientPortListenBacklog=77\n"
    )
    expected = (
        "# mine\ndataDir=/d\n\nsome.path=a\\\\b\nclientPortListenBacklog=77\ndynamicConfigFile=/c/zoo.cfg.dynamic.a\n"
    )
    assert expected == edited_static(text, "/c/zoo.cfg.dynamic.a", members_of_text(THREE), 1)


def test_a_line_goes_with_its_continuation() -> None:
    text = "a=1\nserver.1=a:1:2\\\n  :participant\nb=2\\\n  3\n"
    assert "a=1\nb=2\\\n  3\ndynamicConfigFile=/x\n" == edited_static(text, "/x", members_of_text(THREE), 1)


@pytest.mark.parametrize(
    ("my_id", "expected"),
    [(1, "dynamicConfigFile=/x\n"), (10, "clientPort=5\nclientPortAddress=h\ndynamicConfigFile=/x\n"),
     (77, "clientPort=5\nclientPortAddress=h\ndynamicConfigFile=/x\n")],
)  # fmt: skip
def test_the_client_address_stays_unless_the_members_line_has_one(my_id: int, expected: str) -> None:
    assert expected == edited_static("clientPort=5\nclientPortAddress=h", "/x", members_of_text(THREE), my_id)


def test_an_edited_file_is_edited_again_to_the_same() -> None:
    members = members_of_text(THREE)
    once = edited_static(STATIC + "# end\n\n\n", "/x", members, 1)
    assert once == edited_static(once, "/x", members, 1)


@pytest.mark.parametrize("path", ["/c\\d/zoo", "/c/ä/zoo", "/c/日本/zoo", "/c/\U0001f333"])
def test_any_path_of_a_dynamic_file_is_read_back(path: str) -> None:
    written = edited_static("", path, members_of_text(THREE), 1).encode("latin-1")
    value = parse_properties(decode_properties(written))["dynamicConfigFile"].value
    assert path == value.encode("utf-16", "surrogatepass").decode("utf-16")


PIECES = [
    "a",
    "server.1",
    "peerType",
    "clientPort",
    "group",
    "=",
    ":",
    " ",
    "\\",
    "\n",
    "\r\n",
    "#",
    "!",
    "x\n",
    "=1\n",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_the_meaning_of_all_that_stays_is_the_same(text: str) -> None:
    before = {key: entry.value for key, entry in parse_properties(text).items()}
    after = {key: entry.value for key, entry in parse_properties(edited_static(text, "/x", NOBODY, 1)).items()}
    gone = ("server.", "group", "weight")
    kept = {key: value for key, value in before.items() if not key.startswith(gone) and key != "peerType"}
    assert {**kept, "dynamicConfigFile": "/x"} == after


NOBODY = members_of_text("")

# --- at the start


def started(
    static: str = "", dynamic: str = THREE, next_file: str | None = None, version: str = ".10000000a", my_id: str = "1"
) -> ServerConfig:
    dynamic_file = "/c/zoo.cfg.dynamic" + version
    files = {dynamic_file: dynamic.partition("\nversion")[0], "/d/myid": my_id}
    if next_file is not None:
        files["/c/zoo.cfg.dynamic.next"] = next_file
    return parse_config_text(STATIC + static + f"dynamicConfigFile={dynamic_file}\n", "/c/zoo.cfg", {}, files)[0]


def test_the_next_file_is_the_configuration_last_seen() -> None:
    config = started(next_file="server.1=a:1:2;5\nserver.2=b:1:2;5\nversion=200000001")
    assert config.last_seen_membership is not None
    assert (0x10000000A, 0x200000001) == (config.membership.version, config.last_seen_membership.version)


@pytest.mark.parametrize("version", ["9", "10000000a"])
def test_a_next_file_that_is_not_newer_is_left_alone(version: str) -> None:
    assert started(next_file=f"server.1=a:1:2;5\nversion={version}").last_seen_membership is None


def test_a_next_file_counts_only_where_reconfiguration_is_enabled() -> None:
    assert started("reconfigEnabled=false\n", next_file="broken").last_seen_membership is None


def test_a_next_file_counts_only_beside_a_dynamic_file() -> None:
    files = {"/d/myid": "1", "/c/zoo.cfg.dynamic.next": THREE}
    config, _ = parse_config_text(STATIC + THREE.partition("version")[0], "/c/zoo.cfg", {}, files)
    assert config.last_seen_membership is None


def test_a_broken_next_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"/c/zoo.cfg.dynamic.next:1: server.1=a does not have the form"):
        started(next_file="server.1=a\nversion=200000001")


@pytest.mark.parametrize(
    ("version", "expected"),
    [(".10", 0x10), ("", 0), (".next2", 0), (".0x10", 0), (".1_0", 0), (".8000000000000000", 0)],
)
def test_the_version_is_the_hexadecimal_end_of_the_name(version: str, expected: int) -> None:
    assert expected == started(version=version).membership.version


@pytest.mark.parametrize(
    "static",
    [
        "",
        "quorumListenOnAllIPs=true\n",
        "clientPort=5\n",
        "clientPort=0\n",
        "clientPort=5\nclientPortAddress=h\n",
        "clientPort=5\nclientPortAddress=::\n",
    ],
)
def test_the_dynamic_file_gives_the_client_address(static: str) -> None:
    config = started(static)
    assert ("h", 5) == (config.client_port_address, config.client_port)


def test_a_client_address_of_all_hosts_in_the_dynamic_file_is_none() -> None:
    config = started(my_id="2")
    assert (None, 6) == (config.client_port_address, config.client_port)


def test_the_static_client_address_serves_where_the_members_line_has_none() -> None:
    config = started("clientPort=7\nclientPortAddress=k\n", my_id="10")
    assert ("k", 7) == (config.client_port_address, config.client_port)


@pytest.mark.parametrize("static", ["clientPort=6\n", "clientPort=5\nclientPortAddress=k\n"])
def test_client_addresses_that_contradict_each_other_are_refused(static: str) -> None:
    with pytest.raises(ConfigError, match=r"here but h:5 in the line of server.1: remove clientPort"):
        started(static)


@pytest.mark.parametrize(
    ("my_id", "message"),
    [("", "/d/myid:1: the server id '' is not a number"), ("one\n", "/d/myid:1: the server id 'one' is not a number"),
     ("3", r"zoo.cfg: this server's id 3 \(from the myid file\) is not in the member list")],
)  # fmt: skip
def test_an_id_that_cannot_be_used_is_named(my_id: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        started(my_id=my_id)


def test_a_server_starts_from_what_it_wrote() -> None:
    members = members_of_text(THREE)
    before = STATIC + "clientPort=5\n" + "".join(line + "\n" for line in members.lines())
    after = edited_static(before, "/c/zoo.cfg.dynamic.10000000a", members, 1)
    files = {"/d/myid": "1", "/c/zoo.cfg.dynamic.10000000a": dynamic_text(members)}
    config, warnings = parse_config_text(after, "/c/zoo.cfg", {}, files)
    assert (members, 5, "h") == (config.membership, config.client_port, config.client_port_address)
    assert ["this ensemble stops when a server fails: three servers are needed to survive that"] == [
        warning.message for warning in warnings
    ]
