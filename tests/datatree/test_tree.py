"""What transactions do to nodes, live and on replay."""

from typing import Any

import pytest
from librt.strings import BytesWriter

from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER
from pyzoo.datatree.listings import CACHED_LISTINGS
from pyzoo.datatree.ownership import has_expired
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import STANDARD
from pyzoo.errors import NODEEXISTS, NONODE, StorageError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import (
    ACL,
    CheckVersionTxn,
    CreateTxn,
    CreateTxnV0,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetDataTxn,
    Stat,
    Txn,
)

OPEN = [ACL(31, "world", "anyone")]
PRIVATE = [ACL(31, "digest", "u:h")]
INT_MAX = 0x7FFFFFFF


def names(tree: DataTree, path: str) -> list[str]:
    node = tree.get_node(path)
    assert node is not None
    return [] if node.children is None else node.children.listing()


def expired(tree: DataTree, now_ms: int, max_never_used_ms: int) -> list[str]:
    """Containers and TTL nodes that may be deleted now."""
    return [path for path in tree.ownership.expiring() if has_expired(tree.nodes.get(path), now_ms, max_never_used_ms)]


def stat(tree: DataTree, path: str) -> Stat:
    node = tree.get_node(path)
    assert node is not None
    out = BytesWriter()
    node.write_stat(out)
    assert len(out.getvalue()) == 68
    assert Stat.decode(InputArchive(out.getvalue())) == node.stat()
    return node.stat()


def part(type: int, record: Record) -> Txn:
    out = BytesWriter()
    record.encode(out)
    return Txn(type, out.getvalue())


def test_the_initial_tree_is_that_of_a_standalone_server() -> None:
    tree = DataTree()
    assert tree.node_count == 5
    assert tree.approximate_data_size == 44
    assert names(tree, "/") == ["zookeeper"]
    assert names(tree, "/zookeeper") == ["config", "quota"]
    assert stat(tree, "/") == Stat(0, 0, 0, 0, 0, -1, 0, 0, 0, 1, 0)
    assert stat(tree, "/zookeeper") == Stat(0, 0, 0, 0, 0, -2, 0, 0, 0, 2, 0)
    assert stat(tree, "/zookeeper/quota") == Stat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert stat(tree, "/zookeeper/config") == Stat(0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0)
    config, root = tree.get_node("/zookeeper/config"), tree.get_node("")
    assert config is not None
    assert root is not None
    assert root is tree.get_node("/")
    assert config.data == b""
    assert tree.acl_of(config) == [ACL(1, "world", "anyone")]
    assert tree.acl_of(root) == OPEN


def test_create_stamps_the_node_and_moves_the_parent(driver: Any) -> None:
    driver.create("/a", b"abc")
    result = driver.apply(op.CREATE2, driver.create_txn("/a/b", b"x"))
    assert stat(driver.tree, "/a") == Stat(1, 1, 1000, 1000, 0, 1, 0, 0, 3, 1, 2)
    assert result.stat == Stat(2, 2, 2000, 2000, 0, 0, 0, 0, 1, 0, 2)
    assert (result.err, result.path) == (0, "/a/b")
    assert driver.tree.last_processed_zxid == 2
    assert names(driver.tree, "/") == ["a", "zookeeper"]


def test_delete_moves_pzxid_and_the_reported_cversion_only(driver: Any) -> None:
    driver.create("/a")
    driver.create("/a/b")
    driver.delete("/a/b")
    assert stat(driver.tree, "/a") == Stat(1, 1, 1000, 1000, 0, 2, 0, 0, 0, 0, 3)
    assert driver.tree.get_node("/a/b") is None
    assert driver.tree.get_node("/a").children is None


def test_set_data_takes_version_and_times_from_the_transaction(driver: Any) -> None:
    driver.create("/a", b"abc")
    result = driver.apply(op.SET_DATA, SetDataTxn("/a", None, -2147483648))
    assert result.stat == Stat(1, 2, 1000, 2000, -2147483648, 0, 0, 0, 0, 0, 1)
    assert driver.tree.get_node("/a").data is None


