"""-D properties, and the words and variables that they come from."""

import pytest

from pyzoo.config.java_numbers import decode_integer, parse_boolean, parse_decimal, parse_float
from pyzoo.config.system_properties import (
    environment_properties,
    parse_arguments,
    parse_jvm_flags,
)
from pyzoo.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10", 10), ("-10", -10), ("+10", 10), ("0x1F", 31), ("0X1f", 31), ("#ff", 255), ("-0x10", -16), ("010", 8),
        ("0", 0), ("-2147483648", -2147483648), ("0x7fffffff", 2147483647),
    ],
)  # fmt: skip
def test_a_number_may_be_decimal_hexadecimal_or_octal(text: str, expected: int) -> None:
    assert expected == decode_integer(text)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "abc", "08", "0x", "#", "1_000", "2147483648", "1.5", "--1", "٣"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert decode_integer(text) is None


def test_a_long_has_64_bits() -> None:
    assert decode_integer("9223372036854775807", 64) == 2**63 - 1
    assert decode_integer("9223372036854775808", 64) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("TRUE", True), ("yes", False), ("", False), ("1", False)]
)
def test_only_true_in_any_case_is_true(text: str, expected: bool) -> None:
    assert expected is parse_boolean(text)


def test_parse_decimal_knows_no_prefixes() -> None:
    assert [12, -12, 12, None, None] == [parse_decimal(text) for text in ("12", "-12", "+12", "0x12", "")]
    assert [8, 10] == [decode_integer("010"), parse_decimal("010")]


def test_parse_float_takes_what_java_takes() -> None:
    assert [0.5, 0.5, 20.0, -1.0, None] == [parse_float(text) for text in ("0.5", ".5f", " 2e1 ", "-1.d", "half")]


def test_words_are_sorted_into_properties_flags_and_arguments() -> None:
    words = ["-Xmx1g", "-Dzookeeper.snapCount=5", "-Djute.maxbuffer=99", "-Duser.name=x", "-cp", "a.jar", "zoo.cfg",
             "-agentlib:jdwp=x", "-XX:+UseG1GC", "-Dzookeeper.skipACL"]  # fmt: skip
    sorted_words = parse_arguments(words)
    assert {"zookeeper.snapCount": "5", "jute.maxbuffer": "99", "zookeeper.skipACL": ""} == sorted_words.properties
    assert ("-Xmx1g", "-Duser.name=x", "-cp", "a.jar", "-agentlib:jdwp=x", "-XX:+UseG1GC") == sorted_words.ignored
    assert ("zoo.cfg",) == sorted_words.arguments


def test_raw_properties_need_no_prefix() -> None:
    names = ["jute.maxbuffer", "znode.container.checkIntervalMs", "readonlymode.enabled", "fsync.warningthresholdms",
             "java.security.auth.login.config"]  # fmt: skip
    assert dict.fromkeys(names, "1") == parse_arguments([f"-D{name}=1" for name in names]).properties


def test_the_last_of_two_equal_properties_wins() -> None:
    assert {"zookeeper.a": "2=3"} == parse_arguments(["-Dzookeeper.a=1", "-Dzookeeper.a=2=3"]).properties


def test_flags_of_a_variable_are_split_like_a_shell_does() -> None:
    flags = parse_jvm_flags("""-Dzookeeper.a="b c"  -Dzookeeper.d='e' -Xms5m stray""")
    assert {"zookeeper.a": "b c", "zookeeper.d": "e"} == flags.properties
    assert ("-Xms5m", "stray") == flags.ignored


def test_an_open_quote_in_a_variable_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError, match=r"JVMFLAGS: .*close every quote"):
        environment_properties({"JVMFLAGS": '-Dzookeeper.a="b'})


def test_jvmflags_come_after_server_jvmflags() -> None:
    environment = {"SERVER_JVMFLAGS": "-Xmx1g -Dzookeeper.a=1 -Dzookeeper.b=1", "JVMFLAGS": "-Dzookeeper.a=2"}
    assert {"zookeeper.a": "2", "zookeeper.b": "1"} == environment_properties(environment).properties


def test_the_autocreate_variable_becomes_its_property() -> None:
    found = environment_properties({"ZOO_DATADIR_AUTOCREATE_DISABLE": "1"}).properties
    assert {"zookeeper.datadir.autocreate": "false"} == found
