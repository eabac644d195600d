"""How long one write holds up the server when a crowd watches one node.

More connections than a machine has ports for, so without sockets: the core of a server, with connections that exist
in memory only. `VENV/bin/python benchmarks/crowd.py [WATCHERS]` measures the pyzoo that is installed there.
"""

import sys
import time

from librt.strings import BytesWriter

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ConnectRequest, GetDataRequest, RequestHeader, SetDataRequest
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

GET_DATA, SET_DATA = 4, 5


def frame(*records: ConnectRequest | RequestHeader | GetDataRequest | SetDataRequest) -> bytes:
    """Records as one frame."""
    out = BytesWriter()
    for record in records:
        record.encode(out)
    payload = out.getvalue()
    return len(payload).to_bytes(4, "big") + payload


def settle(server: ZooKeeperServer) -> int:
    """Carry out what the core wants done; returns the bytes that would have been sent."""
    while (log := server.take_effects().log) is not None:
        server.persisted(log.last_zxid)
    return sum(len(cnxn.data_to_send()) for cnxn in server.effects.replies.take())


def connect(server: ZooKeeperServer, port: int) -> ServerCnxn:
    """A connection with a session."""
    cnxn = server.accept("127.0.0.1", port)
    assert cnxn is not None
    server.data_received(cnxn, frame(ConnectRequest(0, 0, 30_000, 0, b"", False)))
    settle(server)
    return cnxn


def main() -> None:
    """Print what registering and firing cost."""
    watchers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    config = ServerConfig(data_dir="/nowhere", max_client_cnxns=0)
    server = ZooKeeperServer(config, ZKDatabase(DataTree(), {}), 1, 1, lambda _n: 0)
    cnxns = [connect(server, port) for port in range(watchers)]
    begun = time.perf_counter()
    for cnxn in cnxns:
        server.data_received(cnxn, frame(RequestHeader(1, GET_DATA), GetDataRequest("/", True)))
    settle(server)
    registered = time.perf_counter() - begun
    begun = time.perf_counter()
    server.data_received(cnxns[0], frame(RequestHeader(2, SET_DATA), SetDataRequest("/", b"x", -1)))
    sent = settle(server)
    fired = time.perf_counter() - begun
    print(f"{watchers} connections watch one node: registering {registered * 1000:.0f} ms, ", end="")
    print(f"one set and all events {fired * 1000:.0f} ms, {sent} bytes to send")


if __name__ == "__main__":
    main()
