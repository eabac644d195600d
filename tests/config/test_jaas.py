"""JAAS files, as the JDK reads them; interop/test_jaas_files.py asks a JDK about the same files."""

import pytest

from pyzoo.config.jaas import LoginModule, parse_jaas, users_of
from pyzoo.errors import ConfigError

TEXT = """
// who may come
QuorumServer {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_zk1="a // \\"quoted\\" word"   /* not a comment above */
    user_zk2=plain;
    Other OPTIONAL;
};
/* several
   lines */ "Quorum Learner" { Module sufficient username = "zk1" "pass word"="x;y{z}" a=true/**/b=c; };
Empty { };
"""
PROPERTIES = {"user.home": "/home/zk", "empty": ""}


def options(text: str) -> dict[str, str]:
    [module] = parse_jaas(f"Server {{ M required {text}; }};", "jaas.conf", PROPERTIES)["Server"]
    return dict(module.options)


def test_sections_have_modules_with_their_options() -> None:
    sections = parse_jaas(TEXT, "jaas.conf", {})
    assert ["QuorumServer", "Quorum Learner"] == list(sections)
    assert {"zk1": 'a // "quoted" word', "zk2": "plain"} == users_of(sections["QuorumServer"])
    assert [LoginModule("Other", "optional", {})] == list(sections["QuorumServer"][1:])
    [learner] = sections["Quorum Learner"]
    assert {"username": "zk1", "pass word": "x;y{z}", "a": "true", "b": "c"} == learner.options


def test_users_of_all_modules_count() -> None:
    text = 'S { M required user_a="1" user_b="2"; M optional user_b="3"; };'
    assert {"a": "1", "b": "3"} == users_of(parse_jaas(text, "jaas.conf", {})["S"])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"\t\101\q\"\\"', '\tAq"\\'),
        (r'"\400\18"', "\x20" + "0\x018"),
        ('""', ""),
        ('"${user.home}/x"', "/home/zk/x"),
        ('"${/}etc"', "/etc"),
        ('"${empty}x"', "x"),
        ('"${user.home"', "${user.home"),
        ('"${{user.home}}"', "${{user.home}}"),
        ("a-b_c.d$e*f", "a-b_c.d$e*f"),
        ("etc/zookeeper.keytab\n", "etc"),
        ("\u00fc", "\u00fc"),
    ],
)
def test_values(written: str, value: str) -> None:
    assert {"a": value} == options(f"a={written}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n# a comment\nServer { M required; };", "jaas.conf:2: `{` is expected"),
        ("Server { M required user_bob=1secret; };", "double quotes"),
        ("Server { M required keyTab=/etc/zookeeper.keytab; };", "double quotes"),
        ("Server { M required principal=zookeeper@REALM; };", "double quotes"),
        ("Server { M required user_bob='secret'; };", "double quotes"),
        ('Server { M required user_bob="sec\nret"; };', "jaas.conf:2: `=` is expected"),
        ("Server { M sometimes; };", "one of required, requisite, sufficient, optional"),
        ("Server { M required; }", "`;` is expected"),
        ("Server { M required a=b };", "an option, or `;`"),
        ("Server {", "a login module's class, or `}`"),
        ("Server { M required a=b; };\nServer { M required a=b; };", "jaas.conf:2: there are two sections Server"),
        ('Server { M required a="${nowhere}"; };', "the system property nowhere is not set"),
        ('Server { M required a="${empty}"; };', "all empty"),
    ],
)
def test_what_the_jdk_refuses_is_refused_and_no_password_shown(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_jaas(text, "jaas.conf", PROPERTIES)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_may_be_empty() -> None:
    assert {} == parse_jaas(" // nothing\n", "jaas.conf", {})
