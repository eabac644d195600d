"""The audit log: who has changed what, as Apache writes it (audit.AuditHelper, AuditEvent).

One line an event, `key=value` pairs with tabs between them, in the order session, user, ip, operation, znode,
znode_type, acl, result; what is not known is left out. Each member writes the requests of its own clients, and all
members write the ephemerals that a closing session takes along. Reads and sessions are not written.
"""

import logging
from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.session_observer import SessionObserver
from pyzoo.datatree.tree import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateTTLRequest, Id
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.operations.parts import decode_multi
from pyzoo.server.requests.operations.table import operation_of

AUDIT_LOGGER: Final = "pyzoo.audit"

SUCCESS: Final = "success"
FAILURE: Final = "failure"
INVOKED: Final = "invoked"

_MODES: Final = (
    "persistent",
    "ephemeral",
    "persistent_sequential",
    "ephemeral_sequential",
    "container",
    "persistent_with_ttl",
    "persistent_sequential_with_ttl",
)
_LINE_ENDS: Final = "\u2028\u2029"
_PERMISSIONS: Final = "rwcda"
_PERMISSION_ORDER: Final = "cdrwa"

_logger: Final = logging.getLogger(AUDIT_LOGGER)


def audit_line(
    user: str | None,
    operation: str,
    result: str,
    session_id: i64 = 0,
    ip: str | None = None,
    znode: str | None = None,
    mode: str | None = None,
    acl: str | None = None,
) -> str:
    """One event as text; a session id of 0 is none."""
    session = f"0x{int(session_id) & 0xFFFFFFFFFFFFFFFF:x}" if session_id != 0 else None
    fields = (
        ("session", session),
        ("user", user),
        ("ip", ip),
        ("operation", operation),
        ("znode", znode),
        ("znode_type", mode),
        ("acl", acl),
        ("result", result),
    )
    return "\t".join([f"{name}={without_controls(value)}" for name, value in fields if value is not None])


def without_controls(value: str) -> str:
    """What a client said, fit for a line of a log: control characters could look like another line or field.

    (StringUtils.sanitizeForLog, since 3.9.6, which knows only those of ASCII.)
    """
    if value.isprintable():
        return value
    return "".join([c for c in value if c >= " " and not "\x7f" <= c <= "\x9f" and c not in _LINE_ENDS])


def write_event(line: str, result: str) -> None:
    """Hand an event to the logger of the audit log; failures are errors there."""
    if result == FAILURE:
        _logger.error("%s", line)
    else:
        _logger.info("%s", line)


def acl_text(acl: list[ACL]) -> str:
    """The entries without anything between them (ZKUtil.aclToString)."""
    return "".join([f"{_java(entry.scheme)}:{_java(entry.id)}:{_permissions(entry.perms)}" for entry in acl])


def _java(text: str | None) -> str:
    return "null" if text is None else text


def _permissions(perms: i32) -> str:
    letters = [letter for bit, letter in enumerate(_PERMISSIONS) if perms & (1 << bit)]
    return "".join([letter for letter in _PERMISSION_ORDER if letter in letters])


def _mode(flags: i32) -> str | None:
    return _MODES[flags] if 0 <= flags < len(_MODES) else None


@final
class AuditLog(SessionObserver):
    """The audit log of one server; `server_user` is the user that its process runs as."""

    def __init__(self, access: AccessControl, server_user: str) -> None:
        super().__init__()
        self.wants_ephemerals = True
        self._access = access
        self._server_user = server_user

    def user_names(self, ids: list[Id]) -> str | None:
        """The names behind a connection's identities, in their order (AuthUtil.getUsers)."""
        names = [self._access.user_name(id) for id in ids if id.scheme in self._access.providers]
        return ",".join([name for name in names if name.strip()]) or None

    def ephemeral_deleted(self, session_id: i64, path: str, was_there: bool) -> None:
        result = SUCCESS if was_there else FAILURE
        operation = "ephemeralZNodeDeletionOnSessionCloseOrExpire"
        write_event(audit_line(self._server_user, operation, result, session_id, None, path), result)

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
        self._write(request, cnxn, operation, outcome, path, mode, acl)

    def _parts_answered(self, request: Request, result: ProcessTxnResult, cnxn: ServerCnxn) -> None:
        """Each part that changes something has its own line; one that failed makes a single line of all."""
        modes = _modes_of_multi(request)
        failed = False
        for part in result.results or []:
            operation = operation_of(part.type).audit_name
            if part.type == op.ERROR:
                failed = True
            elif operation:
                mode = modes.get(part.path or "") if operation == "create" else None
                self._write(request, cnxn, operation, SUCCESS, part.path, mode, None)
        if failed:
            self._write(request, cnxn, "multiOperation", FAILURE, result.path, None, None)

    def _write(
        self,
        request: Request,
        cnxn: ServerCnxn,
        operation: str,
        result: str,
        path: str | None,
        mode: str | None,
        acl: str | None,
    ) -> None:
        user = self.user_names(request.ids)
        write_event(audit_line(user, operation, result, cnxn.session_id, cnxn.address, path, mode, acl), result)


def _asked(request: Request) -> tuple[str | None, str | None, str | None]:
    """Path, create mode and ACL that a request names; raises MalformedRecord or KeeperError."""
    asked = operation_of(request.type).asked(request.body_again())
    acl = asked.acl
    return asked.path, _mode(asked.flags), None if acl is None else acl_text(acl)


def _modes_of_multi(request: Request) -> dict[str, str]:
    """Create modes by the path asked for, so that a sequential node, whose name is another, has none."""
    modes: dict[str, str] = {}
    try:
        parts = decode_multi(request.body_again())
    except (MalformedRecord, KeeperError):
        return modes
    for part in parts:
        made = part.body
        if isinstance(made, CreateTTLRequest) and part.type != op.CREATE_TTL and made.path is not None:
            mode = _mode(made.flags)
            if mode is not None:
                modes[made.path] = mode
    return modes
