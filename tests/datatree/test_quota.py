"""Quotas: the text of their nodes, the bookkeeping, and the judgement."""

from typing import Any

import pytest

from pyzoo.datatree.stats_track import parse_stats
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import MARSHALLINGERROR, QUOTAEXCEEDED, KeeperError

QUOTA = "/zookeeper/quota"


def set_quota(driver: Any, prefix: str, limits: bytes | None = b"count=-1,bytes=-1") -> None:
    path = QUOTA
    for component in prefix.split("/")[1:]:
        path += "/" + component
        if driver.tree.get_node(path) is None:
            driver.create(path)
    driver.create(path + "/zookeeper_limits", limits)
    driver.create(path + "/zookeeper_stats", b"count=-1,bytes=-1")


def usage(driver: Any, prefix: str) -> bytes:
    data = driver.tree.get_node(f"{QUOTA}{prefix}/zookeeper_stats").data
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (b"", b"count=-1,bytes=-1"),
        (b"count=3,bytes=8", b"count=3,bytes=8"),
        (b"bytes=8;count=+3,,", b"count=3,bytes=8"),
        (b"count=,bytes=8", None),
        (b"count==5,bytes=8=", b"count=-1,bytes=8"),
        (
            b"count=1,bytes=2=;foo=9;countHardLimit=4;byteHardLimit=5",
            b"count=1,bytes=2=;byteHardLimit=5;countHardLimit=4;foo=9",
        ),
        (b"count", None),
        (b"count=x", None),
        (b"count=1_0", None),
        (b"count=9223372036854775808", None),
        (b",count=1", None),
        (b"=", None),
        (b"\xff", None),
        (None, None),
    ],
)
def test_the_text_is_read_and_written_as_stats_track_does(text: bytes | None, again: bytes | None) -> None:
    if again is None:
        with pytest.raises(ValueError, match=r"no value|not a number|64 bits|without data"):
            parse_stats(text)
    else:
        assert again == parse_stats(text).encode()


def test_a_new_stats_node_gets_the_real_numbers(driver: Any) -> None:
    driver.create("/q", b"12345")
    driver.create("/q/a", b"678")
    driver.create("/q/b", None)
    set_quota(driver, "/q")
    assert usage(driver, "/q") == b"count=3,bytes=8"
    stats = driver.tree.get_node(f"{QUOTA}/q/zookeeper_stats")
    assert (stats.mzxid, stats.version) == (stats.czxid, 0)


def test_every_change_below_is_booked(driver: Any) -> None:
    set_quota(driver, "/q")
    driver.create("/q", b"12")
    driver.create("/q/a", b"345")
    driver.create("/qq", b"no")
    assert usage(driver, "/q") == b"count=2,bytes=5"
    driver.set_data("/q/a", None)
    assert usage(driver, "/q") == b"count=2,bytes=2"
    driver.delete("/q/a")
    assert usage(driver, "/q") == b"count=1,bytes=2"


def test_only_the_deepest_prefix_is_booked(driver: Any) -> None:
    driver.create("/q")
    driver.create("/q/k")
    set_quota(driver, "/q")
    set_quota(driver, "/q/k")
    driver.create("/q/k/a", b"xx")
    assert usage(driver, "/q") == b"count=2,bytes=0"
    assert usage(driver, "/q/k") == b"count=2,bytes=2"


def test_a_deleted_limits_node_ends_the_quota(driver: Any) -> None:
    driver.create("/q")
    set_quota(driver, "/q")
    driver.delete(f"{QUOTA}/q/zookeeper_limits")
    driver.create("/q/a")
    assert usage(driver, "/q") == b"count=1,bytes=0"
    assert driver.tree.quotas.deepest("/q/a") is None


def test_a_missing_stats_node_is_ignored(driver: Any) -> None:
    driver.create("/q")
    set_quota(driver, "/q")
    driver.delete(f"{QUOTA}/q/zookeeper_stats")
    assert driver.create("/q/a").err == 0


def test_blank_components_do_not_count(driver: Any) -> None:
    driver.create("/q")
    driver.create("/q/ ")
    set_quota(driver, "/q")
    assert driver.tree.quotas.deepest("/q/ /a") == "/q"
    assert driver.tree.quotas.deepest("/ /q") == "/q"


def test_bookkeeping_does_not_touch_the_digest(driver: Any) -> None:
    set_quota(driver, "/q")
    driver.create("/q", b"x")
    assert driver.tree.get_node(f"{QUOTA}/q/zookeeper_stats").digest == 0


