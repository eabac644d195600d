"""What takes the place of epoll and of eventfds on other systems, on real sockets."""

import socket
from collections.abc import Callable, Iterator

import pytest
import trio
import trio.testing

from pyzoo.runtime.transport.lookers import MOST_SELECTED, Looker, PollLooker, SelectLooker
from pyzoo.runtime.transport.trio_poller import TrioPoller
from pyzoo.runtime.wakeup import EventfdWakeup, SocketWakeup, Wakeup

IN, OUT = 1, 4
LOOKERS = (PollLooker, SelectLooker)
SECONDS = 60


class Pair:
    """Two ends of a connection; `fd` is that of ours."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.fd = self.ours.fileno()


@pytest.fixture
def pairs() -> Iterator[Callable[[], Pair]]:
    made: list[Pair] = []

    def make() -> Pair:
        made.append(Pair())
        return made[-1]

    yield make
    for pair in made:
        pair.ours.close()
        pair.theirs.close()


@pytest.mark.parametrize("kind", LOOKERS)
def test_a_looker_tells_what_has_happened_of_what_is_wanted(kind: type[Looker], pairs: Callable[[], Pair]) -> None:
    looker, one, other = kind(), pairs(), pairs()
    for pair in (one, other):
        looker.watch(pair.fd, IN)
    assert [] == looker.look(0)
    one.theirs.send(b"x")
    other.theirs.send(b"x")
    looker.watch(other.fd, OUT)
    assert {(one.fd, IN), (other.fd, OUT)} == set(looker.look(0))
    looker.watch(other.fd, IN | OUT)
    looker.forget(one.fd)
    assert [(other.fd, IN | OUT)] == looker.look(0)


@pytest.mark.parametrize("kind", LOOKERS)
def test_a_looker_tells_of_an_end(kind: type[Looker], pairs: Callable[[], Pair]) -> None:
    looker, pair = kind(), pairs()
    looker.watch(pair.fd, IN)
    pair.theirs.close()
    [(fd, mask)] = looker.look(0)
    assert (pair.fd, IN) == (fd, mask & IN)


def test_more_sockets_than_select_takes_are_looked_at_in_parts(
    pairs: Callable[[], Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_SELECTED < 512
    monkeypatch.setattr("pyzoo.runtime.transport.lookers.MOST_SELECTED", 2)
    looker = SelectLooker()
    made = [pairs() for _ in range(5)]
    for pair in made:
        looker.watch(pair.fd, IN)
        pair.theirs.send(b"x")
    assert [(pair.fd, IN) for pair in made] == looker.look(SECONDS)


@pytest.mark.parametrize("kind", [EventfdWakeup, SocketWakeup])
def test_a_wakeup_is_readable_until_it_is_drained(kind: type[Wakeup]) -> None:
    wakeup, looker = kind(), SelectLooker()  # type: ignore[call-arg]  # both take nothing
    looker.watch(wakeup.fd, IN)
    assert ([], False) == (looker.look(0), wakeup.drain())
    for _ in range(100_000):
        wakeup.wake()
    assert [(wakeup.fd, IN)] == looker.look(0)
    assert wakeup.drain()
    assert ([], False) == (looker.look(0), wakeup.drain())
    wakeup.close()


class Seen:
    """What a poller in trio was asked for, and has told."""

    def __init__(self, poller: TrioPoller, most: int = 10) -> None:
        self.poller = poller
        self.most = most
        self.passes: list[set[tuple[int, int]]] = []
        self.news = trio.Event()

    def look(self) -> None:
        self.passes.append(set(self.poller.poll(0, self.most)))
        for fd, _ in self.passes[-1]:
            self.poller.unregister(fd)
        self.news.set()

    async def wait(self) -> None:
        with trio.fail_after(SECONDS):
            await self.news.wait()


async def test_one_pass_finds_what_all_sockets_have(nursery: trio.Nursery, pairs: Callable[[], Pair]) -> None:
    poller = TrioPoller()
    seen = Seen(poller)
    early, late = pairs(), pairs()
    poller.register(early.fd, IN)
    nursery.start_soon(poller.serve, seen.look)
    await trio.testing.wait_all_tasks_blocked()
    poller.register(late.fd, IN)
    await trio.testing.wait_all_tasks_blocked()
    for pair in (early, late):
        pair.theirs.send(b"x")
    await seen.wait()
    await trio.testing.wait_all_tasks_blocked()
    assert [{(early.fd, IN), (late.fd, IN)}] == seen.passes
    nursery.cancel_scope.cancel()


async def test_a_number_that_is_given_to_another_socket_is_waited_for_anew(
    nursery: trio.Nursery, pairs: Callable[[], Pair]
) -> None:
    poller = TrioPoller()
    seen = Seen(poller)
    nursery.start_soon(poller.serve, seen.look)
    gone = pairs()
    poller.register(gone.fd, IN | OUT)
    await seen.wait()
    poller.register(gone.fd, IN)
    await trio.testing.wait_all_tasks_blocked()
    poller.unregister(gone.fd)
    gone.ours.close()
    seen.news = trio.Event()
    another = pairs()
    assert gone.fd == another.fd
    poller.register(another.fd, IN)
    another.theirs.send(b"x")
    await seen.wait()
    assert {(another.fd, IN)} == seen.passes[-1]
    nursery.cancel_scope.cancel()


async def test_what_is_wanted_no_more_wakes_nobody_for_long(nursery: trio.Nursery, pairs: Callable[[], Pair]) -> None:
    poller = TrioPoller()
    seen = Seen(poller)
    nursery.start_soon(poller.serve, seen.look)
    pair = pairs()
    poller.register(pair.fd, IN)
    await trio.testing.wait_all_tasks_blocked()
    poller.modify(pair.fd, 0)
    pair.theirs.send(b"x")
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert [] == seen.passes
    poller.modify(pair.fd, IN)
    await seen.wait()
    assert [{(pair.fd, IN)}] == seen.passes
    nursery.cancel_scope.cancel()


def test_all_take_turns_where_more_has_happened_than_is_asked_for(pairs: Callable[[], Pair]) -> None:
    poller = TrioPoller()
    made = [pairs() for _ in range(5)]
    for pair in made:
        poller.register(pair.fd, IN)
        pair.theirs.send(b"x")
    told = [fd for _ in range(3) for fd, _ in poller.poll(0, 2)]
    assert {pair.fd for pair in made} == set(told)
