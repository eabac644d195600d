"""DatabaseLoader: the database of a member between two roles, brought up to its log or loaded anew."""

from typing import final

from pyzoo.quorum.vote import UNUSABLE_ZXID
from pyzoo.server.member.role import Role, RoleOwner


@final
class DatabaseLoader:
    """The host's database has been loaded when this is made."""

    def __init__(self, host: RoleOwner) -> None:
        self._host = host
        self._is_ahead_of_disk = False
        recovered = host.storage.recovered
        if recovered is not None and recovered.last_zxid < 0:
            host.database.tree.last_processed_zxid = UNUSABLE_ZXID
        self.count()

    def count(self) -> None:
        """Add the last load to the metrics."""
        recovered = self._host.storage.recovered
        if recovered is not None:
            snapshot_ms, replay_ms = recovered.snapshot_load_ns // 1_000_000, recovered.replay_ns // 1_000_000
            self._host.metrics.loaded(snapshot_ms, replay_ms, recovered.replayed.txn_count)

    def catch_up(self, role: Role) -> None:
        """This role is over, and its log quiet: what was logged is the history; raises StorageError."""
        if role.needs_reload:
            self._reload()
        else:
            self._is_ahead_of_disk = self._is_ahead_of_disk or not role.keeps_log
            for proposal in role.unfinished():
                self._host.database.apply(proposal.zxid, proposal.payload)
        self.forget_what_disk_lacks()

    def forget_what_disk_lacks(self) -> bool:
        """An observer that kept nothing on disk and now has a vote has the history that its disk has; True if so.

        Its log would begin behind what it only had in memory. (Apache's server has that hole.)
        """
        forgets = self._is_ahead_of_disk and not self._host.configuration.is_observer
        if forgets:
            self._reload()
        return forgets

    def _reload(self) -> None:
        self._host.replace_database(self._host.storage.load())
        self._is_ahead_of_disk = False
