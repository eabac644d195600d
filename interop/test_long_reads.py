"""Reads that pyzoo answers bit by bit, because they are long: the same bytes in the same order as the original's."""

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.words import blanked

CHILDREN = 6000
EPHEMERALS = 3000
AT_ONCE = 500


def create_many(session: PairSession, paths: list[str], flags: int = 0) -> None:
    for at in range(0, len(paths), AT_ONCE):
        some = paths[at : at + AT_ONCE]
        session.call(rq.MULTI, rq.multi([(rq.CREATE, rq.create(path, flags=flags)) for path in some]))


@pytest.fixture
def crowd(session: PairSession, place: str) -> str:
    create_many(session, [f"{place}/child-{at}" for at in range(CHILDREN)])
    return place


def test_a_long_listing_and_what_comes_behind_it(session: PairSession, crowd: str) -> None:
    session.call(rq.GET_CHILDREN2, rq.path_watch(crowd))
    for at in range(3):
        session.call(rq.DELETE, rq.path_version(f"{crowd}/child-{at * 1000}"))
        session.pipeline(
            [
                (rq.GET_CHILDREN, rq.path_watch(crowd)),
                (rq.CREATE, rq.create(f"{crowd}/more-{at}")),
                (rq.GET_CHILDREN2, rq.path_watch(crowd)),
                (rq.GET_ALL_CHILDREN_NUMBER, rq.text(crowd)),
                (rq.EXISTS, rq.path_watch(crowd)),
            ]
        )


def test_the_watch_of_a_long_listing_fires_behind_it(session: PairSession, crowd: str) -> None:
    session.pipeline([(rq.GET_CHILDREN, rq.path_watch(crowd, True)), (rq.DELETE, rq.path_version(f"{crowd}/child-7"))])


def test_a_long_multi_read(session: PairSession, crowd: str) -> None:
    session.call(rq.SET_DATA, rq.set_data(crowd, b"x" * 100_000))
    reads = [(rq.GET_DATA, rq.path_watch(f"{crowd}/child-{at * 3}")) for at in range(CHILDREN // 2)]
    reads += [(rq.GET_CHILDREN, rq.path_watch(crowd)), (rq.GET_DATA, rq.path_watch(crowd))] * 5
    session.call(rq.MULTI_READ, rq.multi(reads))


def test_very_many_ephemerals(pair: Pair, place: str) -> None:
    owner = pair.connect()
    create_many(owner, [f"{place}/e-{at}" for at in range(EPHEMERALS)], flags=1)
    owner.call(rq.GET_EPHEMERALS, rq.text("/"))
    owner.call(rq.GET_EPHEMERALS, rq.text(f"{place}/e-1"))
    owner.call(rq.DELETE, rq.path_version(f"{place}/e-1"))
    owner.call(rq.GET_EPHEMERALS, rq.text(place))


def test_very_many_watches_of_a_client_that_comes_back(pair: Pair, session: PairSession, crowd: str) -> None:
    there = [f"{crowd}/child-{at}" for at in range(0, CHILDREN, 5)]
    gone = [f"{crowd}/gone-{at}" for at in range(3000)]
    session.call(rq.SET_WATCHES, rq.set_watches(1 << 40, [*there, *gone], [*gone, *there], there))
    session.call(rq.SET_WATCHES2, rq.set_watches(1 << 40, there, gone, there, gone, gone))
    for word in (b"wchs", b"wchc", b"wchp"):
        pair.four_letter_word(word, blanked)
