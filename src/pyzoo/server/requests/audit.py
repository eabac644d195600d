"""The audit log: who has changed what (audit.AuditHelper).

Each member writes the requests of its own clients, and all members write the ephemerals that a closing session takes
along. Reads and sessions are not written.
"""

from typing import final

from mypy_extensions import i64

from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.tree import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import Id
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.audit_backlog import LINE_UNITS, AuditBacklog, MultiLines
from pyzoo.server.requests.audit_lines import FAILURE, SUCCESS, acl_text, audit_line, mode_text, write_event
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.slices import SliceQueue


@final
class AuditLog(SessionObserver):
    """The audit log of one server; `server_user` is the user that its process runs as."""

    def __init__(self, access: AccessControl, server_user: str, slices: SliceQueue) -> None:
        super().__init__()
        self.wants_ephemerals = True
        self._access = access
        self._server_user = server_user
        self._slices = slices
        self._backlog: AuditBacklog | None = None

    def user_names(self, ids: list[Id]) -> str | None:
        """The names behind a connection's identities, in their order (AuthUtil.getUsers)."""
        names = [self._access.user_name(id) for id in ids if id.scheme in self._access.providers]
        return ",".join([name for name in names if name.strip()]) or None

    def ephemeral_deleted(self, session_id: i64, path: str, was_there: bool) -> None:
        result = SUCCESS if was_there else FAILURE
        operation = "ephemeralZNodeDeletionOnSessionCloseOrExpire"
        self._write(audit_line(self._server_user, operation, result, session_id, None, path), result)

    def answered(self, request: Request, result: ProcessTxnResult, cnxn: ServerCnxn) -> None:
        """A write of this server's client is applied (AuditHelper.addAuditLog)."""
        operation = operation_of(request.type).audit_name
        header = request.header
        if not operation or header is None:
            return
        failed = header.type == op.ERROR
        if request.type == op.MULTI and not failed:
            self._parts_answered(request, result, cnxn)
            return
        path = result.path
        mode: str | None = None
        acl: str | None = None
        try:
            path_asked, mode, acl = _asked(request)
        except (MalformedRecord, KeeperError):
            path_asked = None
        if failed:
            path = path_asked
        outcome = FAILURE if failed or result.err != 0 else SUCCESS
        user = self.user_names(request.ids)
        line = audit_line(user, operation, outcome, cnxn.session_id, cnxn.address, path, mode, acl)
        self._write(line, outcome)

    def _write(self, line: str, result: str) -> None:
        """Write a line, behind those that wait for their turn."""
        backlog = self._backlog
        if backlog is None or backlog.is_done:
            write_event(line, result)
        else:
            backlog.add_line(line, result)

    def _parts_answered(self, request: Request, result: ProcessTxnResult, cnxn: ServerCnxn) -> None:
        user = self.user_names(request.ids)
        lines = MultiLines(user, cnxn.session_id, cnxn.address, request, result)
        backlog = self._backlog
        if backlog is not None and not backlog.is_done:
            backlog.add_multi(lines)
        elif lines.parts * LINE_UNITS <= self._slices.units:
            lines.write_all()
        else:
            self._backlog = AuditBacklog(lines)
            self._slices.add(self._backlog)


def _asked(request: Request) -> tuple[str | None, str | None, str | None]:
    """Path, create mode and ACL that a request names; raises MalformedRecord or KeeperError."""
    asked = operation_of(request.type).asked(request.body_again())
    acl = asked.acl
    return asked.path, mode_text(asked.flags), None if acl is None else acl_text(acl)
