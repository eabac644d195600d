"""The whole tree of one server, as it sends it, and the comparison of all members of an ensemble."""

from collections.abc import Sequence

from interop import requests as rq
from interop.client import Client, Reply
from interop.histories import child_names
from interop.member import JAVA38, Member
from interop.server import Server

Tree = dict[str, tuple[str, ...]]
#: Nodes whose requests travel together; three requests each stay far below every server's limits.
AT_ONCE = 100
CONFIG = "/zookeeper/config"
NO_NODE = -101


def tree_of(server: Server) -> Tree:
    """Path to data with Stat, ACL and sorted children of every node, after a sync.

    /zookeeper/config is left out: its times are each server's own, and its text may name each other's addresses.
    """
    client = Client(server)
    assert client.session, f"{server} refused a session"
    client.call(rq.SYNC, rq.text("/"))
    tree: Tree = {}
    waiting = ["/"]
    while waiting:
        paths, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        for path in paths:
            client.send(rq.GET_DATA, rq.path_watch(path))
            client.send(rq.GET_ACL, rq.text(path))
            client.send(rq.GET_CHILDREN2, rq.path_watch(path))
        for path in paths:
            data, acl, children = (_received(client) for _ in range(3))
            if NO_NODE in (data.error, acl.error, children.error):
                raise AssertionError(f"{path} went away during the walk of {server}")
            names = sorted(child_names(bytes(16) + children.body))
            tree[path] = data.body.hex(), acl.body.hex(), ",".join(names)
            waiting.extend(f"{path.rstrip('/')}/{name}" for name in names)
    tree.pop(CONFIG)
    client.call(rq.CLOSE_SESSION)
    client.close()
    return tree


def _received(client: Client) -> Reply:
    reply = client.receive()
    assert reply is not None, f"{client.server} closed the connection during a walk"
    return reply


def assert_same_trees(members: Sequence[Member]) -> None:
    """Every node, Stat and ACL and every remembered digest is the same on all, and none saw a wrong digest."""
    first, *others = members
    expected = tree_of(first)
    for other in others:
        actual = tree_of(other)
        differences = [path for path in expected.keys() | actual.keys() if expected.get(path) != actual.get(path)]
        shown = "\n".join(f"{path}: {expected.get(path)} != {actual.get(path)}" for path in sorted(differences)[:20])
        assert not differences, f"{first} and {other} differ in {len(differences)} nodes:\n{shown}"
    assert_same_digests(members)


def assert_same_digests(members: Sequence[Member]) -> None:
    digests: dict[int, str] = {}
    for member in members:
        for zxid, digest in member.digests().items():
            assert digests.setdefault(zxid, digest) == digest, f"{member} has another digest at 0x{zxid:x}"
        if member.kind != JAVA38:
            # A busy 3.8.0 writes a digest into a fuzzy snapshot that it does not find again itself after a restart.
            assert "0" == member.mntr()["zk_digest_mismatches_count"], f"{member} saw a digest mismatch"
