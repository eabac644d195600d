"""Whether a text is a distinguished name for `new X500Principal(text)`, which decides what ACLs may name.

That takes RFC 1779, 2253 and more, and has its own mind about quotes and backslashes; nothing is made of the text here.
"""

import re
from typing import Final

from pyzoo.certificates import der
from pyzoo.config.java_numbers import whole_number
from pyzoo.errors import MalformedRecord

_NAMES: Final = (
    "CN C L S ST O OU T IP STREET DC DNQUALIFIER DNQ SURNAME GIVENNAME INITIALS GENERATION EMAIL EMAILADDRESS UID "
    "SERIALNUMBER"
).split()
_KEYWORDS: Final = frozenset(_NAMES)
_ATTRIBUTE: Final = (
    rf"[\x00-\x20]*+(?:{'|'.join(_NAMES)})[\x00-\x20]*+=[ \n]*+"
    r'(?:(?!\#)(?:[^\\,+<>;"]|\\(?:[0-9a-f]{2}|[,=\n+<>\#;" ]))*+)'
)
_PLAIN: Final = re.compile(rf"{_ATTRIBUTE}(?:[,;+]{_ATTRIBUTE})*+\Z", re.ASCII | re.IGNORECASE)
"""Names without quotes, pairs of backslashes, numbers and hex: nearly all, and those of any length."""
_MOST_ODD: Final = 4096
"""Characters of a name that is not plain; longer ones would take long."""
_ASCII_CONTROLS: Final = "".join(map(chr, range(33)))
"""What String.trim takes off, the space included."""
_QUOTE: Final = re.compile(r'(?<!\\)"')
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})++(?=[+,;]|\Z)")
_QUOTED: Final = re.compile(r'(?:[^\\"]|\\(?:[0-9a-fA-F]{2}|[,=\n+<>#;\\"]))*+"[ \n]*+\Z')
_STRING: Final = re.compile(r'(?:[^\\,+<>;"]|\\(?:[0-9a-fA-F]{2}|[,=\n+<>#;\\" ]))++(?=[+,;]|\Z)')
"""What ends an attribute, so that the rest does not count."""
_NUMBER: Final = re.compile(r"[+-]?\d{1,1000}")
"""Longer ones are nobody's, and take long."""


def is_distinguished_name(text: str) -> bool:
    """Whether Java takes this text for a distinguished name, unless it is odd and long; an empty one is one."""
    if '"' not in text and "\\\\" not in text and _PLAIN.match(text):
        return True
    if len(text) > _MOST_ODD:
        return False
    return not text or all(_is_rdn(rdn) for rdn in _rdns(text))


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
    return len(_QUOTE.findall(text[begin:end]))


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
    return (_QUOTED.match(value, 1) if value[0] == '"' else _STRING.match(value)) is not None


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
    digits = _HEX.match(text)
    if digits is None:
        return False
    data = bytes.fromhex(digits[0])
    try:
        return len(der.first_element(data).encoded) == len(data)
    except MalformedRecord:
        return False
