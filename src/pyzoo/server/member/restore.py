"""EnsembleRestore: a snapshot takes the place of the database of a whole ensemble.

To ZAB the snapshot is a proposal that only the server that has it has logged. So this server stops leading with its log
quiet, and stands for election with the newest history of all; who follows it gets a snapshot, and with the quorum of
that the snapshot is committed. If another server is elected it takes the proposal back, as any other.
"""

import logging
from typing import Final, final

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import StorageError
from pyzoo.persistence.restored import RestoredSnapshot
from pyzoo.quorum.history import CommittedLog
from pyzoo.quorum.vote import LEADING
from pyzoo.server.database import ZKDatabase
from pyzoo.server.member.role import RoleOwner
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import epoch_of, zxid_text

logger: Final = logging.getLogger(__name__)


@final
class EnsembleRestore:
    """What becomes of one snapshot at a time: it waits for the log, then for a quorum."""

    def __init__(self, host: RoleOwner) -> None:
        self._host = host
        self._waiting: RestoredSnapshot | None = None
        self._proposed: DataTree | None = None
        self._failure = ""

    def check_leads(self) -> ZooKeeperServer:
        """The server of a leader, which can restore a snapshot; raises StorageError where this one is none."""
        server = self._host.server
        if server is None or self._host.state != LEADING:
            raise StorageError(f"only the leader can restore a snapshot, which is {self._leader_name()} now")
        return server

    def _leader_name(self) -> str:
        view = self._host.front.ensemble
        leader = -1 if view is None else view.leader_id()
        return "nobody" if leader < 0 else f"server {leader}"

    @property
    def is_under_way(self) -> bool:
        """Whether a snapshot has neither failed nor its quorum."""
        return self._waiting is not None or self._proposed is not None

    def take_failure(self) -> str:
        """Why the last one came to nothing, once; empty when it succeeded."""
        failure = self._failure
        self._failure = ""
        return failure

    def begin(self, restored: RestoredSnapshot) -> None:
        """Replace the database of the whole ensemble; it `is_under_way` until that has happened or failed.

        Raises StorageError where this server does not lead, or while another one is under way: nothing changes then.
        """
        server = self.check_leads()
        if self.is_under_way:
            raise StorageError("another snapshot is being restored")
        self._waiting = restored
        self._failure = ""
        server.shutdown(restored.tree, self._host.database.last_zxid)
        self._host.role.fail("its database is replaced by a snapshot, which all members get from here")

    def log_quiet(self) -> None:
        """What was logged is applied: the snapshot becomes what comes after it."""
        restored = self._waiting
        self._waiting = None
        if restored is None:
            return
        host = self._host
        zxid = max(int(host.database.last_zxid), restored.zxid) + 1
        try:
            self._enter_epoch(epoch_of(zxid))
            restored.complete(zxid)
        except StorageError as error:
            restored.abandon()
            host.effects.errands.is_restored = True
            self._failure = str(error)
            return
        if host.storage.roll_log is not None:
            host.storage.roll_log()
        logger.info("The database is that of a snapshot now, as of zxid %s", zxid_text(zxid))
        self._proposed = restored.tree
        # It was not loaded from here, so there is no load to be counted.
        host.storage.recovered = None
        host.replace_database(ZKDatabase(restored.tree, restored.sessions, CommittedLog(host.config.commit_log_count)))

    def _enter_epoch(self, epoch: int) -> None:
        storage = self._host.storage
        if epoch > storage.epochs.current:
            storage.save_accepted_epoch(max(epoch, storage.epochs.accepted))
            storage.save_current_epoch(epoch)

    def elected(self) -> None:
        """A role serves: the snapshot has its quorum if this server leads with it."""
        tree = self._proposed
        self._proposed = None
        if tree is None:
            return
        self._host.effects.errands.is_restored = True
        if self._host.state != LEADING or self._host.database.tree is not tree:
            self._failure = f"{self._leader_name()} was elected, whose database is another one; try it there"