def test_set_acl_changes_acl_and_aversion_only(driver: Any) -> None:
    driver.create("/a")
    result = driver.set_acl("/a", PRIVATE, 1)
    assert result.stat == Stat(1, 1, 1000, 1000, 0, 0, 1, 0, 0, 0, 1)
    assert driver.tree.acl_of(driver.tree.get_node("/a")) == PRIVATE


@pytest.mark.parametrize(
    ("type", "txn"),
    [
        (op.CREATE, CreateTxn("/no/a", b"", OPEN, False, 1)),
        (op.DELETE, DeleteTxn("/no/a")),
        (op.DELETE, DeleteTxn("/a")),
        (op.SET_DATA, SetDataTxn("/a", b"", 1)),
    ],
)
def test_replay_of_a_change_to_a_missing_node_is_ignored(driver: Any, type: int, txn: Record) -> None:
    assert driver.apply(type, txn).err == NONODE
    assert driver.tree.node_count == 5


def test_a_replayed_create_of_an_existing_node_keeps_it_but_sets_its_acl(driver: Any) -> None:
    driver.create("/a", b"old")
    before = stat(driver.tree, "/a")
    assert driver.create("/a", b"new", acl=PRIVATE).err == NODEEXISTS
    node = driver.tree.get_node("/a")
    assert node.data == b"old"
    assert before == stat(driver.tree, "/a")
    assert driver.tree.acl_of(node) == PRIVATE


def test_only_a_plain_replayed_create_still_raises_the_parent(driver: Any) -> None:
    driver.create("/a")
    driver.create("/a/b")
    parent = driver.tree.get_node("/a")
    driver.apply(op.CREATE2, CreateTxn("/a/b", b"", OPEN, False, 9))
    assert (parent.cversion, parent.pzxid) == (1, 2)
    driver.apply(op.CREATE, CreateTxn("/a/b", b"", OPEN, False, 9))
    assert (parent.cversion, parent.pzxid) == (9, 4)
    driver.apply(op.CREATE, CreateTxn("/a/b", b"", OPEN, False, -1))
    assert (parent.cversion, parent.pzxid) == (10, 5)


def test_the_counter_of_a_parent_never_goes_back(driver: Any) -> None:
    driver.create("/a")
    driver.apply(op.CREATE, CreateTxn("/a/b", b"", OPEN, False, 5))
    driver.apply(op.CREATE, CreateTxn("/a/c", b"", OPEN, False, 4))
    parent = driver.tree.get_node("/a")
    assert (parent.cversion, parent.pzxid) == (5, 2)
    assert names(driver.tree, "/a") == ["b", "c"]


def test_at_the_end_of_32_bits_the_counter_sticks(driver: Any) -> None:
    driver.create("/a")
    driver.apply(op.CREATE, CreateTxn("/a/b", b"", OPEN, False, INT_MAX))
    driver.apply(op.CREATE, CreateTxn("/a/c", b"", OPEN, False, -2147483648))
    driver.apply(op.CREATE, CreateTxn("/a/d", b"", OPEN, False, -1))
    parent = driver.tree.get_node("/a")
    assert (parent.cversion, parent.pzxid) == (INT_MAX, 2)
    assert stat(driver.tree, "/a").cversion == -5


def test_a_create_of_old_servers_counts_one_up(driver: Any) -> None:
    driver.apply(op.CREATE, CreateTxnV0("/a", b"x", OPEN, True))
    assert driver.tree.get_node("").cversion == 1
    assert driver.tree.ephemerals_of(driver.session) == ["/a"]
    driver.apply(op.CREATE, CreateTxnV0("/a", b"x", OPEN, True))
    assert driver.tree.get_node("").cversion == 2


def test_a_replayed_delete_of_a_missing_node_moves_the_parents_pzxid(driver: Any) -> None:
    driver.create("/a")
    assert driver.delete("/a/b").err == NONODE
    assert driver.tree.get_node("/a").pzxid == 2
    driver.apply(op.DELETE, DeleteTxn("/a/b"), zxid=1)
    assert driver.tree.get_node("/a").pzxid == 2
    assert driver.tree.last_processed_zxid == 2