def test_loading_counts_again_with_nested_quotas(driver: Any) -> None:
    driver.create("/q", b"1")
    driver.create("/q/k", b"22")
    set_quota(driver, "/q")
    set_quota(driver, "/q/k")
    driver.set_data(f"{QUOTA}/q/zookeeper_stats", b"count=99,bytes=99=;foo=1")
    loaded = DataTree()
    loaded.clear()
    waiting = [""]
    while waiting:
        path = waiting.pop()
        node = driver.tree.get_node(path)
        loaded.load_node(path, node.data, -1, 1, 1, 1, 1, 0, 0, 0, 0, 1)
        waiting.extend([] if node.children is None else node.children.paths)
    loaded.finish_load()
    for prefix, expected in (("/q", b"count=2,bytes=3"), ("/q/k", b"count=1,bytes=2")):
        node = loaded.get_node(f"{QUOTA}{prefix}/zookeeper_stats")
        assert node is not None
        assert expected == node.data
    assert loaded.quotas.deepest("/q/k/x") == "/q/k"


# --- names and data that are no quota


@pytest.mark.parametrize("parent", ["/a", "/a/b", "/zookeeper", QUOTA, "/zookeepers", "/zookeeper/quotas"])
@pytest.mark.parametrize("name", ["zookeeper_limits", "zookeeper_stats"])
def test_the_names_of_quotas_are_ordinary_where_no_node_is_meant(driver: Any, parent: str, name: str) -> None:
    for path in ("/a", "/a/b", "/zookeepers", "/zookeeper/quotas"):
        driver.create(path)
    assert driver.create(f"{parent}/{name}", b"count=1,bytes=1").err == 0
    driver.create("/a/c")
    assert driver.tree.quotas.deepest("/a/c") is None
    assert driver.delete(f"{parent}/{name}").err == 0


@pytest.mark.parametrize("garbage", [b"garbage", None, b"count=x"])
def test_garbage_in_the_stats_counts_as_nothing_used(driver: Any, garbage: bytes | None) -> None:
    driver.create("/q")
    set_quota(driver, "/q")
    driver.set_data(f"{QUOTA}/q/zookeeper_stats", garbage)
    driver.create("/q/a", b"xyz")
    assert usage(driver, "/q") == b"count=1,bytes=3"


# --- judging


def verdict(driver: Any, count: int, size: int, path: str = "/q/new") -> int | bool:
    try:
        exceeded: bool = driver.tree.quotas.check(path, count, size)
    except KeeperError as error:
        return error.code
    return exceeded


@pytest.mark.parametrize(
    ("limits", "count", "size", "expected"),
    [
        (b"count=-1,bytes=-1", 99, 99, False),
        (b"count=-1,bytes=-1=;countHardLimit=2", 1, 0, False),
        (b"count=-1,bytes=-1=;countHardLimit=1", 1, 0, QUOTAEXCEEDED),
        (b"count=-1,bytes=-1=;countHardLimit=0", 1, 0, QUOTAEXCEEDED),
        (b"count=-1,bytes=-1=;countHardLimit=0", 0, 5, False),
        (b"count=0,bytes=-1", 1, 0, True),
        (b"count=0,bytes=-1=;countHardLimit=5", 1, 0, False),
        (b"count=-1,bytes=-1=;byteHardLimit=9", 0, 6, False),
        (b"count=-1,bytes=-1=;byteHardLimit=9", 1, 7, QUOTAEXCEEDED),
        (b"count=-1,bytes=-1=;byteHardLimit=1", 0, -1, QUOTAEXCEEDED),
        (b"count=-1,bytes=-1=;byteHardLimit=1", 0, 0, False),
        (b"count=-1,bytes=1", 0, 9, True),
        (b"count", 0, 0, MARSHALLINGERROR),
        (None, 1, 1, MARSHALLINGERROR),
    ],
)
def test_a_change_is_judged_by_committed_usage(
    driver: Any, limits: bytes | None, count: int, size: int, expected: int | bool
) -> None:
    driver.create("/q", b"123")
    set_quota(driver, "/q", limits)
    assert expected == verdict(driver, count, size)
    assert verdict(driver, count, size, "/other") is False


@pytest.mark.parametrize("missing", ["zookeeper_stats", "zookeeper_limits"])
def test_without_one_of_the_two_nodes_nothing_is_judged(driver: Any, missing: str) -> None:
    driver.create("/q")
    set_quota(driver, "/q", b"count=-1,bytes=-1=;countHardLimit=0")
    driver.delete(f"{QUOTA}/q/{missing}")
    assert verdict(driver, 1, 1) is False
