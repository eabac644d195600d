"""Whether a text is a distinguished name for `new X500Principal(text)`, which decides what ACLs may name.

That takes RFC 1779, 2253 and more, and has its own mind about quotes and backslashes; nothing is made of the text here.
"""

import re
from typing import Final

from pyzoo.certificates import der
from pyzoo.config.java_numbers import whole_number
from pyzoo.errors import MalformedRecord

_KEYWORDS: Final = frozenset(
    "CN C L S ST O OU T IP STREET DC DNQUALIFIER DNQ SURNAME GIVENNAME INITIALS GENERATION EMAIL EMAILADDRESS UID "
    "SERIALNUMBER".split()
)
_ASCII_CONTROLS: Final = "".join(map(chr, range(33)))
"""What String.trim takes off, the space included."""
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_MAY_BE_ESCAPED: Final = frozenset(',=\n+<>#;\\"')
_MUST_BE_ESCAPED: Final = frozenset(',+<>;"')
_TERMINATORS: Final = frozenset("+,;")
_NUMBER: Final = re.compile(r"[+-]?\d+")


def is_distinguished_name(text: str) -> bool:
    """Whether Java takes this text for a distinguished name; an empty one is one."""
    try:
        return not text or all(_is_rdn(rdn) for rdn in _rdns(text))
    except _OutOfText:
        return False


class _OutOfText(Exception):
    """The text ends where there has to be something."""


def _rdns(text: str) -> list[str]:
    """The parts of a name, which commas and semicolons separate that are neither quoted nor escaped."""
    parts: list[str] = []
    begin = search = quotes = 0
    for found in re.finditer("[,;]", text):
        end = found.start()
        quotes += _quotes(text, search, end)
        if quotes != 1 and not _is_escaped(text, search, end):
            parts.append(text[begin:end])
            begin, quotes = end + 1, 0
        search = end + 1
    return [*parts, text[begin:]]


def _quotes(text: str, begin: int, end: int) -> int:
    return sum(text[at] == '"' and (at == begin or text[at - 1] != "\\") for at in range(begin, end))


def _is_escaped(text: str, begin: int, end: int) -> bool:
    """Whether an odd number of backslashes is before the separator; where two are next to it, all of the part count."""
    if end < 1 or text[end - 1] != "\\":
        return False
    if end == 1 or text[end - 2] != "\\":
        return True
    return text.count("\\", begin, end) % 2 == 1


def _is_rdn(text: str) -> bool:
    """Whether this is one attribute, or several with plus signs between them."""
    begin = search = quotes = 0
    for found in re.finditer(r"\+", text):
        end = found.start()
        quotes += _quotes(text, search, end)
        if end > 0 and text[end - 1] != "\\" and quotes != 1:
            if not _is_attribute(text[begin:end]):
                return False
            begin, quotes = end + 1, 0
        search = end + 1
    return _is_attribute(text[begin:])


def _is_attribute(text: str) -> bool:
    keyword, equals, value = text.partition("=")
    if not equals or not _is_keyword(keyword.upper().strip(_ASCII_CONTROLS)):
        return False
    value = value.lstrip(" \n")
    if not value:
        return True
    if value[0] == "#":
        return _is_hex(value[1:])
    return _is_quoted(value[1:]) if value[0] == '"' else _is_string(value)


def _is_keyword(word: str) -> bool:
    if word in _KEYWORDS:
        return True
    numbers = word.removeprefix("OID.")
    if not numbers or not "0" <= numbers[0] <= "9":
        return False
    parts = numbers.split(".")
    if len(parts) < 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        return False
    values = [whole_number(part.lstrip("+-")) for part in parts]
    is_negative = any(part[0] == "-" and value for part, value in zip(parts, values, strict=True))
    return not is_negative and values[0] <= 2 and (values[0] == 2 or values[1] <= 39)


def _is_hex(text: str) -> bool:
    """Whether this is the hex of one BER value, up to where the attribute may end."""
    digits = re.split("[+,;]", text, maxsplit=1)[0]
    if not digits or len(digits) % 2 or not _HEX.issuperset(digits):
        return False
    data = bytes.fromhex(digits)
    try:
        return len(der.first_element(data).encoded) == len(data)
    except MalformedRecord:
        return False


def _is_quoted(text: str) -> bool:
    """Whether the text behind a quote goes on to another one, and ends there."""
    at = 0
    while (c := _char(text, at)) != '"':
        at += 1
        if c == "\\":
            c = _char(text, at)
            at += 1
            if c in _HEX:
                if _char(text, at) not in _HEX:
                    return False
                at += 1
            elif c not in _MAY_BE_ESCAPED:
                return False
    return not text[at + 1 :].strip(" \n")


def _is_string(text: str) -> bool:
    """Whether all up to where the attribute may end is plain, or escaped as it has to be."""
    at = 0
    while True:
        c = text[at]
        at += 1
        if c == "\\":
            c = _char(text, at)
            at += 1
            if c in _HEX:
                if _char(text, at) not in _HEX:
                    return False
                at += 1
            elif c not in _MAY_BE_ESCAPED and c != " ":
                return False
        elif c in _MUST_BE_ESCAPED:
            return False
        if at == len(text) or text[at] in _TERMINATORS:
            return True


def _char(text: str, at: int) -> str:
    if at >= len(text):
        raise _OutOfText
    return text[at]
