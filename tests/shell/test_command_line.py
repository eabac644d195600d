"""The words of the program, and how lines are cut into words."""

from ipaddress import IPv6Address

import pytest

from pyzoo.errors import MalformedInput
from pyzoo.shell.command_line import Invocation, connect_string, parse_invocation, split_line
from pyzoo.shell.errors import MalformedCommand, ShellError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Invocation()),
        ("-server h:1 ls /", Invocation(server="h:1", command=("ls", "/"))),
        ("--server h:1 ls -s /", Invocation(server="h:1", command=("ls", "-s", "/"))),
        ("--server=h:1", Invocation(server="h:1")),
        ("-timeout 5000 -r -waitforconnection", Invocation(timeout_ms=5000, read_only=True, wait_for_connection=True)),
        ("-client-configuration f --json", Invocation(client_configuration="f", json=True)),
        ("-bogus ls", Invocation(command=("ls",), unknown=("-bogus",))),
        ("--help", Invocation(help=True)),
        ("ls --json", Invocation(command=("ls", "--json"))),
    ],
)
def test_options_come_before_the_command(line: str, expected: Invocation) -> None:
    assert expected == parse_invocation(line.split())


def test_an_option_without_its_value_is_refused() -> None:
    with pytest.raises(MalformedCommand, match="Error: no argument found for option -server"):
        parse_invocation(["-server"])
    with pytest.raises(MalformedCommand, match="-timeout soon: give a session timeout in milliseconds"):
        parse_invocation(["-timeout", "soon"])


@pytest.mark.parametrize("text", ["h", "h:1", "h:1,i:2/a/b", "[::1]:2181", "h/", "10.0.0.1:2181, b:2"])
def test_a_connect_string_may_have_several_servers_and_a_chroot(text: str) -> None:
    assert text.replace(" ", "") == connect_string(text)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("::1:2181", "[::1]:2181"),
        ("fe80::5:2181,h:2/a", "[fe80::5]:2181,h:2/a"),
        # Python 3.13 writes it another way than those before.
        ("::ffff:127.0.0.1:2181", f"[{IPv6Address('::ffff:127.0.0.1')}]:2181"),
        (":::2181", "[::]:2181"),
    ],
)
def test_the_last_colon_of_an_ipv6_address_is_the_ports(text: str, hosts: str) -> None:
    assert hosts == connect_string(text)


@pytest.mark.parametrize("text", ["", ":1", "h:x", "h:0", "h:70000", "h:1,", "h:1/a/", "a:b:c", "::1", "::1:70000"])
def test_a_connect_string_that_is_none_is_refused(text: str) -> None:
    with pytest.raises((ShellError, MalformedInput)):
        connect_string(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ls /", ["ls", "/"]),
        ("  ls\t /  ", ["ls", "/"]),
        ("create /a 'two words'", ["create", "/a", "two words"]),
        ('create "/a b" "it\'s"', ["create", "/a b", "it's"]),
        ("create /a ''", ["create", "/a", ""]),
        ('create /a b"c d', ["create", "/a", 'b"c', "d"]),
        ('create /a "open end', ["create", "/a", "open", "end"]),
    ],
)
def test_quotes_keep_words_together(line: str, words: list[str]) -> None:
    assert words == split_line(line)