def test_an_error_transaction_moves_the_zxid_only(driver: Any) -> None:
    digest = driver.tree.tree_digest
    assert driver.apply(op.ERROR, ErrorTxn(-101)).err == -101
    assert driver.tree.last_processed_zxid == 1
    assert digest == driver.tree.tree_digest


# --- multi


def test_a_multi_gives_every_part_the_stat_as_of_it(driver: Any) -> None:
    txns = [
        part(op.CREATE, CreateTxn("/m", b"", OPEN, False, 1)),
        part(op.CREATE2, CreateTxn("/m/a", b"xy", OPEN, False, 1)),
        part(op.SET_DATA, SetDataTxn("/m", b"1", 1)),
        part(op.SET_DATA, SetDataTxn("/m", b"22", 2)),
        part(op.CHECK, CheckVersionTxn("/m", 3)),
        part(op.DELETE, DeleteTxn("/m/a")),
    ]
    result = driver.apply(op.MULTI, MultiTxn(txns))
    assert (result.err, result.type) == (0, op.MULTI)
    assert [txn.type for txn in txns] == [one.type for one in result.results]
    stats = [one.stat for one in result.results]
    assert [None, Stat(1, 1, 1000, 1000, 0, 0, 0, 0, 2, 0, 1)] == stats[:2]
    assert [(one.version, one.data_length) for one in stats[2:4]] == [(1, 1), (2, 2)]
    assert stat(driver.tree, "/m") == Stat(1, 1, 1000, 1000, 2, 2, 0, 0, 2, 0, 1)


def test_a_failed_multi_applies_nothing(driver: Any, watcher: Any) -> None:
    driver.tree.data_watches.add("/m", watcher)
    digest = driver.tree.tree_digest
    txns = [
        part(op.CREATE, CreateTxn("/m", b"", OPEN, False, 1)),
        part(op.ERROR, ErrorTxn(-103)),
        part(op.ERROR, ErrorTxn(-2)),
        part(op.DELETE, DeleteTxn("/zookeeper/quota")),
    ]
    result = driver.apply(op.MULTI, MultiTxn(txns))
    assert result.err == -103
    assert [(one.type, one.err) for one in result.results] == [
        (op.ERROR, 0),
        (op.ERROR, -103),
        (op.ERROR, -2),
        (op.ERROR, -2),
    ]
    assert driver.tree.node_count == 5
    assert digest == driver.tree.tree_digest
    assert watcher.take() == []
    assert driver.tree.last_processed_zxid == 1


@pytest.mark.parametrize("bad", [Txn(op.SET_ACL, b""), Txn(op.CREATE, b"\0"), Txn(op.DELETE, None)])
def test_a_multi_with_an_unreadable_part_has_no_effect(driver: Any, bad: Txn) -> None:
    result = driver.apply(op.MULTI, MultiTxn([part(op.CREATE, CreateTxn("/m", b"", OPEN, False, 1)), bad]))
    assert (result.results, result.err) == ([], 0)
    assert driver.tree.get_node("/m") is None
    assert driver.tree.last_processed_zxid == 1


def test_a_decoded_multi_does_the_same(driver: Any) -> None:
    records: list[Record] = [CreateTxn("/m", b"", OPEN, True, 1), DeleteTxn("/m")]
    driver.zxid = 4
    result = driver.tree.process_multi(driver.header(op.MULTI), [op.CREATE, op.DELETE], records)
    assert [one.err for one in result.results] == [0, 0]
    assert driver.tree.get_node("/m") is None
    assert driver.tree.last_processed_zxid == 4


# --- sessions, containers, TTL


def test_closing_a_session_deletes_what_is_listed_and_what_is_left(driver: Any) -> None:
    driver.create("/p")
    for path in ("/p/e1", "/p/e2", "/e3"):
        driver.create(path, ephemeral=True)
    assert sorted(driver.tree.ephemerals_of(driver.session)) == ["/e3", "/p/e1", "/p/e2"]
    assert driver.tree.ephemerals_count == 3
    assert stat(driver.tree, "/e3").ephemeral_owner == driver.session
    driver.close_session(["/p/e2", "/gone", "/p/e1"])
    assert names(driver.tree, "/") == ["p", "zookeeper"]
    assert stat(driver.tree, "/p").cversion == 4
    assert stat(driver.tree, "/p").pzxid == 5
    assert driver.tree.ephemerals_of(driver.session) == []


