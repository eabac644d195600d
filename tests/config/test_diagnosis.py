"""All mistakes of a configuration at once, with the words of the parser, and nothing that only follows from them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyzoo.config.diagnosis import Diagnosis, diagnose
from pyzoo.config.parse import parse_config_text
from pyzoo.config.problems import Severity
from pyzoo.errors import ConfigError

THREE = "server.1=a:1:2;5\nserver.2=b:1:2;6\nserver.3=c:1:2;7\n"
LIMITS = "initLimit=5\nsyncLimit=2\n"


def diagnosis(text: str, files: dict[str, str] | None = None, properties: dict[str, str] | None = None) -> Diagnosis:
    return diagnose(text, "zoo.cfg", properties or {}, {"/d/myid": "1"} if files is None else files)


def found(result: Diagnosis, severity: Severity = Severity.ERROR) -> list[str]:
    return [f"{each.place}: {each.message}" for each in result.problems if each.severity is severity]


def test_a_sound_configuration_has_no_problem() -> None:
    result = diagnosis("dataDir=/d\nclientPort=2181\n")
    assert [] == result.problems
    assert result.config is not None


def test_all_wrong_values_are_named_with_key_and_line() -> None:
    result = diagnosis(
        "tickTime=abc\ndataDir=/d\nclientPort=99999\nstandaloneEnabled=maybe\nserverCnxnFactory=no.Such\n"
    )
    errors = [problem for problem in result.problems if problem.severity is Severity.ERROR]
    assert {(1, "tickTime"), (3, "clientPort"), (4, "standaloneEnabled"), (5, "serverCnxnFactory")} == {
        (each.line, each.key) for each in errors
    }


@pytest.mark.parametrize(
    "text",
    [
        "tickTime=0\ndataDir=/d",
        "clientPort=1",
        "dataDir=/d\nclientPortAddress=h",
        "dataDir=/d\nminSessionTimeout=5\nmaxSessionTimeout=4",
        "dataDir=/d\nserver.1=a",
        "dataDir=/d\nserver.x=a:1:2",
        "dataDir=/d\nserver.1=a:1:2:observer",
        f"dataDir=/d\n{THREE}",
        f"dataDir=/d\n{THREE}{LIMITS}group.1=1:2",
        "dataDir=/d\ndynamicConfigFile=/missing",
        "dataDir=/d\nquorum.auth.serverRequireSasl=true",
        "dataDir=/d\nenforce.auth.enabled=true",
        "dataDir=/d\nx=\\u12",
    ],
)
def test_what_a_start_refuses_first_is_found_in_the_same_words(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config_text(text, "zoo.cfg", {}, {"/d/myid": "1"})
    problems = {(each.message, each.path, each.line) for each in diagnosis(text).problems}
    assert (refused.value.message, refused.value.path, refused.value.line) in problems


def test_mistakes_in_the_dynamic_file_are_found_one_by_one() -> None:
    members = "server.1=a:1:2;5\nserver.2=b:1\nnonsense=1\nserver.3=c:1:2:king;7\n"
    result = diagnosis("dataDir=/d\ndynamicConfigFile=/dyn\n" + LIMITS, {"/dyn": members, "/d/myid": "1"})
    places = {(each.path, each.line) for each in result.problems if each.severity is Severity.ERROR}
    assert {("/dyn", 2), ("/dyn", 3), ("/dyn", 4)} == places


def test_a_wrong_property_is_named_by_its_option() -> None:
    result = diagnosis("dataDir=/d\nclientPort=1", properties={"zookeeper.admin.serverPort": "70000"})
    assert ["-Dzookeeper.admin.serverPort: admin.serverPort=70000: a port must be between 0 and 65535"] == found(result)


def test_a_member_list_with_mistakes_gives_no_complaints_about_its_size() -> None:
    result = diagnosis(f"dataDir=/d\n{LIMITS}server.1=a:1:2;5\nserver.2=b:1\nserver.3=c:1:2;5\n", {"/d/myid": "2"})
    assert ["zoo.cfg:5"] == [each.place for each in result.problems]


def test_a_missing_myid_file_is_found_beside_other_mistakes() -> None:
    result = diagnosis(f"dataDir=/d\n{THREE}maxClientCnxns=x", {})
    assert {"initLimit", "syncLimit", "myid", "maxClientCnxns"} == {each.key for each in result.problems}


def test_a_missing_data_directory_does_not_make_the_myid_file_missing() -> None:
    result = diagnosis(THREE + LIMITS, {})
    assert ["zoo.cfg: dataDir is not set: write dataDir=/a/directory"] == found(result)


def test_the_line_that_loses_against_a_later_one_is_named() -> None:
    result = diagnosis("dataDir=/x\nclientPort=1\ndataDir=/d\n")
    expected = "zoo.cfg:1: dataDir is given again in line 3, which wins: remove one of them"
    assert [expected] == found(result, Severity.WARNING)


def test_warnings_of_the_parser_are_kept_beside_errors() -> None:
    result = diagnosis("dataDir=/d\nclientPort=1\nsnapCuont=5\ntickTime=abc\n")
    assert ["zoo.cfg:3"] == [warning.partition(": ")[0] for warning in found(result, Severity.WARNING)]


def refusal_of(text: str, files: dict[str, str]) -> ConfigError | None:
    """What a start says."""
    try:
        parse_config_text(text, "zoo.cfg", {}, files)
    except ConfigError as refused:
        return refused
    return None


LINES = [
    *("dataDir=/d", "dataDir=", "tickTime=abc", "tickTime=0", "clientPort=1", "clientPort=x", "clientPortAddress=h"),
    *("initLimit=5", "initLimit=0", "initLimit=x", "syncLimit=2", "syncLimit=-", "standaloneEnabled=false"),
    *("standaloneEnabled=?", "dynamicConfigFile=/dyn", "dynamicConfigFile=/none", "reconfigEnabled=true"),
    *(
        "server.1=a:1:2;5",
        "server.1=a:1",
        "server.2=b:1:2:observer",
        "server.2=b:1:2;6",
        "server.3=c:1:1",
        "server.x=y",
    ),
    *("server.3=c:1:2;7", "group.1=1:2:3", "group.2=3", "group.y=1", "weight.1=2", "weight.1=w", "electionAlg=1"),
    *("peerType=king", "minSessionTimeout=9", "maxSessionTimeout=3", "secureClientPort=9", "serverCnxnFactory=no.Such"),
    *("quorum.auth.serverRequireSasl=true", "enforce.auth.enabled=true", "x=\\u12", "y=\\", "snapCount=1", "unknown=1"),
    *("ssl.clientAuth=maybe", "admin.serverPort=99999", "metricsProvider.className=no.Such", "multiAddress.enabled=no"),
]
MEMBERS = [
    *(line for line in LINES if line.startswith(("server", "group", "weight"))),
    "version=1",
    "nonsense=2",
    "z=\\u1",
]


@example(["dynamicConfigFile=/dyn"], ["z=\\u1"], None)
@given(
    st.lists(st.sampled_from(LINES), max_size=12),
    st.lists(st.sampled_from(MEMBERS), max_size=5),
    st.sampled_from([None, "1", "9", "", "one"]),
)
def test_whatever_is_wrong_it_is_all_found_and_what_is_left_makes_a_server(
    lines: list[str], members: list[str], my_id: str | None
) -> None:
    text, files = "\n".join(lines), {"/dyn": "\n".join(members)}
    if my_id is not None:
        files["/d/myid"] = my_id
    result = diagnosis(text, files)
    errors = [problem for problem in result.problems if problem.severity is Severity.ERROR]
    refused = refusal_of(text, files)
    if refused is None:
        assert [] == errors
    else:
        assert (refused.message, refused.line) in [(problem.message, problem.line) for problem in errors]
    assert result.config is not None
