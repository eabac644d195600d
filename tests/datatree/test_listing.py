"""The encoded lists of children that are kept while children come and go."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyzoo.datatree.listing import CROWDED_BUCKETS
from pyzoo.datatree.listings import CACHED_LISTINGS
from pyzoo.datatree.tree import DataTree
from tests.support.examples import examples

COLLIDING = ("Aa", "BB")
"""Two words of one hash: names made of them share their bucket."""


def names(count: int) -> list[str]:
    """Names of which every sixteen or so are in one bucket."""
    return ["".join([COLLIDING[(index >> bit) & 1] for bit in range(4)]) + f"{index // 16:x}" for index in range(count)]


def crowd(driver: Any, count: int) -> list[str]:
    driver.create("/p")
    paths = ["/p/" + name for name in names(count)]
    for path in paths:
        driver.create(path)
    return paths


steps = st.lists(
    st.tuples(st.sampled_from(["add", "delete", "again", "list", "work"]), st.integers(0, 2000)), max_size=60
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(0, 40))
def test_a_kept_listing_is_what_a_fresh_one_would_be(
    driver_of: Callable[[DataTree], Any], steps: list[tuple[str, int]], short: int
) -> None:
    driver = driver_of(DataTree())
    # A table of 2048 buckets has grown with one more than 1536 children: some runs come across that.
    paths = crowd(driver, 1536 - short)
    node = driver.tree.get_node("/p")
    for step, at in steps:
        path = paths[at % len(paths)]
        if step == "add":
            paths.append(f"/p/more-{len(paths)}")
            driver.create(paths[-1])
        elif step == "delete":
            driver.delete(path)
        elif step == "again":
            driver.delete(path)
            driver.create(path)
        elif step == "work":
            driver.tree.listings.crowd_of(node).work(at)
        else:
            assert driver.tree.listings.encoded(node) == node.children.encoded()
    assert driver.tree.listings.encoded(node) == node.children.encoded()


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["add", "delete", "again"]), st.integers(0, 3000)), max_size=60), st.data())
def test_a_listing_that_is_made_bit_by_bit_has_who_came_and_left_meanwhile(
    driver_of: Callable[[DataTree], Any], steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    driver = driver_of(DataTree())
    # Two bins.
    paths = crowd(driver, 3000)
    node = driver.tree.get_node("/p")
    listing = driver.tree.listings.crowd_of(node)
    for step, at in steps:
        listing.work(data.draw(st.integers(1, 200)))
        path = paths[at % len(paths)]
        if step == "add":
            paths.append(f"/p/more-{len(paths)}")
            driver.create(paths[-1])
        elif driver.tree.get_node(path) is None:
            driver.create(path)
        else:
            driver.delete(path)
            if step == "again":
                driver.create(path)
    assert driver.tree.listings.encoded(node) == node.children.encoded()
    assert listing is node.children.crowd


def test_more_may_come_and_leave_than_anybody_lists(driver: Any) -> None:
    crowd(driver, 800)
    node = driver.tree.get_node("/p")
    driver.tree.listings.encoded(node)
    for at in range(4000):
        driver.create(f"/p/{at}")
        if at % 100:
            driver.delete(f"/p/{at}")
    assert driver.tree.listings.encoded(node) == node.children.encoded()


@pytest.mark.parametrize("name", ["ä{}", "\u4e16\u754c{}", "\U0001f600{}", "{}\uffee"])
def test_names_beyond_ascii_have_their_places_too(driver: Any, name: str) -> None:
    crowd(driver, 1000)
    for at in range(200):
        driver.create("/p/" + name.format(at))
    node = driver.tree.get_node("/p")
    assert driver.tree.listings.encoded(node) == node.children.encoded()
    for at in range(300):
        if at % 3:
            driver.create("/p/" + name.format(f"again{at}"))
        elif at < 200:
            driver.delete("/p/" + name.format(at))
    assert driver.tree.listings.encoded(node) == node.children.encoded()


def test_a_name_without_a_character_as_a_snapshot_may_have_it_is_listed_too(driver: Any) -> None:
    driver.create("/p")
    driver.tree.load_node("/p/", b"", -1, 1, 1, 0, 0, 0, 0, 0, 0, 1)
    node = driver.tree.get_node("/p")
    node.children.buckets = CROWDED_BUCKETS
    assert driver.tree.listings.encoded(node) == b"\0\0\0\1" + b"\0\0\0\0"


def test_a_crowded_node_that_becomes_empty_and_crowded_again_is_listed_rightly(driver: Any) -> None:
    paths = crowd(driver, 800)
    node = driver.tree.get_node("/p")
    driver.tree.listings.encoded(node)
    for path in paths:
        driver.delete(path)
    assert driver.tree.listings.encoded(node) == b"\0\0\0\0"
    for path in reversed(paths):
        driver.create(path)
    assert driver.tree.listings.encoded(node) == node.children.encoded()


def test_an_unchanged_crowded_node_gives_the_very_same_bytes(driver: Any) -> None:
    crowd(driver, 800)
    node = driver.tree.get_node("/p")
    assert driver.tree.listings.encoded(node) is driver.tree.listings.encoded(node)


def test_only_so_many_crowded_listings_are_kept(driver: Any) -> None:
    nodes = []
    for at in range(CACHED_LISTINGS + 1):
        driver.create(f"/n{at}")
        driver.create(f"/n{at}/c")
        nodes.append(driver.tree.get_node(f"/n{at}"))
        nodes[-1].children.buckets = CROWDED_BUCKETS
        driver.tree.listings.encoded(nodes[-1])
    assert nodes[0].children.crowd is None
    assert all(node.children.crowd is not None for node in nodes[1:])
    assert [node.children.cached is None for node in nodes] == [True] * CACHED_LISTINGS + [False]
