"""Data directories of real servers, and what the real tools printed of them."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

from pyzoo.errors import ToolError
from pyzoo.filetools.dates import Dates
from pyzoo.filetools.log_records import LogFile
from pyzoo.filetools.snapshot_tree import SnapshotTree, read_snapshot

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = FIXTURES / "standalone-3.9.5" / "version-2"


def in_utc(second: float) -> time.struct_time:
    return time.struct_time((*time.gmtime(second)[:9], "UTC", 0))


UTC = Dates(in_utc)


def output_of(tool: str) -> str:
    """What a tool printed."""
    return (FIXTURES / "tool-output" / f"{tool}.txt").read_bytes().decode()


def log_of(data: bytes, name: str = "log.1") -> LogFile:
    return LogFile(io.BytesIO(data).read, name)


def recorded_log(name: str) -> LogFile:
    return log_of((FILES / name).read_bytes(), name)


def recorded_snapshot(name: str) -> SnapshotTree:
    return read_snapshot(io.BytesIO((FILES / name).read_bytes()).read, name)


def flipped(data: bytes, offset: int) -> bytes:
    """The data with one bit of a byte turned."""
    changed = bytearray(data)
    changed[offset] ^= 1
    return bytes(changed)


def said(texts: Iterator[str]) -> tuple[str, ToolError | None]:
    """All that a tool says, and the error that ended it."""
    text = ""
    try:
        for piece in texts:
            text += piece
    except ToolError as error:
        return text, error
    return text, None
