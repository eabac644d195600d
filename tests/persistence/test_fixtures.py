"""Data directories that real servers wrote: what they must load to, from every snapshot in them."""

import io
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from pyzoo.datatree.ephemeral_type import ttl_of
from pyzoo.datatree.tree import DataTree
from pyzoo.persistence.compression import source_for
from pyzoo.persistence.directories import open_directories
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.names import method_of_name, snapshot_zxid
from pyzoo.persistence.recovery import Recovered, load
from pyzoo.persistence.snapshot.file import SnapshotReader, SnapshotWriter
from tests.support.persistence_cases import DATA, VERSION_2, all_files, disk_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
STANDALONE = ["standalone-3.9.5", "standalone-3.8.0"]
SERVERS = ["s1", "s2", "s3", "s4"]
SNAPSHOTS = sorted(FIXTURES.glob("**/version-2/snapshot.*"))
STAT_NAMES = {
    "czxid": "czxid",
    "mzxid": "mzxid",
    "ctime": "ctime",
    "mtime": "mtime",
    "version": "version",
    "cversion": "cversion",
    "aversion": "aversion",
    "ephemeralOwner": "ephemeral_owner",
    "pzxid": "pzxid",
}


def expected(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.expected.json").read_text())


def load_from(disk: MemoryDisk, data_log_dir: str | None = None, data_dir: str = DATA) -> Recovered:
    return load(disk, open_directories(disk, data_dir, data_log_dir), DataTree(extended_types=True))


def nodes_of(tree: DataTree) -> dict[str, Any]:
    """The tree in the form of expected.json."""
    nodes = {}
    for path, node in tree.nodes.items():
        if path == "":
            continue
        stat = node.stat()
        fields = {name: getattr(stat, ours) for name, ours in STAT_NAMES.items()}
        fields["dataLength"] = stat.data_length
        fields["numChildren"] = stat.num_children
        nodes[path] = {
            "data": None if node.data is None else b64encode(node.data).decode(),
            "stat": fields,
            "persisted": {name: getattr(node, ours) for name, ours in STAT_NAMES.items()},
            "acl": [{"perms": entry.perms, "scheme": entry.scheme, "id": entry.id} for entry in tree.acl_of(node)],
        }
    return nodes


def comparable(nodes: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Without what each server makes anew, and without what the file of expectations lacks."""
    kept = {}
    for path, node in nodes.items():
        copy = dict(node)
        if "persisted" not in next(iter(like.values())):
            copy.pop("persisted", None)
        if path.endswith("/zookeeper_stats"):
            copy.pop("data")
            copy["stat"] = {name: value for name, value in node["stat"].items() if name != "dataLength"}
        if path == "/zookeeper/config":
            copy["stat"] = {name: value for name, value in node["stat"].items() if name != "mtime"}
            copy.pop("persisted", None)
        kept[path] = copy
    return kept


def check_nodes(want: dict[str, Any], tree: DataTree) -> None:
    assert comparable(want, want) == comparable(nodes_of(tree), want)


def check_standalone(want: Any, recovered: Recovered) -> None:
    tree = recovered.tree
    check_nodes(want["nodes"], tree)
    assert int(want["zxid"], 16) == recovered.last_zxid == tree.last_processed_zxid
    assert want["node_count"] == tree.node_count
    assert want["tree_digest"] == tree.tree_digest
    assert {int(key, 16): timeout for key, timeout in want["sessions"].items()} == recovered.sessions
    assert {int(key, 16): sorted(paths) for key, paths in want["ephemerals"].items()} == {
        owner: sorted(tree.ephemerals_of(owner)) for owner in tree.ownership.sessions
    }
    assert want["containers"] == sorted(tree.ownership.containers)
    assert want["ttls"] == {path: ttl_of(tree.nodes[path].ephemeral_owner) for path in tree.ownership.ttls}
    assert recovered.replayed.digest_mismatch_count == 0
    assert recovered.replayed.snapshot_digest_reached
    assert recovered.warnings == []
    assert recovered.orphan_count == 0


@pytest.mark.parametrize("name", STANDALONE)
def test_a_standalone_directory_loads_to_the_tree_of_the_server(name: str) -> None:
    check_standalone(expected(name), load_from(disk_of(FIXTURES / name)))


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [(name, path.name) for name in STANDALONE for path in sorted((FIXTURES / name).rglob("snapshot.*"))],
)
def test_every_older_snapshot_leads_to_the_same_tree_with_all_digests_equal(name: str, snapshot: str) -> None:
    disk = disk_of(FIXTURES / name)
    for other in disk.list(VERSION_2):
        if other.startswith("snapshot.") and other != snapshot:
            disk.remove(f"{VERSION_2}/{other}")
    recovered = load_from(disk)
    check_standalone(expected(name), recovered)
    zxid = snapshot_zxid(snapshot)
    assert recovered.snapshot_zxid == zxid
    assert recovered.replayed.txn_count == 0xB6 - zxid


@pytest.mark.parametrize("method", ["gz", "snappy"])
def test_a_compressed_snapshot_alone_loads_to_the_same_tree(method: str) -> None:
    recovered = load_from(disk_of(FIXTURES / "compressed-3.9.5" / method))
    check_standalone(expected("standalone-3.9.5"), recovered)
    assert not recovered.snapshot_needed


@pytest.mark.parametrize("server", SERVERS)
def test_every_member_of_an_ensemble_loads_to_the_common_tree(server: str) -> None:
    want = expected("ensemble-3.9.5")
    member = want["servers"][server]
    recovered = load_from(disk_of(FIXTURES / "ensemble-3.9.5" / server), f"{DATA}/log", f"{DATA}/data")
    check_nodes(want["nodes"], recovered.tree)
    assert int(member["last_zxid"], 16) == recovered.last_zxid
    assert member["tree_digest"] == recovered.tree.tree_digest
    assert {int(key, 16): timeout for key, timeout in member["sessions"].items()} == recovered.sessions
    assert recovered.replayed.digest_mismatch_count == 0


def test_a_fuzzy_snapshot_is_replayed_over_what_it_already_holds() -> None:
    recovered = load_from(disk_of(FIXTURES / "fuzzy-3.9.5"))
    check_nodes(expected("fuzzy-3.9.5")["nodes"], recovered.tree)
    assert (0xB6, 0x98, 30) == (
        recovered.last_zxid,
        recovered.snapshot_zxid,
        recovered.replayed.txn_count,
    )
    # From 0xa5 on, where the digest of the snapshot holds.
    assert recovered.replayed.digests_compared == 0xB6 - 0xA5 + 1
    assert recovered.replayed.digest_mismatch_count == 0
    assert recovered.replayed.snapshot_digest_reached


def test_a_torn_tail_is_dropped_and_nothing_on_disk_changes() -> None:
    disk = disk_of(FIXTURES / "torn-tail-3.9.5")
    before = all_files(disk)
    recovered = load_from(disk)
    check_nodes(expected("torn-tail-3.9.5")["nodes"], recovered.tree)
    assert recovered.last_zxid == 0xB5
    assert [(f"{VERSION_2}/log.a7", 1458, True)] == [
        (torn.path, torn.offset, torn.is_last) for torn in recovered.replayed.torn
    ]
    assert before == all_files(disk)


def test_files_of_servers_before_3_6_load() -> None:
    recovered = load_from(disk_of(FIXTURES / "legacy-synthetic"))
    check_nodes(expected("legacy-synthetic")["nodes"], recovered.tree)
    assert recovered.last_zxid == 8


def read_snapshot(data: bytes, name: str) -> tuple[SnapshotReader, DataTree]:
    tree = DataTree(extended_types=True)
    reader = SnapshotReader(source_for(method_of_name(name), io.BytesIO(data).read, name), name)
    reader.load(tree)
    return reader, tree


def write_snapshot(reader: SnapshotReader, tree: DataTree) -> bytes:
    """The same snapshot again, with the trailers that it had."""
    writer = SnapshotWriter(reader.has_digest, reader.last_zxid >= 0)
    written = b"".join(writer.chunks(tree, reader.sessions, 7))
    return written + writer.end(reader.digest_zxid, reader.digest, reader.last_zxid)


@pytest.mark.parametrize("path", SNAPSHOTS, ids=str)
def test_a_real_snapshot_is_written_again_to_the_same_bytes(path: Path) -> None:
    """Or to one that loads alike.

    Statistics of quotas are counted anew, the open ACL gets no number, and the order of children comes from
    Java's tables, which may have been larger than the nodes in the file need.
    """
    reader, tree = read_snapshot(path.read_bytes(), path.name)
    written = write_snapshot(reader, tree)
    read = source_for(method_of_name(path.name), io.BytesIO(path.read_bytes()).read, path.name)
    original = b"".join(iter(lambda: read(1 << 20), b""))
    acls_at = 20 + 12 * len(reader.sessions)
    same_acls = int.from_bytes(original[acls_at : acls_at + 4], "big") == len(tree.acl_cache)
    again, copy = read_snapshot(written, "snapshot.1")
    same_order = list(tree.nodes) == list(copy.nodes)
    if same_acls and same_order and "/zookeeper/quota/app/zookeeper_stats" not in tree.nodes:
        assert original == written
    assert nodes_of(tree) == nodes_of(copy)
    assert reader.sessions == again.sessions
    assert (reader.digest_zxid, reader.digest, reader.last_zxid) == (
        again.digest_zxid,
        again.digest,
        again.last_zxid,
    )
