"""The data of a node as text, as indented JSON, or as a dump in hex: a bounded part of it, with where that lies.

Indented JSON has the very tokens that the data has, in their order: numbers keep their digits, and names that are there
twice stay twice.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

TEXT: Final = "text"
JSON: Final = "json"
HEX: Final = "hex"
FORMS: Final = (TEXT, JSON, HEX)
MOST_TEXT: Final = 64 << 10
"""Bytes of data that are shown at once as text."""
MOST_JSON: Final = 64 << 10
"""Bytes of JSON that are indented; longer data is text."""
MOST_HEX: Final = 4 << 10
"""Bytes that are shown at once in hex: 256 rows."""
_MOST_INDENTED: Final = 512 << 10
_MOST_DEPTH: Final = 64
_ROW: Final = 16
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@frozen
class DataView:
    """Bytes `begin` to `end` of `size`, as text in one of FORMS; `possible` are those that it can have."""

    size: int
    begin: int
    end: int
    form: str
    text: str
    possible: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.begin == 0 and self.end == self.size


def view_of(data: bytes, form: str = "", begin: int = 0) -> DataView:
    """What is shown of data from the byte `begin` on, in this form if it can have it, else in the one that suits it."""
    indented = indented_json(data) if len(data) <= MOST_JSON else None
    possible = FORMS if indented is not None else (TEXT, HEX)
    if form not in possible:
        form = JSON if indented is not None else TEXT if is_text(data) else HEX
    begin = min(max(begin, 0), len(data))
    if form == JSON and indented is not None:
        return DataView(len(data), 0, len(data), JSON, indented, possible)
    if form == HEX:
        begin -= begin % _ROW
        end = min(begin + MOST_HEX, len(data))
        return DataView(len(data), begin, end, HEX, hex_rows(data[begin:end], begin), possible)
    begin, end = _whole_characters(data, begin, min(begin + MOST_TEXT, len(data)))
    return DataView(len(data), begin, end, TEXT, visible(data[begin:end].decode("utf-8", "replace")), possible)


def is_text(data: bytes) -> bool:
    """Whether data is UTF-8 without control characters other than tabs and ends of lines."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(character not in "\t\n\r" and not _is_printed(character) for character in set(text))


def _is_printed(character: str) -> bool:
    return ord(character) >= 0x20 and not 0x7F <= ord(character) <= 0x9F


def visible(text: str) -> str:
    """The text with a picture in place of what cannot be seen, or would change the direction of what is around it."""
    return _INVISIBLE.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x0D:
        return "\r" if match.string.startswith("\n", match.end()) else "␍"
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def _whole_characters(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """Bounds between characters of UTF-8, where it is any."""
    for _ in range(3):
        if begin < end and data[begin] & 0xC0 == 0x80:
            begin += 1
    cut = end
    while cut > begin and end - cut < 3 and cut < len(data) and data[cut] & 0xC0 == 0x80:
        cut -= 1
    return begin, end if cut == len(data) or data[cut] & 0xC0 == 0x80 else cut


def hex_rows(data: bytes, begin: int) -> str:
    """Rows of sixteen bytes: where they are, in hex, and as ASCII; `begin` is where the first one is."""
    return "\n".join(_rows(data, begin))


def _rows(data: bytes, begin: int) -> Iterator[str]:
    for at in range(0, len(data), _ROW):
        part = data[at : at + _ROW]
        left, right = part[:8].hex(" "), part[8:].hex(" ")
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
        yield f"{begin + at:08x}  {left:<23}  {right:<23}  {text}"


def indented_json(data: bytes) -> str | None:
    """The JSON with two blanks for each level; None for what is no object or list, or would become too large."""
    if data[:1] not in b"{[ \t\r\n" or not data:
        return None
    try:
        text = data.decode("utf-8")
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _indented(text) if isinstance(value, dict | list) else None


def _indented(text: str) -> str | None:
    tokens = _TOKEN.findall(text)
    out: list[str] = []
    depth = size = 0
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in "]}":
            depth -= 1
            if tokens[at - 1] not in "[{":
                out.append("\n" + "  " * depth)
        out.append(token)
        if token in "[{":
            depth += 1
            if following not in "]}":
                out.append("\n" + "  " * depth)
        elif token == ",":
            out.append("\n" + "  " * depth)
        elif token == ":":
            out.append(" ")
        size += len(token) + len(out[-1])
        if depth > _MOST_DEPTH or size > _MOST_INDENTED:
            return None
    return visible("".join(out))
