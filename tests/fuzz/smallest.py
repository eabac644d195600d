"""The fewest inputs that reach what all inputs reach: those that a corpus keeps."""

import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pyzoo
from tests.fuzz.target import Target

Steps = set[tuple[str, int, int]]
"""File, line, and the line that came before it in the same function."""

_SOURCES = str(Path(pyzoo.__file__).parent)
MOST_INPUTS = 40


def merge(target: Target, grown: Path) -> int:
    """Bring what was found and is worth keeping into the corpus; returns how many inputs that now has.

    Files with names of their own stay: each is a fault that was mended.
    """
    reached: Steps = set()
    for data in [*target.seeds(), *(path.read_bytes() for path in target.inputs() if not is_hash(path.name))]:
        reached |= steps_of(target, data)
    hashed = [path for path in target.inputs() if is_hash(path.name)]
    found = {path.read_bytes() for path in [*hashed, *(grown / target.name).glob("*")]}
    for path in hashed:
        path.unlink()
    kept = 0
    for data in sorted(found, key=len):
        if kept == MOST_INPUTS:
            break
        new = steps_of(target, data) - reached
        if new:
            reached |= new
            kept += 1
            target.corpus.mkdir(parents=True, exist_ok=True)
            (target.corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return len(target.inputs())


def steps_of(target: Target, data: bytes) -> Steps:
    """The steps from line to line that an input makes in the sources."""
    found: Steps = set()
    before: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_SOURCES):
            return None
        line = frame.f_lineno
        if event == "return":
            before.pop(frame, None)
        else:
            found.add((file, before.get(frame, 0), line))
            before[frame] = line
        return trace

    sys.settrace(trace)
    try:
        target.run(data)
    finally:
        sys.settrace(None)
    return found


def is_hash(name: str) -> bool:
    """Whether a name is the SHA-1 of its input."""
    return len(name) == 40 and all(one in "0123456789abcdef" for one in name)
