"""The client below the commands."""

from pyzoo.shell.client import NewNode, ZooKeeper
from pyzoo.shell.connection import Session
from pyzoo.testing import EmbeddedServer

from .conftest import ThreadFor


def test_many_requests_may_be_on_their_way_at_once(server: EmbeddedServer, event_thread: ThreadFor) -> None:
    """More of them than the pipe that wakes the connection holds."""
    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(lambda event: None)))
    paths = ["/many", *(f"/many/{number:04}" for number in range(1500))]
    assert {0} == set(zk.create_many([NewNode(path, path.encode()) for path in paths]))
    read = list(zk.walk("/many", data=True, acl=True))
    assert paths == sorted(node.path for node in read)
    assert all(node.data == node.path.encode() and len(node.acl) == 1 for node in read)
    zk.close()


def test_large_answers_come_in_pieces(server: EmbeddedServer, event_thread: ThreadFor) -> None:
    zk = ZooKeeper(Session(server.connect_string, 20000, event_thread(lambda event: None)))
    data = bytes(range(256)) * 3000
    paths = [f"/large-{number}" for number in range(8)]
    zk.create_many([NewNode(path, data) for path in paths])
    assert [data] * 8 == [node.data for node in zk.read_many(paths, data=True) if node is not None]
    zk.close()
