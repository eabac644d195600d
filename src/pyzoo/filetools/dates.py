"""Times as Java's DateFormat and Date.toString write them in English.

The caller says what local time is, so that nothing here depends on the machine.
"""

from collections.abc import Callable
from typing import Final, Protocol


class LocalFields(Protocol):
    """A local time, as time.struct_time has it."""

    @property
    def tm_year(self) -> int: ...
    @property
    def tm_mon(self) -> int: ...
    @property
    def tm_mday(self) -> int: ...
    @property
    def tm_hour(self) -> int: ...
    @property
    def tm_min(self) -> int: ...
    @property
    def tm_sec(self) -> int: ...
    @property
    def tm_wday(self) -> int: ...
    @property
    def tm_zone(self) -> str: ...


LocalTime = Callable[[float], LocalFields]
"""Seconds since 1970 to the fields of local time, as `time.localtime`."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Dates:
    """Texts of times in milliseconds since 1970; a time that no calendar has is shown as its number."""

    def __init__(self, local_time: LocalTime) -> None:
        self._local_time = local_time
        self._second = 0
        self._fields = local_time(0)

    def _fields_of(self, time_ms: int) -> LocalFields | None:
        second = time_ms // 1000
        if second != self._second:
            try:
                self._fields = self._local_time(second)
            except (OverflowError, ValueError, OSError):
                return None
            self._second = second
        return self._fields

    def short(self, time_ms: int) -> str:
        """`11/23/26, 2:44:17 AM UTC` (DateFormat SHORT, LONG)."""
        at = self._fields_of(time_ms)
        if at is None:
            return f"{time_ms} ms"
        return f"{at.tm_mon}/{at.tm_mday}/{at.tm_year % 100:02d}, {_clock(at)} {at.tm_zone}"

    def medium(self, time_ms: int) -> str:
        """`Nov 23, 2026, 3:03:13 AM` (DateFormat MEDIUM, MEDIUM)."""
        at = self._fields_of(time_ms)
        if at is None:
            return f"{time_ms} ms"
        return f"{_MONTHS[at.tm_mon - 1]} {at.tm_mday}, {at.tm_year}, {_clock(at)}"

    def full(self, time_ms: int) -> str:
        """`Mon Nov 23 02:44:13 UTC 2026` (Date.toString)."""
        at = self._fields_of(time_ms)
        if at is None:
            return f"{time_ms} ms"
        clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
        return f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02d} {clock} {at.tm_zone} {at.tm_year:04d}"


def _clock(at: LocalFields) -> str:
    return f"{at.tm_hour % 12 or 12}:{at.tm_min:02d}:{at.tm_sec:02d} {'AM' if at.tm_hour < 12 else 'PM'}"
