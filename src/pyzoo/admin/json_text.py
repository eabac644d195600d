"""JSON as Jackson's default pretty printer writes it, down to the blanks."""

import math
from collections.abc import Iterator

from pyzoo.admin.response import Json, LongArray, LongObject
from pyzoo.config.java_numbers import double_text
from pyzoo.config.json_escapes import JSON_ESCAPES


def json_bytes(value: Json) -> bytes:
    """The text in UTF-8, without a newline at its end."""
    return b"".join(json_pieces(value))


def json_pieces(value: Json) -> Iterator[bytes]:
    """The same a piece at a time; some are empty where there is much to do before the next."""
    for piece in _pieces(value, 0):
        yield piece.encode("utf-8", "replace")


def _pieces(value: Json, depth: int) -> Iterator[str]:
    match value:
        case LongArray():
            yield from _array_pieces(value, depth)
        case LongObject():
            yield from _object_pieces(value.slices, depth)
        case dict() if any(isinstance(field, LongArray | LongObject) for field in value.values()):
            yield from _object_pieces(iter([list(value.items())]), depth)
        case _:
            yield _value(value, depth)


def _array_pieces(array: LongArray, depth: int) -> Iterator[str]:
    before = "[ "
    for some in array.slices:
        yield before + ", ".join(_value(each, depth) for each in some) if some else ""
        before = ", " if some else before
    yield "[ ]" if before == "[ " else " ]"


def _object_pieces(slices: Iterator[list[tuple[str, Json]]], depth: int) -> Iterator[str]:
    indent = "  " * (depth + 1)
    before = "{\n"
    for fields in slices:
        if not fields:
            yield ""
        for name, value in fields:
            yield f"{before}{indent}{_string(name)} : "
            yield from _pieces(value, depth + 1)
            before = ",\n"
    yield "{ }" if before == "{\n" else "\n" + "  " * depth + "}"


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
        case _:
            return "".join(_pieces(value, depth))


def _object(fields: dict[str, Json], depth: int) -> str:
    """A line for each field; arrays do not count as a level."""
    if not fields:
        return "{ }"
    indent = "  " * (depth + 1)
    lines = [f"{indent}{_string(name)} : {_value(value, depth + 1)}" for name, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"


def _string(text: str) -> str:
    return f'"{text.translate(JSON_ESCAPES)}"'
