"""Numbers and booleans as Java reads them from text, parseInt, decode, parseDouble, parseBoolean, and writes them."""

import math
import re
from decimal import Decimal
from typing import Final

_DECIMAL: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECODED: Final = re.compile(r"([+-]?)(?:(?:0[xX]|#)([0-9a-fA-F]+)|0([0-7]+)|([0-9]+))", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?", re.ASCII)
_MOST_DIGITS: Final = 40
"""More than any number of 64 bits has."""


def whole_number(digits: str) -> int:
    """The value of decimal digits; of so many that Python refuses to read them a number that fits nowhere."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MOST_DIGITS else 10**_MOST_DIGITS


def parse_decimal(text: str, bits: int = 32) -> int | None:
    """Integer.parseInt / Long.parseLong: decimal digits with an optional sign; None if none fits."""
    if not _DECIMAL.fullmatch(text):
        return None
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    value = whole_number(digits)
    return _fitting(-value if sign == "-" else value, bits)


def decode_integer(text: str, bits: int = 32) -> int | None:
    """Integer.decode / Long.decode: decimal, 0x and # hexadecimal, leading-0 octal; None if none fits."""
    match = _DECODED.fullmatch(text)
    if match is None:
        return None
    sign, hexadecimal, octal, decimal = match.groups()
    if hexadecimal is not None:
        value = int(hexadecimal, 16)
    elif octal is not None:
        value = int(octal, 8)
    elif decimal.startswith("0") and len(decimal) > 1:
        return None
    else:
        value = whole_number(decimal)
    return _fitting(-value if sign == "-" else value, bits)


def parse_float(text: str) -> float | None:
    """Double.parseDouble without its hexadecimal and NaN forms; None when it is not one."""
    stripped = text.strip()
    return float(stripped.rstrip("fFdD")) if _FLOAT.fullmatch(stripped) else None


def parse_boolean(text: str | None) -> bool:
    """Boolean.parseBoolean: true for the text `true` in any case, false for everything else."""
    return text is not None and text.lower() == "true"


def _fitting(value: int, bits: int) -> int | None:
    limit = 1 << (bits - 1)
    return value if -limit <= value < limit else None


def double_text(value: float) -> str:
    """A number as Java's Double.toString writes it."""
    if math.isnan(value):
        return "NaN"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value))
    digits = "".join([str(digit) for digit in exact.as_tuple().digits]).rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"
