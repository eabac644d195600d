"""A member of an ensemble while it looks for a leader: what the election channel tells it."""

from pyzoo.config.parse import parse_config_text
from pyzoo.persistence.directories import open_directories
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.quorum.hello import Hello, encode_hello
from pyzoo.quorum.link import ELECTION
from pyzoo.quorum.notification import Notification
from pyzoo.quorum.vote import LEADING, Vote
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.member.storage import PeerStorage

PATH = "/conf/zoo.cfg"
LEADER = 3
LEADERS_LINE = "server.3=c:2888:3888:participant;0.0.0.0:2181"


def settings() -> str:
    members = [f"server.{number}={host}:2888:3888:participant;0.0.0.0:2181" for number, host in enumerate("abc", 1)]
    return "\n".join(["dataDir=/data", "initLimit=10", "syncLimit=5", "reconfigEnabled=true", *members, ""])


def looking_peer(sid: int) -> QuorumPeer:
    disk = MemoryDisk()
    for directory in ("/conf", "/data"):
        disk.make_directory(directory)
    for path, text in ((PATH, settings()), ("/data/myid", str(sid))):
        disk.create(path).write_at(0, text.encode())
    config, _ = parse_config_text(settings(), PATH, {}, {"/data/myid": str(sid)})
    storage = PeerStorage(config, disk, open_directories(disk, "/data", "/data"))
    peer = QuorumPeer(config, storage, 0, 0, lambda _: 0)
    peer.advance(1, 1)
    return peer


def tell(peer: QuorumPeer, sid: int, config: str) -> None:
    """A leader says that it leads, with its configuration."""
    link = peer.peer_accepted(ELECTION, "c", 40_000)
    payload = Notification(Vote(sid, 0, 1, 1, LEADING), config).encode()
    hello = encode_hello(Hello(sid, [("c", 3888)]), False)
    peer.peer_bytes(link, hello + len(payload).to_bytes(4, "big") + payload)
    peer.take_effects()


def test_a_member_that_was_removed_meanwhile_can_still_be_dialled_where_it_was() -> None:
    peer = looking_peer(1)
    assert peer.listen_addresses() == {ELECTION: [("a", 3888)]}
    tell(peer, LEADER, f"{LEADERS_LINE}\nversion=100000009")
    assert peer.configuration.current.members.lines() == [LEADERS_LINE]
    assert peer.listen_addresses() == {ELECTION: [("a", 3888)]}
