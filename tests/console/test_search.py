"""Searching below a path: what is found, and where it stops and goes on."""

from pyzoo.console.nodes.counting import count
from pyzoo.console.nodes.reader import Reader
from pyzoo.console.nodes.search import Bounds, Found, SearchResult, Wanted, search
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.access_control import AccessControl
from tests.support.large_trees import grow

ANYBODY = [Id("ip", "127.0.0.1")]


def small_tree() -> DataTree:
    tree = DataTree(digest_enabled=False)
    grow(tree, ["Lock-1", "b", "c"], "/top", b"data of lock")
    grow(tree, ["lock-2", "x"], "/top/b", b"\x00\xff")
    return tree


class Clock:
    """Time goes on with every pause."""

    def __init__(self, step_ms: int = 0) -> None:
        self.now = 0
        self.step = step_ms

    def now_ms(self) -> int:
        return self.now

    async def pause(self) -> None:
        self.now += self.step


async def look(
    tree: DataTree, wanted: Wanted, bounds: Bounds | None = None, after: str = "", step_ms: int = 0
) -> SearchResult:
    clock, reader = Clock(step_ms), Reader(tree, AccessControl([], False), ANYBODY)
    return await search(reader, "/top", after, wanted, bounds or Bounds(), clock.now_ms, clock.pause)


def paths_of(result: SearchResult) -> list[str]:
    return [found.path for found in result.found]


async def test_names_are_found_whatever_their_case() -> None:
    result = await look(small_tree(), Wanted(name="LOCK-"))
    assert (["/top/Lock-1", "/top/b/lock-2"], 6, "") == (paths_of(result), result.nodes, result.go_on)


async def test_content_is_found_with_what_is_around_it() -> None:
    result = await look(small_tree(), Wanted(content=b"of"))
    assert Found("/top/Lock-1", 12, b"data ", b"of", b" lock") == result.found[0]
    assert ["/top/b/lock-2", "/top/b/x"] == paths_of(await look(small_tree(), Wanted(content=b"\xff")))


async def test_name_and_content_have_to_hold_both() -> None:
    assert ["/top/b"] == paths_of(await look(small_tree(), Wanted("b", b"data")))


async def test_data_that_may_not_be_read_is_not_searched() -> None:
    tree = small_tree()
    tree.nodes["/top/b"].acl_id = tree.acl_cache.acl_id_for([ACL(31, "digest", "bob:x")])
    result = await look(tree, Wanted(content=b"lock"))
    assert (["/top/Lock-1", "/top/c"], 1) == (paths_of(result), result.refused)
    # Its name is one of the children of a node that may be read.
    assert ["/top/b"] == paths_of(await look(tree, Wanted(name="b")))


async def test_each_bound_stops_the_search_and_says_how_it_goes_on() -> None:
    tree = DataTree(digest_enabled=False)
    grow(tree, [f"{at:04}" for at in range(3000)], "/top", b"12345")
    everything = [f"/top/{at:04}" for at in range(3000)]
    for bounds, step_ms, wanted, by in (
        (Bounds(found=7), 0, Wanted(name="*"), "found"),
        (Bounds(nodes=600, found=5000), 0, Wanted(name="*"), "nodes"),
        (Bounds(bytes=4000, found=5000), 0, Wanted(content=b"3"), "bytes"),
        (Bounds(time_ms=20, found=5000), 10, Wanted(content=b"3"), "time"),
    ):
        found: list[str] = []
        result = await look(tree, wanted, bounds, step_ms=step_ms)
        assert by == result.stopped_by
        while True:
            found += paths_of(result)
            if not result.go_on:
                break
            result = await look(tree, wanted, bounds, result.go_on, step_ms)
        assert everything == [path for path in found if path != "/top"]


async def test_what_is_below_a_node_is_counted() -> None:
    clock, tree = Clock(), small_tree()
    tree.nodes["/top/b"].acl_id = tree.acl_cache.acl_id_for([ACL(31, "digest", "bob:x")])
    reader = Reader(tree, AccessControl([], False), ANYBODY)
    amount = await count(reader, "/top", clock.now_ms, clock.pause)
    assert (4, 24, 1, True) == (amount.nodes, amount.bytes, amount.refused, amount.is_whole)


async def test_a_count_that_takes_too_long_says_that_there_is_more() -> None:
    clock, tree = Clock(2000), DataTree(digest_enabled=False)
    grow(tree, [f"{at:04}" for at in range(3000)], "/top")
    reader = Reader(tree, AccessControl([], False), ANYBODY)
    amount = await count(reader, "/top", clock.now_ms, clock.pause)
    assert (False, True) == (amount.is_whole, 0 < amount.nodes < 3000)
