"""The text format of zoo.cfg: Java's Properties, with the line number of each key kept for messages.

Rules of java.util.Properties.load: `#` and `!` begin comments, the first unescaped `=`, `:` or blank ends a
key, a backslash at the end of a line continues it, `\\uXXXX` names a character, the last of equal keys wins.
Keys and values are trimmed as QuorumPeerConfig does. The caller reads the file as ISO-8859-1
(`decode_properties`).
"""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzoo.errors import ConfigError

_BLANKS: Final = " \t\f"
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
# What Java's String.trim removes: all characters up to the blank.
_TRIMMED: Final = "".join(map(chr, range(0x21)))


@frozen
class Property:
    """One `key=value` of a file; `line` counts from 1 and is where the key begins."""

    key: str
    value: str
    line: int


def decode_properties(data: bytes) -> str:
    """The text of a properties file: each byte is one character, so this never fails."""
    return data.decode("latin-1")


def parse_properties(text: str, path: str | None = None) -> dict[str, Property]:
    """Properties by key, in order of first appearance; raises ConfigError on a broken unicode escape."""
    found: dict[str, Property] = {}
    for entry in all_properties(text, path):
        found[entry.key] = entry
    return found


def all_properties(text: str, path: str | None = None) -> list[Property]:
    """Every property as it stands in the text, those that a later one overrides too; raises as above."""
    found: list[Property] = []
    for line, _, logical in logical_lines(text):
        raw_key, raw_value = split_property(logical)
        key = _unescape(raw_key, path, line).strip(_TRIMMED)
        found.append(Property(key, _unescape(raw_value, path, line).strip(_TRIMMED), line))
    return found


def logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Lines with continuations joined, without comments and empty lines, each with its first and last number."""
    collected = ""
    began = 0
    continued = False
    number = 0
    for number, natural in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = natural.lstrip(_BLANKS)
        # As in Java, a lone backslash before a comment does not turn it into text.
        if not collected and (not line or line[0] in "#!"):
            continued = False
            continue
        if not continued:
            began = number
        backslashes = len(line) - len(line.rstrip("\\"))
        continued = backslashes % 2 == 1
        collected += line[:-1] if continued else line
        if not continued:
            yield began, number, collected
            collected = ""
    if collected:
        yield began, number, collected


def split_property(line: str) -> tuple[str, str]:
    """Cut a logical line into key and value, both still escaped."""
    end = 0
    while end < len(line) and line[end] not in "=:" and line[end] not in _BLANKS:
        end += 2 if line[end] == "\\" else 1
    rest = line[end:].lstrip(_BLANKS)
    if rest and rest[0] in "=:":
        rest = rest[1:].lstrip(_BLANKS)
    return line[:end], rest


def _unescape(text: str, path: str | None, line: int) -> str:
    """Replace backslash escapes; an unknown one stands for its second character."""
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            char = text[at : at + 1]
            at += 1
            if char == "u":
                char = _unicode(text[at : at + 4], path, line)
                at += 4
            else:
                char = _ESCAPES.get(char, char)
        out.append(char)
    return "".join(out)


def _unicode(digits: str, path: str | None, line: int) -> str:
    if len(digits) != 4 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise ConfigError(
            f"\\u{digits} is not a character: \\u needs four hexadecimal digits (write \\\\ for a backslash)",
            path,
            line,
        )
    return chr(int(digits, 16))
