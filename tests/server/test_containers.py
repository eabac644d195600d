"""ContainerManager: when it looks, what it finds, and how fast it lets go."""

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    ACL,
    CreateContainerTxn,
    CreateRequest,
    CreateTTLRequest,
    CreateTTLTxn,
    CreateTxn,
    DeleteRequest,
    DeleteTxn,
    SetDataRequest,
    TxnHeader,
)
from pyzoo.server.roles.containers import ContainerManager
from tests.support.dialogue import OPEN, LoneServer

OPEN_ACL = [ACL(31, "world", "anyone")]
HOUR_MS = 3_600_000


def tree_with_used_containers(count: int) -> DataTree:
    """Containers that have had a child."""
    tree = DataTree(extended_types=True)
    for number in range(count):
        path = f"/c{number}"
        tree.process_txn(
            TxnHeader(1, 1, 3 * number + 1, 0, op.CREATE_CONTAINER), CreateContainerTxn(path, b"", OPEN_ACL, -1)
        )
        tree.process_txn(TxnHeader(1, 1, 3 * number + 2, 0, op.CREATE), CreateTxn(f"{path}/x", b"", OPEN_ACL, False, 1))
        tree.process_txn(TxnHeader(1, 1, 3 * number + 3, 0, op.DELETE), DeleteTxn(f"{path}/x"))
    return tree


def test_the_first_search_is_one_interval_after_the_start() -> None:
    manager = ContainerManager(ServerConfig(data_dir="/data"), 5000)
    assert 65_000 == manager.next_ms
    assert not manager.due(64_999)
    assert manager.due(65_000)
    assert [] == manager.candidates(DataTree(), 65_000, 0)
    assert 125_000 == manager.next_ms


def test_an_interval_of_zero_is_never() -> None:
    manager = ContainerManager(ServerConfig(data_dir="/data", container_check_interval_ms=0), 0)
    assert not manager.due(1000 * HOUR_MS)


def test_used_containers_and_expired_nodes_are_found() -> None:
    tree = tree_with_used_containers(1)
    create = CreateTTLTxn("/ttl", b"", OPEN_ACL, -1, 1000)
    tree.process_txn(TxnHeader(1, 1, 100, 500, op.CREATE_TTL), create)
    unused = CreateContainerTxn("/unused", b"", OPEN_ACL, -1)
    tree.process_txn(TxnHeader(1, 1, 101, 500, op.CREATE_CONTAINER), unused)
    manager = ContainerManager(ServerConfig(data_dir="/data"), 0)
    assert ["/c0"] == manager.candidates(tree, 60_000, 1500)
    assert ["/c0", "/ttl"] == manager.candidates(tree, 120_000, 1501)


def test_never_used_containers_go_after_their_interval() -> None:
    tree = DataTree()
    unused = CreateContainerTxn("/unused", b"", OPEN_ACL, -1)
    tree.process_txn(TxnHeader(1, 1, 1, 500, op.CREATE_CONTAINER), unused)
    manager = ContainerManager(ServerConfig(data_dir="/data", container_max_never_used_interval_ms=1000), 0)
    assert [] == manager.candidates(tree, 60_000, 1500)
    assert ["/unused"] == manager.candidates(tree, 120_000, 1501)


def test_deletions_are_spread_over_time() -> None:
    tree = tree_with_used_containers(40)
    manager = ContainerManager(ServerConfig(data_dir="/data"), 0)
    batches: list[int] = []
    times: list[int] = []
    for _ in range(3):
        times.append(manager.next_ms)
        batches.append(len(manager.candidates(tree, manager.next_ms, HOUR_MS)))
    assert [16, 16, 8] == batches
    assert [60_000, 60_100, 60_200] == times
    assert 120_000 == manager.next_ms


def test_a_slow_rate_deletes_one_at_a_time() -> None:
    tree = tree_with_used_containers(3)
    manager = ContainerManager(ServerConfig(data_dir="/data", container_max_per_minute=6), 0)
    assert ["/c0"] == manager.candidates(tree, 60_000, HOUR_MS)
    assert 70_000 == manager.next_ms
    assert ["/c1"] == manager.candidates(tree, 70_000, HOUR_MS)
    assert ["/c2"] == manager.candidates(tree, 80_000, HOUR_MS)
    assert 120_000 == manager.next_ms


def test_a_node_whose_time_is_over_stays_when_a_write_to_it_is_on_its_way() -> None:
    world = LoneServer(extended_types_enabled=True, container_check_interval_ms=1000)
    client = world.connect(timeout_ms=40_000)
    client.call(op.CREATE_TTL, CreateTTLRequest("/ttl", b"", OPEN, 5, 5000))
    world.pass_time(4500)
    world.disk_is_slow = True
    client.ask(op.SET_DATA, SetDataRequest("/ttl", b"new", -1))
    world.pass_time(2000)
    world.disk_is_slow = False
    world.sync()
    assert [header.err for header, _ in client.replies()] == [0]
    assert client.exists("/ttl")
    world.pass_time(6000)
    assert not client.exists("/ttl")


def test_a_container_that_was_found_and_is_another_node_now_stays() -> None:
    world = LoneServer(container_check_interval_ms=1000, container_max_per_minute=6)
    client = world.connect(timeout_ms=40_000)
    for path in ("/first", "/second"):
        client.call(op.CREATE_CONTAINER, CreateRequest(path, b"", OPEN, 4))
        client.create(f"{path}/x")
        client.call(op.DELETE, DeleteRequest(f"{path}/x", -1))
    world.pass_time(1500)
    assert [client.exists(path) for path in ("/first", "/second")] == [False, True]
    client.call(op.DELETE, DeleteRequest("/second", -1))
    client.create("/second")
    world.pass_time(15_000)
    assert client.exists("/second")


def test_a_search_through_many_goes_on_over_several_turns() -> None:
    tree = tree_with_used_containers(5)
    manager = ContainerManager(ServerConfig(data_dir="/data", slice_units=4), 0)
    assert [] == manager.candidates(tree, 60_000, 0)
    assert 60_000 == manager.next_ms
    assert [] == manager.candidates(tree, 60_000, 0)
    tree.process_txn(TxnHeader(1, 1, 99, 0, op.DELETE), DeleteTxn("/c4"))
    found = manager.candidates(tree, 60_001, 0)
    while manager.next_ms < 120_000:
        found += manager.candidates(tree, int(manager.next_ms), 0)
    assert ["/c0", "/c1", "/c2", "/c3"] == found
