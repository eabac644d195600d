"""Times as Java writes them."""

import time

import pytest

from pyzoo.filetools.dates import Dates
from tests.support.recordings import UTC


@pytest.mark.parametrize(
    ("time_ms", "short", "full"),
    [
        (0, "1/1/70, 12:00:00 AM UTC", "Thu Jan 01 00:00:00 UTC 1970"),
        (43_200_000, "1/1/70, 12:00:00 PM UTC", "Thu Jan 01 12:00:00 UTC 1970"),
        (1_795_401_857_123, "11/23/26, 2:44:17 AM UTC", "Mon Nov 23 02:44:17 UTC 2026"),
        (-1, "12/31/69, 11:59:59 PM UTC", "Wed Dec 31 23:59:59 UTC 1969"),
    ],
)
def test_times_are_written_for_americans(time_ms: int, short: str, full: str) -> None:
    assert (short, full) == (UTC.short(time_ms), UTC.full(time_ms))


def test_the_medium_form_has_no_zone() -> None:
    assert UTC.medium(1_795_401_857_123) == "Nov 23, 2026, 2:44:17 AM"


def test_a_time_that_no_calendar_has_is_shown_as_a_number() -> None:
    assert Dates(time.localtime).full(2**70) == f"{2**70} ms"


def test_the_zone_is_that_of_the_caller() -> None:
    def elsewhere(second: float) -> time.struct_time:
        return time.struct_time((*time.gmtime(second + 3600)[:9], "CET", 3600))

    assert Dates(elsewhere).short(0) == "1/1/70, 1:00:00 AM CET"
