"""What a server exports for Prometheus: the families of a leader that has every gauge."""

from pyzoo.config.parse import parse_config_text
from pyzoo.persistence.directories import open_directories
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.runtime.process_metrics import disk_families, process_families, python_families
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.member.storage import PeerStorage
from pyzoo.server.modes import LEADER
from pyzoo.server.operators.families import Family
from pyzoo.server.operators.prometheus import server_families

ZOO_CFG = "dataDir=/data\nstandaloneEnabled=false\ninitLimit=5\nsyncLimit=2\nserver.1=a:2:3;0.0.0.0:1\n"


def lone_leader() -> QuorumPeer:
    """A member that leads an ensemble of one."""
    disk = MemoryDisk()
    disk.make_directory("/data")
    config, _ = parse_config_text(ZOO_CFG, "/zoo.cfg", {}, {"/data/myid": "1"})
    peer = QuorumPeer(config, PeerStorage(config, disk, open_directories(disk, "/data", "/data")), 0, 0, lambda _: 0)
    for now_ms in range(1, 500, 50):
        peer.advance(now_ms, now_ms)
        while (log := peer.take_effects().log) is not None:
            peer.persisted(log.last_zxid)
    assert LEADER == peer.front.mode
    return peer


def leader_families() -> list[Family]:
    """Of a leader, with a key in the sets that traffic fills."""
    peer = lone_leader()
    metrics = peer.metrics
    metrics.path_read("/a", 1)
    metrics.path_written("/a", 1)
    metrics.quorum.ack_latency.of("1").add(1)
    metrics.quorum.learner_handler_qp_size.of("1").add(1)
    return server_families(peer.front) + process_families() + python_families() + disk_families({"data": "/"})
