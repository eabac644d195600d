"""JSON as Jackson's default pretty printer writes it, down to the blanks."""

import math
from typing import Final

from pyzoo.admin.response import Json
from pyzoo.config.java_numbers import double_text

_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in range(0x20)},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
}


def json_bytes(value: Json) -> bytes:
    """The text in UTF-8, without a newline at its end."""
    return _value(value, 0).encode("utf-8", "replace")


def _value(value: Json, depth: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            # JSON has no number for it; Jackson writes a text.
            return _string(double_text(value)) if math.isnan(value) else double_text(value)
        case str():
            return _string(value)
        case list():
            return f"[ {', '.join(_value(each, depth) for each in value)} ]" if value else "[ ]"
        case dict():
            return _object(value, depth)


def _object(fields: dict[str, Json], depth: int) -> str:
    """A line for each field; arrays do not count as a level."""
    if not fields:
        return "{ }"
    indent = "  " * (depth + 1)
    lines = [f"{indent}{_string(name)} : {_value(value, depth + 1)}" for name, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"


def _string(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
