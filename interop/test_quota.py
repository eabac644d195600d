"""Quotas: bookkeeping always, enforcement with enforceQuota=true."""

import pytest

from interop import requests as rq
from interop.conftest import PairWith
from interop.pair import Pair, PairSession
from interop.server import Config

CONFIG = Config(lines={"enforceQuota": "true"})
UNENFORCED = Config()
LIMITS = ["count=4,bytes=20", "count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=4",
"count=4,bytes=-1=;countHardLimit=2",
          "count=0,bytes=0=;byteHardLimit=0;countHardLimit=0", "count=2", "bytes=5", "",
          "count=-1,bytes=-1=;byteHardLimit=10",
          "countHardLimit=3", "count=1,bytes=1=;foo=9;countHardLimit=100", "garbage", "count=x,bytes=1",
          "count=1;;bytes=2",
          ",", ";", "=", "count=", "count=3=4", "count=+5", "count= 5", "count=99999999999999999999",
          "countHardLimit=3,,bytes=7",
          "count=-5,bytes=-7=;countHardLimit=-3"]  # fmt: skip


def set_quota(session: PairSession, path: str, limits: rq.Text) -> None:
    quota = "/zookeeper/quota"
    for part in path.strip("/").split("/"):
        quota += f"/{part}"
        session.call(rq.CREATE, rq.create(quota))
    session.call(rq.CREATE, rq.create(f"{quota}/zookeeper_limits", limits))
    session.call(rq.CREATE, rq.create(f"{quota}/zookeeper_stats", "count=-1,bytes=-1"))


def look_at_quota(session: PairSession, path: str) -> None:
    for name in ("zookeeper_limits", "zookeeper_stats"):
        session.call(rq.GET_DATA, rq.path_watch(f"/zookeeper/quota{path}/{name}"))


def use(session: PairSession, place: str) -> None:
    """Operations that a quota on `place` may refuse; the statistics are read after each."""
    for opcode, body in (
        (rq.CREATE, rq.create(f"{place}/a", b"12345")),
        (rq.CREATE2, rq.create(f"{place}/b", None)),
        (rq.SET_DATA, rq.set_data(f"{place}/a", b"1234567890")),
        (rq.SET_DATA, rq.set_data(f"{place}/a", b"1234567890", 99)),
        (rq.SET_DATA, rq.set_data(f"{place}/a", b"0123456789")),
        (rq.SET_DATA, rq.set_data(place, b"x" * 50)),
        (rq.SET_DATA, rq.set_data(place, b"x" * 40)),
        (rq.SET_DATA, rq.set_data(place, None)),
        (rq.CREATE, rq.create(f"{place}/a/deep", b"1", flags=1)),
        (rq.CREATE, rq.create(f"{place}/s-", b"1", flags=2)),
        (rq.CREATE_CONTAINER, rq.create(f"{place}/c", b"1", flags=4)),
        (rq.CREATE, rq.create(f"{place}/a", b"12345")),
        (rq.DELETE, rq.path_version(f"{place}/b")),
        (rq.MULTI, rq.multi([(rq.CREATE, rq.create(f"{place}/m{n}", b"12")) for n in range(3)])),
        (rq.MULTI, rq.multi([(rq.SET_DATA, rq.set_data(place, b"123456789" * 9)), (rq.CHECK, rq.path_version(place))])),
        (rq.DELETE, rq.path_version(f"{place}/a/deep")),
        (rq.DELETE, rq.path_version(f"{place}/a")),
    ):
        session.call(opcode, body)
        look_at_quota(session, place)


@pytest.mark.parametrize("limits", LIMITS)
def test_limits(session: PairSession, place: str, limits: str) -> None:
    set_quota(session, place, limits)
    look_at_quota(session, place)
    use(session, place)


def test_bookkeeping_without_enforcement(pair_with: PairWith) -> None:
    session = pair_with(UNENFORCED).connect()
    session.call(rq.CREATE, rq.create("/unenforced", b"data"))
    session.call(rq.CREATE, rq.create("/unenforced/child", b"more data"))
    set_quota(session, "/unenforced", "count=1,bytes=1=;byteHardLimit=1;countHardLimit=1")
    use(session, "/unenforced")


def test_nested_quotas_book_the_deepest(session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/k", b"k"))
    session.call(rq.CREATE, rq.create(f"{place}/kk", b"kk"))
    set_quota(session, place, "count=-1,bytes=-1=;countHardLimit=6")
    set_quota(session, f"{place}/k", "count=-1,bytes=-1=;countHardLimit=3")
    for path in ("k/1", "k/2", "k/3", "kk/1", "kk/2", "kk/3", "l"):
        session.call(rq.CREATE, rq.create(f"{place}/{path}", b"data"))
        look_at_quota(session, place)
        look_at_quota(session, f"{place}/k")
    session.call(rq.DELETE, rq.path_version(f"/zookeeper/quota{place}/k/zookeeper_limits"))
    session.call(rq.CREATE, rq.create(f"{place}/k/4"))
    look_at_quota(session, place)
    session.call(rq.DELETE, rq.path_version(f"/zookeeper/quota{place}/k/zookeeper_stats"))
    session.call(rq.CREATE, rq.create(f"{place}/k/5"))
    look_at_quota(session, place)


def test_a_quota_without_statistics_is_not_checked(session: PairSession, place: str) -> None:
    session.call(rq.CREATE, rq.create(f"/zookeeper/quota{place}"))
    session.call(rq.CREATE, rq.create(f"/zookeeper/quota{place}/zookeeper_limits", "count=0=;countHardLimit=0"))
    session.call(rq.CREATE, rq.create(f"{place}/a"))
    session.call(rq.CREATE, rq.create(f"/zookeeper/quota{place}/zookeeper_stats"))
    look_at_quota(session, place)
    session.call(rq.CREATE, rq.create(f"{place}/b"))
    session.call(rq.SET_DATA, rq.set_data(f"/zookeeper/quota{place}/zookeeper_limits", "count=9=;countHardLimit=9"))
    session.call(rq.CREATE, rq.create(f"{place}/b"))
    session.call(rq.DELETE, rq.path_version(f"/zookeeper/quota{place}/zookeeper_stats"))
    session.call(rq.CREATE, rq.create(f"{place}/c"))


def test_a_quota_on_a_node_that_comes_later(session: PairSession, place: str) -> None:
    set_quota(session, f"{place}/later", "count=-1,bytes=-1=;countHardLimit=2")
    look_at_quota(session, f"{place}/later")
    for path in ("later", "later/a", "later/b", "later2"):
        session.call(rq.CREATE, rq.create(f"{place}/{path}", b"1"))
        look_at_quota(session, f"{place}/later")
    for path in ("later/a", "later/b", "later"):
        session.call(rq.DELETE, rq.path_version(f"{place}/{path}"))
        look_at_quota(session, f"{place}/later")


def test_expiring_ephemerals_are_booked(pair: Pair, session: PairSession, place: str) -> None:
    set_quota(session, place, "count=-1,bytes=-1=;countHardLimit=4")
    other = pair.connect()
    for number in range(5):
        other.call(rq.CREATE, rq.create(f"{place}/e{number}", b"123", flags=1))
    look_at_quota(session, place)
    other.call(rq.CLOSE_SESSION)
    look_at_quota(session, place)
