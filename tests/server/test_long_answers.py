"""Four-letter words with a line for each of very many: in slices, and no faster than they are read."""

from collections.abc import Callable

import pytest

from pyzoo.server.clients.cnxn import OUT_HIGH_WATER
from pyzoo.server.slices import NEVER
from tests.support.dialogue import Client, LoneServer

EVERY_WORD = frozenset({"*"})
WORDS = ["cons", "dump", "stat", "wchc", "wchp"]


def crowded(slice_units: int) -> LoneServer:
    """A server with some sessions, ephemerals and watches."""
    world = LoneServer(four_letter_word_whitelist=EVERY_WORD, slice_units=slice_units)
    for number in range(20):
        client = world.connect()
        for at in range(30):
            world.server.tree.data_watches.add(f"/watched-{at * (number % 3 + 1)}", client.cnxn)
        if number % 4 == 0:
            for at in range(number):
                client.create(f"/ephemeral-{number}-{at}", flags=1)
            world.finish_work()
    return world


def answer(world: LoneServer, word: str) -> tuple[bytes, int]:
    """The whole text, and the turns after the first that it took."""
    client = world.socket()
    client.send(word.encode())
    turns = world.finish_work()
    assert client.closed
    return client.received, turns


@pytest.mark.parametrize("word", WORDS)
def test_an_answer_in_slices_is_the_same(word: str) -> None:
    whole, at_once = answer(crowded(1_000_000), word)
    sliced, turns = answer(crowded(1), word)
    assert len(whole) > 1000
    assert (whole, 0) == (sliced, at_once)
    assert turns > 20


def test_others_are_served_while_a_word_is_answered() -> None:
    world = crowded(1)
    other = world.connect()
    other.create("/a", b"data")
    world.finish_work()
    asking = world.socket()
    asking.send(b"wchp")
    served = 0
    while not asking.closed:
        world.now_ms += 10
        assert b"data" == other.data("/a")
        served += 1
    assert served > 100


def test_what_comes_behind_a_word_is_not_looked_at() -> None:
    world = crowded(1)
    client = world.socket()
    client.send(b"wchs")
    client = world.socket()
    client.send(b"wchp")
    received = world.server.stats.packets_received
    client.send(b"ruok")
    world.finish_work()
    assert received == world.server.stats.packets_received
    assert b"imok" not in client.received


def many_watches(world: LoneServer, count: int) -> Callable[[], Client]:
    watcher = world.connect()
    for at in range(count):
        world.server.tree.data_watches.add(f"/a-path-of-some-length/watched-{at:010}", watcher.cnxn)
    return world.socket


def test_a_client_that_does_not_read_stops_the_answer() -> None:
    world = LoneServer(four_letter_word_whitelist=EVERY_WORD)
    client = many_watches(world, 40_000)()
    client.take = lambda: None  # type: ignore[method-assign]
    client.send(b"wchc")
    world.finish_work()
    assert OUT_HIGH_WATER <= client.cnxn.waiting_bytes() < OUT_HIGH_WATER + 1000
    del client.take
    client.take()
    world.finish_work()
    assert client.closed
    assert 40_000 == client.received.count(b"watched-")


def test_a_client_that_goes_away_ends_the_answer() -> None:
    world = LoneServer(four_letter_word_whitelist=EVERY_WORD)
    client = many_watches(world, 40_000)()
    client.send(b"wchc")
    client.hang_up()
    assert NEVER == world.server.slices.next_ms
