"""Names of Kerberos and the ids that rules make of them (auth.KerberosName)."""

import pytest

from pyzoo.errors import ProtocolViolation
from pyzoo.sasl.kerberos_name import ClientNames, KerberosName, parse_name, parse_rules

RULES = r"""
RULE:[2:$1;$2](^.*;admin$)s/;admin$//
RULE:[2:$1.$2@$0](zk\..*@R)s/^zk\.(\w+)@R$/member-$1/
RULE:[1:$1@$0](.*@OTHER)s/@.*//
RULE:[1:$1](o+)s/o/0/g
DEFAULT
"""


def names(rules: str = "DEFAULT", drops_host: bool = False, drops_realm: bool = False) -> ClientNames:
    return ClientNames(parse_rules(rules), "R", drops_host, drops_realm)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bob", ("bob", None, None)),
        ("", ("", None, None)),
        ("a/b/c", ("a/b/c", None, None)),
        ("bob@R", ("bob", None, "R")),
        ("zk/host@R", ("zk", "host", "R")),
        ("/@", ("", "", "")),
    ],
)
def test_a_name_has_parts(text: str, parts: tuple[str, str | None, str | None]) -> None:
    assert KerberosName(*parts) == parse_name(text)


@pytest.mark.parametrize("text", ["a@b@c", "a/b/c@R", "a@b/c"])
def test_what_is_no_name(text: str) -> None:
    assert parse_name(text) is None
    with pytest.raises(ProtocolViolation):
        names().authorize(text, text)


@pytest.mark.parametrize(
    ("drops_host", "drops_realm", "expected"),
    [
        (False, False, ["bob", "bob@R", "zk/host@R"]),
        (True, False, ["bob", "bob@R", "zk@R"]),
        (False, True, ["bob", "bob", "zk/host"]),
        (True, True, ["bob", "bob", "zk"]),
    ],
)
def test_host_and_realm_may_be_left_out(drops_host: bool, drops_realm: bool, expected: list[str]) -> None:
    ids = names(drops_host=drops_host, drops_realm=drops_realm)
    assert expected == [ids.authorize(name, "anybody") for name in ("bob", "bob@R", "zk/host@R")]


@pytest.mark.parametrize(
    ("name", "short"),
    [("joe/admin@R", "joe"), ("zk/h1@R", "member-h1"), ("eve@OTHER", "eve"), ("foo@X", "foo@X"), ("bob@R", "bob")],
)
def test_rules_make_short_names(name: str, short: str) -> None:
    assert short == names(RULES, drops_host=True, drops_realm=True).authorize(name, name)


def test_who_no_rule_is_for_stays_who_it_is_whatever_it_wants_to_be() -> None:
    assert "bob@ELSEWHERE" == names(drops_realm=True).authorize("bob@ELSEWHERE", "super")
    assert "a/b@R" == names("RULE:[2:$1/$2]").authorize("a/b@R", "super")


@pytest.mark.parametrize(
    "rules", ["nonsense", "RULE:[1:$2]", "RULE:[1:$1](()", "DEFAULT nonsense", "RULE:[:$1]", "RULE:[1:$1]s/a/$1/"]
)
def test_a_wrong_rule_is_named(rules: str) -> None:
    with pytest.raises(ValueError, match=r"nonsense|RULE"):
        parse_rules(rules)
