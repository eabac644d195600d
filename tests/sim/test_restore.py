"""A snapshot that the leader restores for its ensemble: with a quorum it counts everywhere, without one nowhere."""

import pytest

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import StorageError
from pyzoo.jute.records import ACL, CreateTxn, TxnHeader
from pyzoo.persistence.restored import RestoredSnapshot
from pyzoo.persistence.snapshot.saved import SnapshotFile
from pyzoo.sim.checkers.leaders import LeaderChecker
from pyzoo.sim.machine import host_of
from pyzoo.sim.member import SimMember
from pyzoo.sim.options import Options
from pyzoo.zxid import epoch_of
from tests.support.scenes import Scene

OPEN = [ACL(31, "world", "anyone")]


class RestoreScene(Scene):
    """Three members and an observer."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, Options(observers=1, clients=0))
        # The others go by the transactions, which do not tell of a restored snapshot.
        checkers = self.ensemble.checkers
        checkers[:] = [checker for checker in checkers if isinstance(checker, LeaderChecker)]
        self.leader = self.begin()

    def restore(self, member: SimMember, zxid: int = 5) -> None:
        """Restore a snapshot of one node, /kept."""
        peer = self.peer(member)
        tree = DataTree()
        tree.process_txn(TxnHeader(1, 0, zxid, 0, 1), CreateTxn("/kept", b"", OPEN, False, -1))
        restored = RestoredSnapshot(tree, {}, zxid)
        tree.set_config(peer.configuration.current.members.text().encode(), peer.configuration.current.version, 0)
        restored.write_body(SnapshotFile(peer.storage.disk, peer.storage.directories.snapshots, zxid))
        member.arrived(lambda: peer.restoring.begin(restored))

    def have_it(self) -> list[bool]:
        return [
            self.peer(member).database.tree.get_node("/kept") is not None for member in self.ensemble.members.values()
        ]

    def cut_off(self, member: SimMember) -> None:
        for other in self.ensemble.members:
            if other != member.sid:
                self.ensemble.network.block(member.host, host_of(other))
                self.ensemble.network.block(host_of(other), member.host)

    def restart_all(self) -> None:
        for member in self.ensemble.members.values():
            member.crash(power=True)
            member.start()
        self.wait_for_leader()


@pytest.mark.parametrize("seed", range(20))
def test_with_a_quorum_all_members_have_it_now_and_after_a_power_cut(seed: int) -> None:
    scene = RestoreScene(seed)
    peer = scene.peer(scene.leader)
    scene.restore(scene.leader)
    scene.run_until(lambda: peer.restoring.is_under_way)
    scene.run_until(lambda: not peer.restoring.is_under_way)
    assert peer.restoring.take_failure() == ""
    assert scene.wait_for_leader() is scene.leader
    assert [True] * 4 == scene.have_it()
    scene.restart_all()
    assert [True] * 4 == scene.have_it()


@pytest.mark.parametrize("seed", range(20))
def test_without_a_quorum_it_is_taken_back(seed: int) -> None:
    scene = RestoreScene(seed)
    old = scene.leader
    peer = scene.peer(old)
    scene.cut_off(old)
    scene.restore(old)
    scene.run_until(lambda: scene.ensemble.leader() not in (None, old))
    assert peer.restoring.is_under_way
    scene.ensemble.network.unblock_all()
    scene.run_until(lambda: not peer.restoring.is_under_way)
    assert "was elected, whose database is another one" in peer.restoring.take_failure()
    assert scene.wait_for_leader() is not old
    assert [False] * 4 == scene.have_it()
    scene.restart_all()
    assert [False] * 4 == scene.have_it()


def test_a_snapshot_of_a_later_epoch_begins_a_later_one_here() -> None:
    scene = RestoreScene(1)
    peer = scene.peer(scene.leader)
    scene.restore(scene.leader, zxid=(77 << 32) + 5)
    scene.run_until(lambda: peer.restoring.is_under_way)
    scene.run_until(lambda: not peer.restoring.is_under_way)
    scene.wait_for_leader()
    assert [True] * 4 == scene.have_it()
    assert all(scene.peer(member).storage.epochs.current > 77 for member in scene.ensemble.members.values())
    assert epoch_of(peer.database.last_zxid) >= 77


def test_only_the_leader_restores() -> None:
    scene = RestoreScene(1)
    for member in scene.ensemble.members.values():
        if member is not scene.leader:
            restored = RestoredSnapshot(DataTree(), {}, 5)
            with pytest.raises(StorageError, match=f"only the leader can .* server {scene.leader.sid} now"):
                scene.peer(member).restoring.begin(restored)


def test_one_after_the_other() -> None:
    scene = RestoreScene(1)
    scene.restore(scene.leader)
    peer = scene.peer(scene.leader)
    scene.run_until(lambda: peer.restoring.is_under_way)
    with pytest.raises(StorageError):
        peer.restoring.begin(RestoredSnapshot(DataTree(), {}, 5))


def test_a_disk_that_fails_leaves_the_old_database() -> None:
    scene = RestoreScene(1)
    scene.restore(scene.leader)
    scene.leader.machine.disk.is_full = True
    peer = scene.peer(scene.leader)
    failures: list[str] = []

    def has_failed() -> str:
        failures.append(peer.restoring.take_failure())
        return failures[-1]

    scene.run_until(has_failed)
    scene.leader.machine.disk.is_full = False
    assert "cannot save the snapshot" in failures[-1]
    assert not peer.restoring.is_under_way
    scene.wait_for_leader()
    assert [False] * 4 == scene.have_it()
