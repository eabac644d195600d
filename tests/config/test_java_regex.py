"""Java's regular expressions: each case was seen with java.util.regex.Pattern."""

import pytest

from pyzoo.config.java_regex import java_pattern
from pyzoo.errors import ConfigError


def found(pattern: str, text: str) -> str | None:
    match = java_pattern(pattern).search(text)
    return None if match is None else match[0]


@pytest.mark.parametrize(
    ("pattern", "text", "what"),
    [
        (".*", "all of it", "all of it"),
        (".*", "one\rtwo", "one"),
        ("[^/]+$", "a/b", "b"),
        ("b$", "ab\r\n", "b"),
        ("^b", "a\nb", None),
        ("a\\z", "a\n", None),
        ("a\\Z", "a\n", "a"),
        ("(?<who>[a-z]+):\\k<who>", "ab:ab", "ab:ab"),
        ("(a)\\1", "aa", "aa"),
        ("\\p{Alpha}+", "12ab3", "ab"),
        ("[\\p{Lower}\\d]+", "Ab3C", "b3"),
        ("\\P{Digit}+", "1ab", "ab"),
        ("\\Qa.b\\E+", "axb a.bb", "a.bb"),
        ("\\x41\\u0042\\0103", "ABC", "ABC"),
        ("\\x{41}", "A", "A"),
        ("(?i)spiffe", "SPIFFE", "SPIFFE"),
        ("a(?i:b)c", "aBc", "aBc"),
        ("\\h+", "a \tb", " \t"),
        ("\\v", "\x85", "\x85"),
        ("\\w+", "é1", "1"),
        ("\\B", "", ""),
        ("(?>a+)b", "aab", "aab"),
        ("a++a", "aaa", None),
        ("a{2}", "aaa", "aa"),
        ("\\/\\-\\#", "/-#", "/-#"),
        ("[#&~|-]+", "#&~|-", "#&~|-"),
        ("\\R", "a\r\n", "\r\n"),
        ("\\cA", "\x01", "\x01"),
    ],
)
def test_it_finds_what_java_finds(pattern: str, text: str, what: str | None) -> None:
    assert what == found(pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z&&[^b]]",
        "[a[b]]",
        "[]a]",
        "\\p{IsGreek}",
        "\\pL",
        "\\G",
        "\\X",
        "(?x)a b",
        "a(?i)b",
        "(?i-s)a",
        "(?<=a+)b",
        "\\12",
        "a{",
        "a{,3}",
        "{2}",
        "(a",
        "a)",
        "[a",
        "a\\",
        "\\Qa\\E\\y",
        "\\x4",
        "\\xzz",
        "\\x{110000}",
        "\\k<no>",
        "\\ka",
        "(?<1>a)",
        "\\p{Alpha",
        "[\\P{Alpha}]",
        "[\\b]",
        "\\09",
        "*a",
    ],
)
def test_what_java_would_not_take_and_what_python_takes_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="the regular expression"):
        java_pattern(pattern)
