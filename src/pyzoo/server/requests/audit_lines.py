"""Lines of the audit log, as Apache writes them (audit.AuditEvent).

One line an event, `key=value` pairs with tabs between them, in the order session, user, ip, operation, znode,
znode_type, acl, result; what is not known is left out.
"""

import logging
from typing import Final

from mypy_extensions import i32, i64

from pyzoo.jute.records import ACL

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


def mode_text(flags: i32) -> str | None:
    """The create mode that these flags are; None for none of the known ones."""
    return _MODES[flags] if 0 <= flags < len(_MODES) else None
