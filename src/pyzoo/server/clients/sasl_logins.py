"""SASL logins of clients (ZooKeeperServer.processSasl, ZooKeeperSaslServer).

Each connection has one exchange, so it can log in once; whoever goes on after the end of it has failed.
"""

import logging
from typing import Final, final

from librt.strings import write_i32_be
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.jute.records import Id
from pyzoo.server.auth.access_control import with_ids
from pyzoo.server.auth.provider import SUPER
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.effects import Effects, SaslStep

logger: Final = logging.getLogger(__name__)

FAILURE_INTERVAL_MS: Final = 1000
"""Failures are logged so often at most, as clients come again."""


@final
class SaslLogins:
    """What becomes of the tokens of clients."""

    def __init__(self, config: ServerConfig, effects: Effects) -> None:
        self._login = config.client_login
        self._super_users = config.sasl_super_users
        self._is_required: bool = config.enforce_auth_enabled and "sasl" in config.enforce_auth_schemes
        self._keeps_failed: bool = config.allow_sasl_failed_clients and not self._is_required
        self._effects = effects
        self._next_failure_ms: i64 = 0

    def take(self, cnxn: ServerCnxn, xid: i32, token: bytes) -> None:
        """Go on with the exchange of a connection; raises ProtocolViolation for what deserves no answer."""
        if self._login is None:
            self._without_login(cnxn, xid)
            return
        if cnxn.sasl is None:
            cnxn.sasl = self._login.new_server()
        step = SaslStep(cnxn, cnxn.sasl, xid, token)
        if cnxn.sasl.waits:
            cnxn.is_busy = True
            cnxn.waits_for_sasl = True
            self._effects.errands.sasl_steps.append(step)
        else:
            step.run()
            self.answer(cnxn, step)

    def done(self, cnxn: ServerCnxn, step: SaslStep) -> bool:
        """A step that was waited for has come to its end; False while another reply is being written."""
        if cnxn.work is not None and not cnxn.closing:
            return False
        cnxn.waits_for_sasl = False
        if cnxn.closing:
            return True
        try:
            self.answer(cnxn, step)
        except ProtocolViolation as violation:
            logger.info(
                "Closing the connection of %s:%d: %s", cnxn.address, cnxn.port, violation, extra=of_client(cnxn)
            )
            cnxn.abort()
        return True

    def answer(self, cnxn: ServerCnxn, step: SaslStep) -> None:
        """Tell a client what became of its token; raises ProtocolViolation as `take`."""
        failure: ProtocolViolation | None = step.failure
        if failure is None:
            if step.server.is_complete:
                self._log_in(cnxn, step.server.authorization_id)
            self._reply(cnxn, step.xid, 0, step.answer)
        elif isinstance(failure, SaslFailure):
            self._refuse(cnxn, step.xid, failure)
        else:
            raise failure

    def _log_in(self, cnxn: ServerCnxn, name: str) -> None:
        cnxn.ids = with_ids(cnxn.ids, ids_of_sasl_name(name, self._super_users))
        logger.info("%s:%d has logged in by SASL as %r", cnxn.address, cnxn.port, name, extra=of_client(cnxn))

    def _refuse(self, cnxn: ServerCnxn, xid: i32, reason: object) -> None:
        """A login has failed: the connection ends, unless the settings say that it stays without the id."""
        stays = self._keeps_failed
        if cnxn.last_io_ms >= self._next_failure_ms:
            self._next_failure_ms = cnxn.last_io_ms + FAILURE_INTERVAL_MS
            logger.warning(
                "The SASL login of %s:%d failed%s: %s",
                cnxn.address,
                cnxn.port,
                ", its connection stays" if stays else "",
                reason,
                extra=of_client(cnxn),
            )
        code: i32 = 0
        if not stays:
            code = err.SESSIONCLOSEDREQUIRESASLAUTH if self._is_required else err.AUTHFAILED
        self._reply(cnxn, xid, code, None)
        if not stays:
            cnxn.close()

    def _without_login(self, cnxn: ServerCnxn, xid: i32) -> None:
        """Nobody can log in here: success with a null token, as Apache answers then.

        Java's clients take that for the end. One that goes on (kazoo would for ever, and Apache would answer) gets
        what a failed login gets.
        """
        if cnxn.sasl_refused:
            code: i32 = err.SESSIONCLOSEDREQUIRESASLAUTH if self._is_required else err.AUTHFAILED
            self._reply(cnxn, xid, code, None)
            logger.warning(
                "Closing the connection of %s:%d: it wants a SASL login, and there is none here",
                cnxn.address,
                cnxn.port,
                extra=of_client(cnxn),
            )
            cnxn.close()
        else:
            self._reply(cnxn, xid, 0, None)
        cnxn.sasl_refused = True

    def _reply(self, cnxn: ServerCnxn, xid: i32, code: i32, token: bytes | None) -> None:
        start = cnxn.reply_begin(xid, 0, code)
        if token is None:
            write_i32_be(cnxn.out, -1)
        else:
            write_i32_be(cnxn.out, i32(len(token)))
            cnxn.out.write(token)
        cnxn.frame_written(start)


def ids_of_sasl_name(name: str, super_users: frozenset[str]) -> list[Id]:
    """Who has logged in by SASL under this name."""
    ids = [Id("sasl", name)]
    if name and name in super_users:
        ids.append(Id(SUPER, ""))
    return ids