def test_a_close_session_without_a_body_deletes_all(driver: Any) -> None:
    driver.create("/e1", ephemeral=True)
    driver.close_session(None)
    assert driver.tree.get_node("/e1") is None


def test_killing_an_orphan_does_not_move_a_newer_pzxid(driver: Any) -> None:
    driver.create("/e1", ephemeral=True)
    driver.tree.kill_session(driver.session, 0)
    assert driver.tree.get_node("/e1") is None
    assert driver.tree.get_node("").pzxid == 1


def test_a_session_stays_known_while_it_has_no_ephemerals(driver: Any) -> None:
    driver.create("/e1", ephemeral=True)
    driver.delete("/e1")
    assert driver.session in driver.tree.ownership.sessions
    driver.close_session([])
    assert driver.tree.ownership.sessions == {}


def test_only_used_and_empty_containers_expire(driver: Any) -> None:
    for path in ("/unused", "/used", "/full"):
        driver.create_container(path)
    driver.create("/used/a")
    driver.delete("/used/a")
    driver.create("/full/a")
    now = driver.zxid * 1000
    assert driver.tree.get_node("/used").ephemeral_owner == CONTAINER_OWNER
    assert stat(driver.tree, "/used").ephemeral_owner == 0
    assert expired(driver.tree, now, 0) == ["/used"]
    assert expired(driver.tree, 1000 + 99, 99) == ["/used"]
    assert expired(driver.tree, 1000 + 100, 99) == ["/unused", "/used"]
    driver.apply(op.DELETE_CONTAINER, DeleteTxn("/used"))
    assert expired(driver.tree, now, 0) == []


def test_a_ttl_counts_from_the_last_change_of_data(driver_of: Any) -> None:
    driver = driver_of(DataTree(extended_types=True))
    result = driver.create_ttl("/t", 500)
    assert result.stat.ephemeral_owner == 0
    assert expired(driver.tree, 1500, 0) == []
    assert expired(driver.tree, 1501, 0) == ["/t"]
    driver.set_data("/t", b"again")
    assert expired(driver.tree, 2500, 0) == []
    driver.create("/t/a")
    assert expired(driver.tree, 9999, 0) == []
    driver.delete("/t/a")
    driver.delete("/t")
    assert expired(driver.tree, 9999, 0) == []


def test_without_extended_types_a_ttl_owner_is_a_session(driver: Any) -> None:
    driver.create_ttl("/t", 500)
    owner = driver.tree.get_node("/t").ephemeral_owner
    assert stat(driver.tree, "/t").ephemeral_owner == owner
    assert driver.tree.ephemerals_of(owner) == ["/t"]


# --- counting and listing


def test_all_children_are_counted_below_a_path(driver: Any) -> None:
    assert driver.tree.all_children_number("/") == 3
    assert driver.tree.all_children_number("") == 4
    for path in ("/a", "/a/b", "/a/b/c", "/ab"):
        driver.create(path)
    assert driver.tree.all_children_number("/a") == 2
    assert driver.tree.all_children_number("/a/b/c") == 0
    assert driver.tree.all_children_number("/none") == 0
    assert driver.tree.all_children_number("/") == 7


def test_a_listing_is_kept_until_the_children_change(driver: Any) -> None:
    driver.create("/a")
    node = driver.tree.get_node("/a")
    assert driver.tree.listings.encoded(node) == b"\0\0\0\0"
    driver.create("/a/b")
    first = driver.tree.listings.encoded(node)
    assert first == b"\0\0\0\1\0\0\0\1b"
    assert driver.tree.listings.encoded(node) is first
    driver.create("/a/c")
    assert driver.tree.listings.encoded(node) == b"\0\0\0\2\0\0\0\1b\0\0\0\1c"
    driver.delete("/a/b")
    driver.delete("/a/c")
    assert driver.tree.listings.encoded(node) == b"\0\0\0\0"


