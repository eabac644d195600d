"""Messenger: notifications between the election and the election channel (FastLeaderElection.Messenger)."""

import logging
from typing import Final, final

from pyzoo.errors import ConfigError, MalformedRecord
from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.notification import decode_notification
from pyzoo.quorum.vote import LOOKING
from pyzoo.server.member.looking import Looking
from pyzoo.server.member.role import RoleOwner

logger: Final = logging.getLogger(__name__)


@final
class Messenger:
    """Carries them, and learns of newer configurations from them."""

    def __init__(self, host: RoleOwner, cnx: QuorumCnxManager) -> None:
        self._host = host
        self._cnx = cnx

    def exchange(self) -> bool:
        """Hand over what has arrived, and send what the election says; whether anything had arrived."""
        election = self._host.election
        now_ms = int(self._host.now_ms)
        moved = False
        for sender, payload in self._cnx.take_received():
            moved = True
            self._notified(sender, payload, now_ms)
        for sid in self._cnx.take_lost():
            election.voter_lost(sid)
        if self._cnx.take_dial_in_vain():
            election.voter_unreachable()
        for receiver, notification in election.take_messages():
            self._cnx.send(receiver, notification.encode(), now_ms)
        if election.wants_connect_all:
            election.wants_connect_all = False
            self._cnx.connect_all(now_ms)
        return moved

    def _notified(self, sender: int, payload: bytes, now_ms: int) -> None:
        host = self._host
        try:
            notification = decode_notification(payload)
        except MalformedRecord as error:
            logger.warning("Ignoring a notification of server %d: %s", sender, error)
            return
        if notification.config:
            if self._learn_config(notification.config):
                return
            configuration = host.configuration
            configuration.files.note_difference(sender, notification.config, configuration.current.members)
        if notification.vote.state == LOOKING:
            host.role.looking_reported(sender)
        host.election.notification_received(sender, notification, now_ms)

    def _learn_config(self, text: str) -> bool:
        """Adopt a newer configuration while looking; True when the election has to begin anew (WorkerReceiver)."""
        host = self._host
        role = host.role
        files, current = host.configuration.files, host.configuration.current
        if not isinstance(role, Looking) or not files.mentions_newer(text, current.version):
            return False
        try:
            members = files.parse(text)
        except ConfigError as error:
            logger.warning("A configuration in a notification cannot be read: %s", error)
            return False
        if not host.config.reconfig_enabled:
            return False
        logger.info("Adopting the configuration %x of another server", members.version)
        host.process_reconfig(members, None, members.version)
        if members.same_members(current.members):
            return False
        role.look_again()
        return True
