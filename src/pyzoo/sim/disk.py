"""Disks that fail: what was not synced is lost or torn in a crash, and a crash can come inside any call.

    SimDisk     a MemoryDisk that can be full, and that dies after a number of further operations
    SimLog      the log of one member: batches are appended at once, and synced some time later

What a synced file holds is never lost: servers promise nothing for disks that forget.
"""

import errno
from collections.abc import Callable
from typing import Final

from pyzoo.errors import StorageError
from pyzoo.persistence.disk import WriteFile
from pyzoo.persistence.memory_disk import MemoryDisk
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.server.effects import LogBatch
from pyzoo.sim.world import Timer, World

RETRY_MS: Final = 1000
LOSES_ALL: Final = 0.4
KEEPS_ALL: Final = 0.3


class SimCrash(BaseException):
    """The machine died inside a call; no handler may stop this but the simulator's."""


class _FailingFile:
    """A file open for writing on a disk that may fail."""

    def __init__(self, disk: "SimDisk", file: WriteFile) -> None:
        self._disk = disk
        self._file = file

    def write_at(self, offset: int, *pieces: bytes) -> None:
        self._disk.changes(needs_room=True)
        self._file.write_at(offset, *pieces)

    def extend(self, size: int) -> None:
        self._disk.changes(needs_room=True)
        self._file.extend(size)

    def truncate(self, size: int) -> None:
        self._disk.changes()
        self._file.truncate(size)

    def sync_data(self) -> None:
        self._disk.changes()
        self._file.sync_data()

    def sync(self) -> None:
        self._disk.changes()
        self._file.sync()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


class SimDisk(MemoryDisk):
    """`operations_left` is how many changes it survives, None for ever."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self._synced_by_flush: list[str] = []
        self.is_full = False
        self.is_dead = False
        self.operations_left: int | None = None

    # --- faults

    def lose_power(self) -> None:
        """Lose what was not synced, or some of it."""
        self.crash(self._kept)

    def flush(self) -> None:
        """All that was written comes to the disk, as it does when only the process dies."""
        for directory in self._synced_by_flush:
            super().sync_directory(directory)
        # One more than there is, so that a change of size after the last write is kept too.
        self.crash(lambda _, unsynced: unsynced + 1)

    def revive(self) -> None:
        """The machine is up again."""
        self.is_dead = False
        self.operations_left = None

    def _kept(self, path: str, unsynced: int) -> int:
        luck = self.world.random.random()
        if luck < LOSES_ALL:
            return 0
        return unsynced if luck < LOSES_ALL + KEEPS_ALL else self.world.draw(unsynced + 1)

    def changes(self, needs_room: bool = False) -> None:
        """Something is about to change; raises SimCrash or OSError."""
        if self.operations_left is not None:
            self.operations_left -= 1
            if self.operations_left < 0:
                self.is_dead = True
        if self.is_dead:
            raise SimCrash
        if needs_room and self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    # --- the protocol

    def make_directory(self, path: str) -> None:
        self.changes()
        super().make_directory(path)
        self._synced_by_flush.append(path)

    def create(self, path: str) -> WriteFile:
        self.changes(needs_room=True)
        return _FailingFile(self, super().create(path))

    def open_write(self, path: str) -> WriteFile:
        return _FailingFile(self, super().open_write(path))

    def rename(self, old: str, new: str) -> None:
        self.changes()
        super().rename(old, new)

    def remove(self, path: str) -> None:
        self.changes()
        super().remove(path)

    def sync_directory(self, path: str) -> None:
        self.changes()
        super().sync_directory(path)


class SimLog:
    """What the log thread does, in virtual time: all that comes during a sync joins the next."""

    def __init__(
        self,
        world: World,
        log: TxnLog,
        sync_ms: Callable[[], int],
        done: Callable[[list[LogBatch]], None],
        crashed: Callable[[], None],
    ) -> None:
        """`done` gets the batches of every sync that is over; `crashed` is called when the machine dies in one."""
        self.world = world
        self.log = log
        self._sync_ms = sync_ms
        self._done = done
        self._crashed = crashed
        self._waiting: list[LogBatch] = []
        self._writing: list[LogBatch] = []
        self._timer: Timer | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a batch is on its way."""
        return bool(self._waiting or self._writing)

    def submit(self, batch: LogBatch) -> None:
        """Write this batch after all before it."""
        self._waiting.append(batch)
        if self._timer is None:
            self._timer = self.world.after(0, self._begin)

    def stop(self) -> None:
        """The process is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _begin(self) -> None:
        self._timer = None
        if not self._writing:
            while self._waiting:
                self._writing.append(self._waiting.pop(0))
                if self._writing[-1].roll_after:
                    break
        if self._writing and self._try(self._append):
            self._timer = self.world.after(self._sync_ms(), self._finish)

    def _append(self) -> None:
        pieces = [piece for batch in self._writing for piece in batch.pieces]
        self.log.append(self._writing[0].first_zxid, *pieces)

    def _finish(self) -> None:
        self._timer = None
        if not self._try(self._commit):
            return
        batches, self._writing = self._writing, []
        self._done(batches)
        if self._waiting and self._timer is None:
            self._timer = self.world.after(0, self._begin)

    def _commit(self) -> None:
        self.log.commit()
        if self._writing[-1].roll_after:
            self.log.roll()

    def _try(self, step: Callable[[], None]) -> bool:
        """Do it; when the disk fails all of the batches are tried again later."""
        try:
            step()
        except StorageError:
            self._timer = self.world.after(RETRY_MS, self._begin)
            return False
        except SimCrash:
            self._crashed()
            return False
        return True
