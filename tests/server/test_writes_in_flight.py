"""Writes that are prepared while others are on their way: what is known of their nodes then is true when they apply."""

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateRequest, DeleteRequest, SetACLRequest, SetDataRequest
from pyzoo.persistence.log_format import decode_txn
from tests.support.dialogue import OPEN, Client, LoneServer

PATHS = ("/a", "/a/b", "/a/b/c", "/\u00e4", "/\u00e4/\u4e2d", "/zookeeper/quota/a", "/")

Write = tuple[str, str, bytes, bool]
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["create", "ephemeral", "sequential", "delete", "set", "acl"]),
        st.sampled_from(PATHS),
        st.binary(max_size=3),
        st.booleans(),
    ),
    max_size=40,
)


def ask(client: Client, kind: str, path: str, data: bytes) -> None:
    if kind == "delete":
        client.ask(op.DELETE, DeleteRequest(path, -1))
    elif kind == "set":
        client.ask(op.SET_DATA, SetDataRequest(path, data, -1))
    elif kind == "acl":
        client.ask(op.SET_ACL, SetACLRequest(path, OPEN, -1))
    else:
        flags = {"create": 0, "ephemeral": 1, "sequential": 2}[kind]
        client.ask(op.CREATE2, CreateRequest(path, data, OPEN, flags))


def txns_of(log: bytes) -> list[bytes]:
    """What the records hold."""
    txns: list[bytes] = []
    at = 0
    while at < len(log):
        begin = at + 12
        at = begin + int.from_bytes(log[at + 8 : begin], "big")
        txns.append(log[begin:at])
        at += 1
    return txns


def contents(tree: DataTree) -> dict[str, tuple[object, ...]]:
    return {path: (node.data, node.stat(), node.digest) for path, node in tree.nodes.items()}


@given(writes=WRITES)
def test_the_tree_is_what_the_log_makes_of_it(writes: list[Write]) -> None:
    world = LoneServer()
    client = world.connect()
    world.disk_is_slow = True
    for kind, path, data, is_safe_now in writes:
        ask(client, kind, path, data)
        if is_safe_now:
            world.sync()
    world.sync()
    replayed = DataTree()
    for payload in txns_of(b"".join(world.logged)):
        header, txn, digest = decode_txn(payload)
        replayed.process_txn(header, txn)
        assert replayed.compare_digest(digest)
    tree = world.server.tree
    assert contents(replayed) == contents(tree)
    assert replayed.tree_digest == tree.tree_digest == sum(node.digest for node in tree.nodes.values())
