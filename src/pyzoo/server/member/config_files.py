"""PeerConfigFiles: the configurations of a member as texts, in its files and on the wire."""

import logging
from collections.abc import Callable
from typing import Final

from pyzoo.config.dynamic_files import (
    backup_path,
    dynamic_path,
    dynamic_text,
    edited_static,
    needs_backup,
    next_path,
    next_text,
)
from pyzoo.config.membership import Membership, members_of_text
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, StorageError
from pyzoo.server.member.storage import PeerStorage

logger: Final = logging.getLogger(__name__)


class PeerConfigFiles:
    """Reads and writes what a reconfiguration changes; a file that cannot be written is reported, not fatal."""

    def __init__(self, config: ServerConfig, storage: PeerStorage) -> None:
        self._config = config
        self._storage = storage
        self._known_texts: dict[int, str] = {}
        self.leader_serves = config.tuning.leader_serves
        self.observer_election_delay_ms = config.tuning.observer_election_delay_ms
        self.oracle: Callable[[], bool] | None = None if config.quorum.oracle_path is None else self._ask_oracle

    def _ask_oracle(self) -> bool:
        """The first character of the oracle's file, read afresh (QuorumOracleMaj)."""
        try:
            text = self._storage.read_text(self._config.quorum.oracle_path or "")
        except OSError as error:
            logger.warning("The oracle cannot be asked: %s", error)
            return False
        return text is not None and text.startswith("1")

    def mentions_newer(self, text: str, version: int) -> bool:
        """Whether a configuration is newer than this version, without reading all of it."""
        last = text.rpartition("version=")[2].strip()
        try:
            return int(last, 16) > version
        except ValueError:
            return False

    def note_difference(self, sender: int, text: str, current: Membership) -> None:
        """Say once that another server, with the same version, knows other members: is it of another ensemble?"""
        if self._known_texts.get(sender) == text:
            return
        self._known_texts[sender] = text
        try:
            members = self.parse(text)
        except ConfigError:
            return
        if members.version != current.version or members.same_members(current):
            return
        logger.warning(
            "Server %d has other members in its configuration than this server: %s. Is it of another ensemble? "
            "All need the same server lines",
            sender,
            ", ".join(members.lines()),
        )

    def parse(self, text: str) -> Membership:
        """A configuration of another server; raises ConfigError."""
        return members_of_text(text)

    def back_up(self) -> None:
        """Keep the static file as it was before the first reconfiguration, if there are members in it."""
        config = self._config
        if config.config_path is None or not config.reconfig_enabled or not needs_backup(config.initial_config):
            return
        self._try(lambda: self._storage.write_text(backup_path(self._path()), config.initial_config))

    def save_next(self, members: Membership) -> None:
        """A configuration was proposed."""
        if self._config.config_path is not None:
            self._try(lambda: self._storage.write_text(next_path(self._path()), next_text(members)))

    def remove_next(self) -> None:
        """What was proposed will never be committed."""
        if self._config.config_path is not None:
            self._try(lambda: self._storage.remove_text(next_path(self._path())))

    def save_current(self, members: Membership) -> None:
        """A configuration became current."""
        if self._config.config_path is not None:
            self._try(lambda: self._save_current(members))

    def _save_current(self, members: Membership) -> None:
        path = self._path()
        dynamic = dynamic_path(path, members.version)
        self._storage.write_text(dynamic, dynamic_text(members))
        static = self._storage.read_text(path)
        if static is None:
            static = self._config.initial_config
        edited = edited_static(static, dynamic, members, self._config.server_id)
        if edited != static:
            self._storage.write_text(path, edited)
        waiting = self._storage.read_text(next_path(path))
        if waiting is not None and f"version={members.version:x}" in waiting.splitlines():
            self._storage.remove_text(next_path(path))

    def _path(self) -> str:
        return self._storage.absolute(self._config.config_path or "")

    def _try(self, save: Callable[[], None]) -> None:
        try:
            save()
        except (StorageError, OSError) as error:
            logger.error("The configuration is in force, but not in its files: %s", error)
