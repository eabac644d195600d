"""Orders that come from Java's hash tables, on sizes where they matter."""

import random

import pytest

from interop import requests as rq
from interop.pair import Pair, PairSession


def name(chance: random.Random) -> str:
    return chance.choice(
        [
            str(chance.randrange(10**6)),
            f"node-{chance.randrange(3000):010d}",
            "".join(chance.choices("abAB", k=chance.randrange(1, 9))),
            "".join(chance.choices("äß中日\uf900\uffef-", k=chance.randrange(1, 6))),
            f"{chance.randrange(1 << 60):x}",
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_children_after_random_creates_and_deletes(session: PairSession, place: str, seed: int) -> None:
    chance = random.Random(seed)
    names: list[str] = []
    for _ in range(40):
        batch = []
        for _ in range(100):
            if names and chance.random() < 0.35:
                gone = names.pop(chance.randrange(len(names)))
                batch.append((rq.DELETE, rq.path_version(f"{place}/{gone}")))
            else:
                names.append(name(chance))
                batch.append((rq.CREATE, rq.create(f"{place}/{names[-1]}")))
        session.pipeline(batch)
        session.call(rq.GET_CHILDREN2, rq.path_watch(place))
    for gone in names[5:]:
        session.send(rq.DELETE, rq.path_version(f"{place}/{gone}"))
    session.receive([rq.DELETE] * (len(names) - 5), "deletes")
    session.call(rq.GET_CHILDREN, rq.path_watch(place))
    session.call(rq.MULTI_READ, rq.multi([(rq.GET_CHILDREN, rq.path_watch(place))]))


def test_children_of_every_small_number(session: PairSession, place: str) -> None:
    for number in range(120):
        session.call(rq.CREATE, rq.create(f"{place}/c{number * 7919}"))
        session.call(rq.GET_CHILDREN, rq.path_watch(place))


def test_ephemerals_of_every_small_number(pair: Pair, session: PairSession, place: str) -> None:
    chance = random.Random(11)
    session.call(rq.ADD_WATCH, rq.path_int(place, 1))
    for count in [*range(1, 40), 97, 192, 193, 400]:
        owner = pair.connect()
        owner.pipeline([(rq.CREATE, rq.create(f"{place}/{name(chance)}", flags=1)) for _ in range(count)])
        owner.call(rq.GET_EPHEMERALS, rq.text("/"))
        owner.call(rq.CLOSE_SESSION)
        owner.expect_end("close")
        session.call(rq.PING)


def test_ephemerals_after_deletes(pair: Pair, place: str) -> None:
    chance = random.Random(12)
    owner = pair.connect()
    paths = [f"{place}/{number}-{name(chance)}" for number in range(300)]
    owner.pipeline([(rq.CREATE, rq.create(path, flags=1)) for path in paths])
    chance.shuffle(paths)
    while paths:
        owner.pipeline([(rq.DELETE, rq.path_version(paths.pop())) for _ in range(20)])
        owner.call(rq.GET_EPHEMERALS, rq.text("/"))


def test_a_directory_of_many_thousand_children(session: PairSession, place: str) -> None:
    for start in range(0, 20000, 1000):
        session.pipeline([(rq.CREATE, rq.create(f"{place}/child-{number}")) for number in range(start, start + 1000)])
    session.call(rq.GET_CHILDREN2, rq.path_watch(place))
    session.call(rq.GET_ALL_CHILDREN_NUMBER, rq.text(place))
