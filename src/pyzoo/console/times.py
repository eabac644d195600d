"""Times for people: as ISO 8601 in UTC, and as the age of what happened then."""

from datetime import UTC, datetime
from typing import Final

_MOST_DIGITS: Final = 15
_STEPS: Final = ((1000, "ms"), (60, "s"), (60, "min"), (24, "h"), (365, "d"))


def iso_text(wall_ms: int) -> str:
    """`2026-11-30T02:54:23.120Z`, or the number where no calendar has such a day."""
    try:
        at = datetime.fromtimestamp(wall_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{wall_ms} ms"
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{wall_ms % 1000:03}Z"


def span_text(span_ms: int) -> str:
    """`250 ms`, `12 s`, `3 h`: the largest unit of which there is one at least."""
    left = abs(span_ms)
    sign = "-" if span_ms < 0 else ""
    for size, unit in _STEPS:
        if left < size:
            return f"{sign}{left} {unit}"
        left //= size
    return f"{sign}{left} y"


def age_text(wall_ms: int, now_ms: int) -> str:
    """`3 h ago`, or `in 2 s` for what is still to come."""
    age = now_ms - wall_ms
    return f"in {span_text(-age)}" if age < 0 else f"{span_text(age)} ago"


def wall_ms_of(text: str) -> int | None:
    """The time in ms since 1970 of that number, or of ISO 8601, which without a zone is UTC; None for other texts."""
    if text.isdecimal() and text.isascii():
        return int(text) if len(text) <= _MOST_DIGITS else None
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
