"""How a client port waits for events, on real file descriptors."""

import fcntl
import os
import resource
import select
import threading
from collections.abc import Iterator

import pytest

from pyzoo.runtime.event_wait import BUSY_LOOK_NS, FD_SETSIZE, SHORTEST_LOOK_NS, EventWait, LookBudget

LIMIT_NS = 600_000
LONG_WAIT_NS = 60_000_000_000
SHORT_WAIT_NS = 1_000_000
READABLE = select.EPOLLIN


class Events:
    """An epoll object with one file descriptor that can be made readable."""

    def __init__(self, epoll: select.epoll) -> None:
        self.epoll = epoll
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK)
        self.epoll.register(self.descriptor, READABLE)

    def happen(self) -> None:
        os.eventfd_write(self.descriptor, 1)

    def close(self) -> None:
        self.epoll.close()
        os.close(self.descriptor)


@pytest.fixture
def events() -> Iterator[Events]:
    events = Events(select.epoll())
    yield events
    events.close()


@pytest.fixture
def high_events() -> Iterator[Events]:
    """The same, of an epoll object whose number is too high for select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    low = select.epoll()
    events = Events(select.epoll.fromfd(fcntl.fcntl(low.fileno(), fcntl.F_DUPFD, FD_SETSIZE)))
    low.close()
    yield events
    events.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- how long to look


def test_a_wait_that_a_longer_look_would_have_covered_doubles_the_next_look() -> None:
    budget = LookBudget(LIMIT_NS)
    budget.ns = 100_000
    budget.slept(150_000)
    assert 200_000 == budget.ns


def test_no_look_is_longer_than_the_limit() -> None:
    budget = LookBudget(LIMIT_NS)
    budget.slept(LIMIT_NS)
    assert LIMIT_NS == budget.ns


def test_waits_that_no_look_would_cover_end_the_looking() -> None:
    budget = LookBudget(LIMIT_NS)
    looks = []
    while budget.ns > 0:
        looks.append(budget.ns)
        budget.slept(LIMIT_NS + 1)
    assert [600_000, 300_000, 150_000, 75_000, 37_500] == looks


def test_looking_begins_again_when_events_come_soon_after_a_wait_began() -> None:
    budget = LookBudget(LIMIT_NS)
    budget.ns = 0
    budget.slept(30_000)
    assert SHORTEST_LOOK_NS == budget.ns


# --- waiting


@pytest.mark.parametrize("looks", [False, True])
def test_a_wait_returns_what_is_there_already(events: Events, looks: bool) -> None:
    wait = EventWait(events.epoll, 10)
    events.happen()
    assert [(events.descriptor, READABLE)] == wait.now()
    assert [(events.descriptor, READABLE)] == wait.within(LONG_WAIT_NS, wait.busy if looks else None)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("limit_ns", [SHORT_WAIT_NS, BUSY_LOOK_NS, SHORTEST_LOOK_NS, 0])
def test_a_wait_without_events_ends(events: Events, looks: bool, limit_ns: int) -> None:
    wait = EventWait(events.epoll, 10)
    assert [] == wait.now()
    assert [] == wait.within(limit_ns, wait.busy if looks else None)


@pytest.mark.parametrize("looks", [False, True])
def test_a_wait_ends_with_the_first_event(events: Events, looks: bool) -> None:
    wait = EventWait(events.epoll, 10)
    timer = threading.Timer(0.05, events.happen)
    timer.start()
    assert [(events.descriptor, READABLE)] == wait.within(LONG_WAIT_NS, wait.busy if looks else None)
    timer.join()


def test_an_epoll_object_with_a_high_number_is_waited_for_in_milliseconds(high_events: Events) -> None:
    wait = EventWait(high_events.epoll, 10)
    assert not wait.is_exact
    assert [] == wait.within(SHORT_WAIT_NS, wait.idle)
    high_events.happen()
    assert [(high_events.descriptor, READABLE)] == wait.within(LONG_WAIT_NS, wait.idle)
