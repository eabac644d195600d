"""Who is reached from above, and which quota covers a path: held against the rule that walks up all ancestors."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.node_table import NodeTable
from pyzoo.datatree.path_lengths import PathLengths
from pyzoo.datatree.quota import LIMITS_NAME, QuotaBook
from pyzoo.datatree.recursive_watches import RecursiveWatches
from pyzoo.datatree.watches import NODE_DATA_CHANGED, PERSISTENT, PERSISTENT_RECURSIVE, STANDARD, WatchManager
from tests.datatree.conftest import OPEN, RecordingWatcher

COMPONENTS = st.sampled_from(["a", "b", "aa", "ab", "bb", "aaa", "é"])
PATHS = st.lists(COMPONENTS, max_size=6).map(lambda components: "/" + "/".join(components))


def ancestors(path: str) -> list[str]:
    """All paths above this one, the deepest first."""
    components = path.split("/")[1:] if path != "/" else []
    return ["/" + "/".join(components[:end]) for end in reversed(range(len(components)))]


@given(st.lists(PATHS, max_size=30), st.lists(PATHS, max_size=30), PATHS)
def test_what_is_above_a_path_is_found_as_by_walking_up(entered: list[str], left: list[str], path: str) -> None:
    watcher = RecordingWatcher()
    watches = RecursiveWatches()
    expected = set(entered)
    for one in entered:
        watches.enter(one, watcher)
    for one in left:
        if one in expected:
            expected.remove(one)
            watches.leave(one, watcher)
    assert watches.above(path) == [above for above in ancestors(path) if above in expected]


@given(st.lists(st.tuples(PATHS, st.integers(0, 4), st.sampled_from([STANDARD, PERSISTENT, PERSISTENT_RECURSIVE])),
                max_size=30), PATHS)  # fmt: skip
def test_watchers_are_reached_at_the_path_and_then_from_below_up(entered: list[Any], path: str) -> None:
    watchers = [RecordingWatcher() for _ in range(5)]
    watches = WatchManager()
    lasting: dict[str, list[RecordingWatcher]] = {}
    standard: dict[str, list[RecordingWatcher]] = {}
    recursive: dict[str, list[RecordingWatcher]] = {}
    for one, number, mode in entered:
        watches.add(one, watchers[number], mode)
        (standard if mode == STANDARD else lasting).setdefault(one, []).append(watchers[number])
        if mode == PERSISTENT_RECURSIVE:
            recursive.setdefault(one, []).append(watchers[number])
    expected = lasting.get(path, []) + standard.get(path, [])
    for above in ancestors(path):
        expected += recursive.get(above, [])
    assert list(watches.trigger(path, NODE_DATA_CHANGED, 1, OPEN) or {}) == list(dict.fromkeys(expected))


@given(st.lists(PATHS, max_size=20), st.lists(PATHS, max_size=20), PATHS)
def test_the_deepest_quota_above_a_path_is_found_as_by_walking_up(made: list[str], gone: list[str], path: str) -> None:
    quotas = QuotaBook(NodeTable())
    for prefix in made:
        quotas.quota_node_created(f"/zookeeper/quota{prefix}", LIMITS_NAME)
    for prefix in gone:
        quotas.quota_node_deleted(f"/zookeeper/quota{prefix}", LIMITS_NAME)
    prefixes = set(made) - set(gone) - {"/"}
    assert quotas.deepest(path) == next((at for at in [path, *ancestors(path)] if at in prefixes), None)


def test_lengths_are_forgotten_with_the_last_path_of_that_length() -> None:
    lengths = PathLengths()
    for path in ("/a", "/b", "/a/b/c"):
        lengths.add(path)
    lengths.discard("/a")
    assert lengths.next_above("/x/y/z/w", 8) == 6
    assert lengths.next_above("/x/y/z/w", 6) == 2
    lengths.discard("/b")
    assert lengths.next_above("/x/y/z/w", 6) == 0
