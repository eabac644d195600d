"""The text format of configuration files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.properties import Property, decode_properties, parse_properties
from pyzoo.errors import ConfigError


def values(text: str) -> dict[str, str]:
    return {entry.key: entry.value for entry in parse_properties(text).values()}


@pytest.mark.parametrize("line", ["a=b", "a:b", "a b", "a = b", " a\t:\tb ", "a\fb", "a   =b"])
def test_equals_colon_and_blanks_separate_key_and_value(line: str) -> None:
    assert {"a": "b"} == values(line)


def test_only_the_first_separator_separates() -> None:
    assert {"server.1": "h:2888:3888;2181", "b": "=c"} == values("server.1=h:2888:3888;2181\nb==c")


def test_a_key_alone_has_an_empty_value() -> None:
    assert {"a": "", "b": ""} == values("a\nb=")


def test_comments_and_empty_lines_are_skipped() -> None:
    assert {"a": "1", "b": "2 # no comment"} == values("# x=1\n  ! y=2\n\n \t\na=1\nb=2 # no comment\n")


def test_a_backslash_at_the_end_continues_a_line_without_its_leading_blanks() -> None:
    assert {"a": "onetwo", "b": "c"} == values("a=one\\\n   two\nb=c")


def test_two_backslashes_at_the_end_do_not_continue_a_line() -> None:
    assert {"a": "one\\", "b": "c"} == values("a=one\\\\\nb=c")


def test_a_comment_sign_in_a_continuation_is_text() -> None:
    assert {"a": "one#two"} == values("a=one\\\n#two")


def test_a_comment_is_never_continued() -> None:
    assert {"b": "c"} == values("# a \\\nb=c")


def test_escapes_stand_for_characters() -> None:
    assert {"a b=c": "x\ty\u00e9zq"} == values("a\\ b\\=c=x\\ty\\u00e9\\z\\q")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_all_three_line_ends_are_understood(end: str) -> None:
    assert {"a": "1", "b": "23"} == values(f"a=1{end}b=2\\{end} 3{end}")


def test_the_last_of_two_equal_keys_wins_with_its_line() -> None:
    assert Property("a", "2", 3) == parse_properties("a=1\nb=5\na=2\n")["a"]


def test_a_line_number_is_where_the_key_begins() -> None:
    entries = parse_properties("# first\n\na=1\\\n2\\\n3\nb=4")
    assert [("a", 3), ("b", 6)] == [(entry.key, entry.line) for entry in entries.values()]


def test_control_characters_around_keys_and_values_are_trimmed() -> None:
    assert {"a": "b"} == values("\x01a = b\x02 \r\n")


def test_bytes_are_read_as_latin_1() -> None:
    assert "a=\u00e9" == decode_properties(b"a=\xe9")


@pytest.mark.parametrize("escape", ["\\u12", "\\u12g4", "\\u", "\\u+123"])
def test_a_broken_unicode_escape_is_an_error_with_its_line(escape: str) -> None:
    with pytest.raises(ConfigError, match=r"zoo\.cfg:2: .*four hexadecimal digits"):
        parse_properties(f"a=1\nb={escape}", "zoo.cfg")


def escaped(text: str) -> str:
    """Every character that is not a letter or digit as a unicode escape, so that any text survives."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\u{ord(char):04x}" for char in text)


KEYS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1, max_size=8).map(str.strip)


@given(st.dictionaries(KEYS.filter(lambda key: key > " "), KEYS, max_size=5), st.sampled_from(["=", ":", " ", "\t= "]))
def test_any_escaped_text_comes_back(expected: dict[str, str], separator: str) -> None:
    blanks = "".join(map(chr, range(0x21)))
    expected = {key.strip(blanks): value.strip(blanks) for key, value in expected.items() if key.strip(blanks)}
    text = "\n".join(escaped(key) + separator + escaped(value) for key, value in expected.items())
    assert expected == values(text)


@given(st.text(alphabet="ab=: \t\f\\\r\n#!u0", max_size=40))
def test_any_text_is_parsed_or_refused_with_a_line(text: str) -> None:
    try:
        entries = parse_properties(text, "zoo.cfg")
    except ConfigError as error:
        assert error.line is not None  # noqa: PT017
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(1 <= entry.line <= len(lines) for entry in entries.values())
