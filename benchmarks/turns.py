"""How much of a turn single requests take that ask for much: processor time, without sockets.

On a machine that others keep busy this is what can be measured of pauses. `VENV/bin/python benchmarks/turns.py [SCALE]`
measures the pyzoo that is installed there.
"""

import gc
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.asker import (
    GET_ALL_CHILDREN_NUMBER,
    GET_CHILDREN,
    GET_DATA,
    GET_EPHEMERALS,
    MULTI_READ,
    SET_WATCHES,
    buffer,
    multi_body,
    read_body,
    text,
    watches_body,
)
from benchmarks.crowd import connect
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import ACL, CreateTxn, TxnHeader
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.slices import NEVER

OPEN = [ACL(31, "world", "anyone")]
WATCHES_A_REQUEST = 40_000


def create(server: ZooKeeperServer, path: str, data: bytes = b"", owner: int = 0) -> None:
    """A node, without a request."""
    tree = server.tree
    header = TxnHeader(owner, 0, int(tree.last_processed_zxid) + 1, 1, 1)
    tree.process_txn(header, CreateTxn(path, data, OPEN, owner != 0, -1))


def measure(server: ZooKeeperServer, cnxn: ServerCnxn, name: str, begin: Callable[[], None]) -> None:
    """Print what the turns took in which this was worked at."""
    turns: list[float] = []

    def turn(step: Callable[[], None]) -> None:
        begun = time.thread_time()
        step()
        turns.append((time.thread_time() - begun) * 1000)

    turn(begin)
    now_ms = int(server.now_ms)
    while server.slices.next_ms != NEVER or cnxn.waiting_bytes():
        now_ms += 10
        turn(partial(server.advance, now_ms, now_ms))
        server.effects.replies.take()
        cnxn.data_to_send()
    print(f"{name}: {sum(turns):.0f} ms in {len(turns)} turns, the longest {max(turns):.1f} ms")


def main() -> None:
    """Print one line a request."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    config = ServerConfig(data_dir="/nowhere", max_client_cnxns=0, four_letter_word_whitelist=frozenset({"*"}))
    server = ZooKeeperServer(config, ZKDatabase(DataTree(), {}), 1, 1, lambda _n: 0)
    cnxn = connect(server, 1)
    for path in ("/crowd", "/listed", "/mine"):
        create(server, path)
    create(server, "/blob", b"x" * 1_000_000)
    for at in range(int(1_000_000 * scale)):
        create(server, f"/crowd/child-{at:08}")
    for at in range(int(200_000 * scale)):
        create(server, f"/listed/child-{at:08}")
        create(server, f"/mine/{at:08}", owner=int(cnxn.session_id))
    watched = [f"/watched-{at:08}" for at in range(int(1_000_000 * scale))]
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000_000)  # as a server has it
    requests = [
        ("getChildren", GET_CHILDREN, read_body("/crowd")),
        ("the same again", GET_CHILDREN, read_body("/crowd")),
        ("getAllChildrenNumber", GET_ALL_CHILDREN_NUMBER, text("/crowd")),
        ("getEphemerals", GET_EPHEMERALS, text("/")),
        ("multiRead of 3,000 x 1 MB", MULTI_READ, multi_body(GET_DATA, [read_body("/blob")] * 3000)),
        ("multiRead of 10,000 listings", MULTI_READ, multi_body(GET_CHILDREN, [read_body("/listed")] * 10_000)),
        ("setWatches", SET_WATCHES, watches_body(watched[:WATCHES_A_REQUEST])),
    ]
    for name, kind, body in requests:
        frame = buffer((1).to_bytes(4, "big") + kind.to_bytes(4, "big", signed=True) + body)
        measure(server, cnxn, name, partial(server.data_received, cnxn, frame))
    for path in watched:
        server.tree.data_watches.add(path, cnxn)
    for word in ("wchp", "wchc", "dump"):
        asking = server.accept("127.0.0.1", 2)
        assert asking is not None
        measure(server, asking, word, partial(server.data_received, asking, word.encode()))
        server.client_gone(asking)
    measure(server, cnxn, "the end of the connection with all watches", partial(server.client_gone, cnxn))


if __name__ == "__main__":
    main()
