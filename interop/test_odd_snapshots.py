"""Snapshots that no server writes, and that Apache's server boots from: what each server makes of them."""

import struct
import zlib
from pathlib import Path

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import StartServer
from interop.histories import child_names
from interop.server import Config, Server

OPEN_ID = struct.pack(">q", -1)
SECTION = b"\x00\x00\x00\x01/"


def node(path: bytes, data: bytes = b"", owner: int = 0) -> bytes:
    stat = struct.pack(">qqqqiiiqq", 0, 0, 0, 0, 0, 0, 0, owner, 0)
    return struct.pack(">i", len(path)) + path + struct.pack(">i", len(data)) + data + OPEN_ID + stat


BUILT_IN = [node(b"/zookeeper"), node(b"/zookeeper/config"), node(b"/zookeeper/quota")]


def snapshot(*nodes: bytes, sessions: int = 0, acls: int = 0) -> bytes:
    head = struct.pack(">iiqii", 0x5A4B534E, 2, -1, sessions, acls)
    data = head + b"".join(nodes) + SECTION
    return data + struct.pack(">q", zlib.adler32(data)) + SECTION


SNAPSHOTS = {
    "a node without a slash": snapshot(node(b"", b"root"), *BUILT_IN, node(b"/a"), node(b"a", b"other")),
    "a node without a slash before the root": snapshot(
        node(b"a", b"other"), node(b"", b"root"), *BUILT_IN, node(b"/a")
    ),
    "a tree below a node without a slash": snapshot(
        node(b"", b"root"), *BUILT_IN, node(b"a", b"other"), node(b"a/b", b"below")
    ),
    "a negative number of ACLs": snapshot(node(b"", b"root"), *BUILT_IN, acls=-1),
    "a negative number of sessions": snapshot(node(b"", b"root"), *BUILT_IN, sessions=-1),
}


def looked_at(server: Server) -> list[str]:
    """What clients see of the tree."""
    client = Client(server)
    seen = [server.mntr()["zk_znode_count"], server.mntr()["zk_approximate_data_size"]]
    waiting = ["/", "a", "/zookeeper"]
    while waiting:
        path = waiting.pop()
        children = client.call(rq.GET_CHILDREN2, rq.path_watch(path))
        seen.append(f"{path} {client.call(rq.GET_DATA, rq.path_watch(path)).body.hex()} {children.body.hex()}")
        if children.error == 0:
            waiting += [f"{path.rstrip('/')}/{name}" for name in child_names(bytes(16) + children.body)]
    client.close()
    return seen


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_both_see_the_same_tree(start_real: StartServer, start_subject: StartServer, tmp_path: Path, name: str) -> None:
    seen = []
    for start, home in ((start_real, tmp_path / "real"), (start_subject, tmp_path / "subject")):
        (home / "data" / "version-2").mkdir(parents=True)
        (home / "data" / "version-2" / "snapshot.0").write_bytes(SNAPSHOTS[name])
        server = start(Config(), home)
        seen.append(looked_at(server))
        server.stop()
    assert seen[0] == seen[1]
