"""Options of commands, as commons-cli reads them."""

import pytest

from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.options import Option, Options

OPTIONS = Options.of(
    Option("s", "stats"),
    Option("w", "watch"),
    Option("v", "version", takes_value=True),
    Option("file", "a file", takes_value=True),
    Option("name", "a name", takes_value=True, long=True),
)
ONE_OF = Options.of(Option("n", "count", True, "limit"), Option("b", "bytes", True, "limit"), required=("limit",))


@pytest.mark.parametrize(
    ("line", "values", "words"),
    [
        ("get /a", {}, ("get", "/a")),
        ("get -s /a -w", {"s": "", "w": ""}, ("get", "/a")),
        ("get -sw /a", {"s": "", "w": ""}, ("get", "/a")),
        ("get -v 3 /a", {"v": "3"}, ("get", "/a")),
        ("get -v -1 /a", {"v": "-1"}, ("get", "/a")),
        ("get -v=3 /a", {"v": "3"}, ("get", "/a")),
        ("get -v3 /a", {"v": "3"}, ("get", "/a")),
        ("get -sv3 /a", {"s": "", "v": "3"}, ("get", "/a")),
        ('get -v "3" /a', {"v": "3"}, ("get", "/a")),
        ("get -v 1 -v 2 /a", {"v": "1"}, ("get", "/a")),
        ("get -file x /a", {"file": "x"}, ("get", "/a")),
        ("get - /a", {}, ("get", "-", "/a")),
        ("get -- -s /a", {}, ("get", "-s", "/a")),
        ("get --name x /a", {"name": "x"}, ("get", "/a")),
        ("get --name=x /a", {"name": "x"}, ("get", "/a")),
    ],
)
def test_options_stand_anywhere(line: str, values: dict[str, str], words: tuple[str, ...]) -> None:
    given = OPTIONS.parse(line.split())
    assert (values, words) == (given.values, given.words)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("get -z", "UnrecognizedOptionException: Unrecognized option: -z"),
        ("get -sz", "UnrecognizedOptionException: Unrecognized option: -sz"),
        ("get -file=x", "UnrecognizedOptionException: Unrecognized option: -file=x"),
        ("get --s", "UnrecognizedOptionException: Unrecognized option: --s"),
        ("get -1", "UnrecognizedOptionException: Unrecognized option: -1"),
        ("get -v", "MissingArgumentException: Missing argument for option: v"),
        ("get -v -s", "MissingArgumentException: Missing argument for option: v"),
        ("get --name --name", "MissingArgumentException: Missing argument for option: name"),
    ],
)
def test_a_wrong_option_is_told_as_zkcli_tells_it(line: str, error: str) -> None:
    with pytest.raises(MalformedCommand) as raised:
        OPTIONS.parse(line.split())
    assert f"org.apache.commons.cli.{error}" == str(raised.value)


def test_one_of_a_group_is_needed_and_no_more_than_one() -> None:
    assert {"n": "1"} == ONE_OF.parse(["setquota", "-n", "1"]).values
    with pytest.raises(MalformedCommand, match=r"Missing required option: \[-n count, -b bytes\]"):
        ONE_OF.parse(["setquota"])
    with pytest.raises(MalformedCommand, match=r"option 'b' was specified but .* already been selected: 'n'"):
        ONE_OF.parse(["setquota", "-n", "1", "-b", "2"])


def test_the_table_of_options_is_sorted_without_regard_to_case() -> None:
    options = Options.of(Option("s", "stat"), Option("R", "recurse"), Option("v", "version", takes_value=True))
    assert [" -R         recurse", " -s         stat", " -v <arg>   version"] == options.help_lines()
