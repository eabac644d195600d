"""What the data of a node says of its owner, as a short text. Data is whatever some client wrote: nothing is trusted.

text               UTF-8 as it is
{host}:{port}      a JSON object's values, deeper ones with dots and positions: {endpoints.0}; empty without the first
hbase              the ServerName in what HBase writes: protobuf behind a header
protobuf           the readable strings of a protobuf message, as Hadoop's failover writes it
number, int32, int64   the value of a counter
none               nothing
"""

import json
import re
from typing import Any, Final

LARGEST_DATA: Final = 1 << 16
LARGEST_LABEL: Final = 200
DECODED: Final = ("text", "hbase", "protobuf", "number", "int32", "int64", "none")
FIELD: Final = re.compile(r"\{([A-Za-z0-9_.@-]+)\}")
_NUMBER: Final = re.compile(rb"-?[0-9]{1,30}(?:\.[0-9]{1,20})?")
_READABLE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/-]{1,}")
_HBASE_MAGIC: Final = 0xFF
_PROTOBUF_MAGIC: Final = b"PBUF"
_LENGTH_DELIMITED: Final = 2


def is_label(text: str) -> bool:
    """Whether a pattern may say this."""
    return text in DECODED or FIELD.search(text) is not None


def label_of(form: str, data: bytes | None) -> str:
    """What the data says; empty where it says nothing, or not in this form."""
    if not data or len(data) > LARGEST_DATA or form == "none":
        return ""
    match form:
        case "text":
            return _shown(_text(data))
        case "hbase":
            return _shown(_hbase_server(data))
        case "protobuf":
            return _shown(" ".join(found.decode("ascii") for found in _READABLE.findall(data)))
        case "number":
            return data.decode("ascii") if _NUMBER.fullmatch(data) else ""
        case "int32" | "int64":
            return str(int.from_bytes(data, "big", signed=True)) if len(data) == int(form[3:]) // 8 else ""
        case _:
            return _shown(_filled(form, data))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _shown(text: str) -> str:
    """One line without what a terminal or a page would take for more than text."""
    cleaned = "".join(character if character.isprintable() else " " for character in text[: LARGEST_LABEL + 1]).strip()
    return cleaned if len(cleaned) <= LARGEST_LABEL else cleaned[:LARGEST_LABEL] + "…"


def _filled(form: str, data: bytes) -> str:
    """The template with a JSON object's values."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    first = FIELD.search(form)
    if first is None or not _at(value, first[1]):
        return ""
    return FIELD.sub(lambda field: _at(value, field[1]), form)


def _at(value: Any, dotted: str) -> str:
    for key in dotted.split("."):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _hbase_server(data: bytes) -> str:
    """`host,port,start code` of a ServerName, behind the header of RecoverableZooKeeper."""
    if data[0] == _HBASE_MAGIC and len(data) >= 5:
        data = data[5 + int.from_bytes(data[1:5], "big") :]
    if not data.startswith(_PROTOBUF_MAGIC):
        return ""
    message = _first_field(data[4:])
    host = _first_field(message)
    numbers = _varints(message[2 + len(host) :])
    return ",".join([_text(host), *map(str, numbers)])


def _first_field(message: bytes) -> bytes:
    """The bytes of a first field that is a message or a string, shorter than 128 bytes."""
    if len(message) < 2 or message[0] & 7 != _LENGTH_DELIMITED:
        return b""
    return message[2 : 2 + message[1]]


def _varints(message: bytes) -> list[int]:
    """The values of fields that are numbers, as long as there are only such."""
    found: list[int] = []
    at = 0
    while at < len(message) and message[at] & 7 == 0:
        at, shift, value = at + 1, 0, 0
        while at < len(message) and shift < 64:
            value |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                break
        found.append(value)
    return found