def test_only_so_many_listings_are_kept(driver: Any) -> None:
    nodes = []
    for at in range(CACHED_LISTINGS + 1):
        driver.create(f"/n{at}")
        driver.create(f"/n{at}/c")
        nodes.append(driver.tree.get_node(f"/n{at}"))
        driver.tree.listings.encoded(nodes[-1])
    assert nodes[0].children.cached is None
    assert all(node.children.cached is not None for node in nodes[1:])


def test_the_size_follows_paths_and_data(driver: Any) -> None:
    driver.create("/abc", b"12345")
    assert driver.tree.approximate_data_size == 44 + 9
    driver.set_data("/abc", b"1")
    assert driver.tree.approximate_data_size == 44 + 5
    driver.delete("/abc")
    assert driver.tree.approximate_data_size == 44


# --- loading


def load(tree: DataTree, path: str, owner: int = 0, acl_id: int = -1) -> None:
    tree.load_node(path, b"", acl_id, 1, 1, 1, 1, 0, 0, 0, owner, 1)


def test_a_loaded_tree_has_only_what_was_loaded() -> None:
    tree = DataTree()
    tree.clear()
    for path in ("", "/a", "/a/b"):
        load(tree, path)
    load(tree, "/a/e", owner=5)
    load(tree, "/a/c", owner=CONTAINER_OWNER)
    tree.finish_load()
    assert tree.node_count == 6
    assert names(tree, "/") == ["a"]
    assert names(tree, "/a") == ["b", "c", "e"]
    assert tree.ephemerals_of(5) == ["/a/e"]
    assert tree.approximate_data_size == 1 + 2 + 4 * 3


def test_a_snapshot_that_cannot_be_is_refused() -> None:
    tree = DataTree()
    tree.clear()
    with pytest.raises(StorageError, match="no root"):
        tree.finish_load()
    load(tree, "")
    with pytest.raises(StorageError, match="no parent"):
        load(tree, "/a/b")
    load(tree, "/a")
    with pytest.raises(StorageError, match="twice"):
        load(tree, "/a")


def test_an_unresolved_acl_is_mended_by_the_replayed_create(driver: Any) -> None:
    tree = driver.tree
    tree.clear()
    load(tree, "")
    load(tree, "/a", acl_id=7)
    tree.finish_load()
    assert tree.acl_of(tree.get_node("/a"))[0].perms == 0
    driver.create("/a", acl=PRIVATE)
    assert tree.acl_of(tree.get_node("/a")) == PRIVATE


def test_a_logged_create_or_set_with_more_to_it_is_left_for_process_txn(driver: Any, watcher: Any) -> None:
    tree = driver.tree
    driver.create("/a")

    def does(txn: CreateTxn | SetDataTxn | DeleteTxn) -> bool:
        return bool(tree.process_again(driver.header(op.CREATE), str(txn.path).encode(), txn))

    before = tree.tree_digest, tree.node_count, tree.approximate_data_size
    for path in ("/a", "/missing/b", "/\xe4", "/zookeeper/b", "b"):
        assert not does(driver.create_txn(path))
    assert not does(driver.create_txn("/b", ephemeral=True))
    assert not does(SetDataTxn("/missing", b"", 1))
    assert not does(DeleteTxn("/a"))
    tree.data_watches.add("/c", watcher, STANDARD)
    assert not does(driver.create_txn("/c"))
    assert not does(SetDataTxn("/a", b"", 1))
    assert watcher.take() == []
    assert before == (tree.tree_digest, tree.node_count, tree.approximate_data_size)


@pytest.mark.parametrize("path", ["/q/a", "/zookeeper/quota/q/x"])
def test_what_counts_for_a_quota_is_left_for_process_txn(driver: Any, path: str) -> None:
    for each in ("/q", "/zookeeper/quota/q"):
        driver.create(each)
    driver.create("/zookeeper/quota/q/zookeeper_limits", b"count=5,bytes=5")
    driver.create("/zookeeper/quota/q/zookeeper_stats", b"count=1,bytes=0")
    for txn in (driver.create_txn(path), SetDataTxn("/q", b"", 1)):
        assert not driver.tree.process_again(driver.header(op.CREATE), str(txn.path).encode(), txn)
