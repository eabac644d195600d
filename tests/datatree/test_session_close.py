"""The close of a session with many ephemerals, which may be applied in pieces."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watcher import Watcher, is_public
from pyzoo.datatree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CloseSessionTxn, CreateTxn, TxnHeader
from pyzoo.outbox import Packets
from tests.support.examples import examples

SESSION = 7
ACLS = [[ACL(31, "world", "anyone")], [ACL(1, "world", "anyone")], [ACL(31, "digest", "u:h")]]
PARENTS = ("", "/p", "/p/q", "/quota")
ZXID = 0x1000


class Ear(Watcher):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__(Packets())
        self.events: list[Any] = []

    def process(self, event_type: int, path: str, zxid: int, acl: list[ACL] | None) -> None:
        self.events.append((event_type, path, zxid, None if acl is None or is_public(acl) else acl))


def grown_tree(count: int, others: int) -> DataTree:
    """A tree with `count` ephemerals of the session and some other children, below several parents."""
    tree = DataTree()
    zxid = 0

    def create(path: str, data: bytes | None, acl: list[ACL], ephemeral: bool) -> None:
        nonlocal zxid
        zxid += 1
        parent = tree.get_node(path.rpartition("/")[0])
        assert parent is not None
        txn = CreateTxn(path, data, acl, ephemeral, parent.cversion + 1)
        tree.process_txn(TxnHeader(SESSION, 0, zxid, 1000 + zxid, op.CREATE), txn)

    for path in ("/p", "/p/q", "/quota"):
        create(path, b"", ACLS[0], False)
    for path in ("/zookeeper/quota/quota", "/zookeeper/quota/quota/zookeeper_limits"):
        create(path, b"count=99999,bytes=-1", ACLS[0], False)
    create("/zookeeper/quota/quota/zookeeper_stats", b"count=0,bytes=0", ACLS[0], False)
    for at in range(others):
        create(f"{PARENTS[at % 4]}/other{at}", b"x", ACLS[at % 3], False)
    for at in range(count):
        create(f"{PARENTS[at * at % 4]}/e{at}", None if at % 5 == 0 else b"y" * (at % 7), ACLS[at % 3], True)
    return tree


def state(tree: DataTree) -> Any:
    nodes = {
        path: (node.data, node.stat(), node.digest, tree.acl_of(node), node.children and node.children.listing())
        for path, node in tree.nodes.items()
    }
    books = (tree.tree_digest, tree.approximate_data_size, tree.last_processed_zxid, tree.digests.last_zxid)
    return nodes, books, sorted(repr(acl) for _, acl in tree.acl_cache.items()), sorted(tree.ownership.sessions)


def one_by_one(tree: DataTree, paths: list[str]) -> None:
    """The simple way."""
    tree.ownership.sessions.pop(SESSION)
    for path in paths:
        tree.delete_node(path, ZXID)
    tree._applied(ZXID)


def close_in_steps(tree: DataTree, paths: list[str], steps: list[int]) -> None:
    assert tree.begin_close(TxnHeader(SESSION, 1, ZXID, 9, op.CLOSE_SESSION), CloseSessionTxn([*paths]), 10)
    before = (tree.tree_digest, tree.approximate_data_size, tree.last_processed_zxid)
    at = 0
    while tree.closing is not None:
        assert before == (tree.tree_digest, tree.approximate_data_size, tree.last_processed_zxid)
        tree.closing.step(steps[at % len(steps)])
        at += 1
    while tree.owed.is_pending:
        tree.owed.tell(steps[at % len(steps)])
        at += 1


@settings(max_examples=examples(40), deadline=None)
@given(
    st.integers(33, 120),
    st.integers(0, 30),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 130), st.sampled_from((STANDARD, PERSISTENT, PERSISTENT_RECURSIVE))
        ),
        max_size=40,
    ),
)
def test_a_close_in_pieces_does_what_one_deletion_after_the_other_does(
    count: int, others: int, steps: list[int], watches: list[tuple[int, int, int]]
) -> None:
    trees = [grown_tree(count, others) for _ in range(2)]
    ears = [[Ear() for _ in range(4)] for _ in range(2)]
    paths = trees[0].ephemerals_of(SESSION)
    watched = [*paths, *PARENTS[1:], "/", "/other"]
    for tree, own in zip(trees, ears, strict=True):
        for ear, at, mode in watches:
            path = watched[at % len(watched)]
            if mode != PERSISTENT_RECURSIVE:
                tree.child_watches.add(path, own[ear], mode)
            tree.data_watches.add(path, own[ear], mode)
    one_by_one(trees[0], paths)
    close_in_steps(trees[1], paths, steps)
    assert state(trees[0]) == state(trees[1])
    assert [ear.events for ear in ears[0]] == [ear.events for ear in ears[1]]
    assert trees[0].watch_count == trees[1].watch_count


def test_a_kept_listing_of_a_parent_follows(driver: Any) -> None:
    driver.create("/p")
    for at in range(2000):
        driver.create(f"/p/n{at}", ephemeral=at < 100)
    node = driver.tree.get_node("/p")
    driver.tree.listings.encoded(node)
    driver.close_session([f"/p/n{at}" for at in range(100)])
    assert driver.tree.listings.encoded(node) == node.children.encoded()
    assert node.num_children == 1900


@pytest.mark.parametrize("listed", [range(1, 41), range(40), [*range(40), 39]])
def test_a_transaction_that_lists_other_paths_than_the_session_has_deletes_both(driver: Any, listed: Any) -> None:
    for at in range(40):
        driver.create(f"/e{at}", ephemeral=True)
    driver.create("/e40")
    driver.close_session([f"/e{at}" for at in listed])
    assert [path for path in driver.tree.nodes if path.startswith("/e")] == ["/e40"] * (40 not in listed)


def test_another_transaction_finds_an_unfinished_close_done(driver: Any) -> None:
    for at in range(40):
        driver.create(f"/e{at}", ephemeral=True)
    paths: list[str | None] = [f"/e{at}" for at in range(40)]
    driver.zxid += 1
    assert driver.tree.begin_close(driver.header(op.CLOSE_SESSION), CloseSessionTxn(paths), 39)
    driver.tree.closing.step(3)
    driver.create("/e1")
    assert driver.tree.closing is None
    assert driver.tree.get_node("/e1").czxid == driver.zxid
    assert driver.tree.get_node("/e2") is None
