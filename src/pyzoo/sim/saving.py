"""Snapshots and reads of the log, which a shell does beside the turns."""

from typing import Final

from pyzoo.errors import StorageError
from pyzoo.persistence.proposals import proposals_for_sync
from pyzoo.persistence.purge import purge
from pyzoo.persistence.snapshot.file import snapshot_chunks
from pyzoo.persistence.snapshot.saved import SnapshotFile, save_snapshot
from pyzoo.server.effects import LogRead
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.sim.process import Process

SLICE_NODES: Final = 4
PAUSE_MS: Final = 30
RETAINED: Final = 3
"""Snapshots that stay, with the logs that belong to them; the least that a server may be told to keep."""


class FuzzySnapshot:
    """A snapshot that is being made while the member goes on."""

    def __init__(self, saver: "Saver", peer: QuorumPeer) -> None:
        member = saver.member
        storage = peer.storage
        self.saver = saver
        self.member = member
        self.life = member.life
        self.epoch = peer.snapshot_epoch
        tree, sessions = peer.database.tree, dict(peer.database.sessions)
        self.chunks = snapshot_chunks(tree, sessions, slice_nodes=SLICE_NODES)
        self.first = next(self.chunks)
        self.file = SnapshotFile(storage.disk, storage.directories.snapshots, peer.database.last_processed_zxid)
        self.file.write(self.first)

    def plan(self) -> None:
        """The next slice comes a little later."""
        self.member.world.after(self.member.world.between(0, PAUSE_MS), self._step)

    def _step(self) -> None:
        if self.member.life == self.life:
            self.member.attempt(self._slice)

    def _slice(self, peer: QuorumPeer) -> None:
        if peer.snapshot_epoch != self.epoch:
            self.file.abandon()
            self._ended(peer, False)
            return
        try:
            chunk = next(self.chunks, None)
            if chunk is None:
                self.file.save()
                purge(peer.storage.disk, peer.storage.directories, RETAINED)
                self._ended(peer, False)
            else:
                self.file.write(chunk)
                self.plan()
        except StorageError:
            self._ended(peer, True)

    def _ended(self, peer: QuorumPeer, failed: bool) -> None:
        self.saver.fuzzy = None
        peer.snapshot_ended(failed)


class Saver:
    """The files of one member beside its log."""

    def __init__(self, member: Process) -> None:
        self.member = member
        self.fuzzy: FuzzySnapshot | None = None

    def stop(self) -> None:
        """The process is gone."""
        self.fuzzy = None

    def begin_fuzzy(self, peer: QuorumPeer) -> None:
        """Begin a periodic snapshot; one at a time."""
        if self.fuzzy is not None:
            return
        peer.snapshot_began()
        try:
            self.fuzzy = FuzzySnapshot(self, peer)
        except StorageError:
            peer.snapshot_ended(True)
        else:
            self.fuzzy.plan()

    def save_now(self, peer: QuorumPeer) -> None:
        """Save what the member waits for; it takes as long as a sync."""
        member, life, epoch = self.member, self.member.life, peer.snapshot_epoch

        def save(peer: QuorumPeer) -> None:
            if peer.snapshot_epoch != epoch:
                return
            storage, database = peer.storage, peer.database
            try:
                save_snapshot(storage.disk, storage.directories.snapshots, database.tree, dict(database.sessions))
            except StorageError as error:
                failure = error
                member.arrived(lambda: peer.snapshot_failed(failure))
                return
            member.durable.snapshot_saved(database.last_processed_zxid)
            member.arrived(peer.snapshot_saved)

        def due() -> None:
            if member.life == life:
                member.attempt(save)

        member.world.after(member.sync_ms(), due)

    def read_log(self, peer: QuorumPeer, read: LogRead) -> None:
        """Read proposals off the files, a little later."""
        member, life = self.member, self.member.life

        def due() -> None:
            if member.life == life:
                storage, size_factor = peer.storage, read.size_limit_factor
                proposals = proposals_for_sync(
                    storage.disk, storage.directories, read.from_zxid, read.to_zxid, size_factor
                )
                member.arrived(lambda: read.handler.log_read(proposals))

        member.world.after(member.sync_ms(), due)
