"""Start and stop of a server in the audit log (ZKAuditProvider)."""

from contextlib import ExitStack

from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.environment import user_name
from pyzoo.server.requests.audit_lines import FAILURE, INVOKED, SUCCESS, audit_line, write_event


def with_server_user(config: ServerConfig) -> ServerConfig:
    """The settings with the user that this process runs as, where the audit log needs it."""
    return evolve(config, server_user=user_name()) if config.audit_enabled else config


def note_start(config: ServerConfig, stack: ExitStack) -> None:
    """The server serves; that it stops is noted when `stack` unwinds."""
    if config.audit_enabled:
        _note(config, "serverStart", SUCCESS)
        stack.callback(_note, config, "serverStop", INVOKED)


def note_failed_start(config: ServerConfig) -> None:
    """The server could not start."""
    if config.audit_enabled:
        _note(config, "serverStart", FAILURE)


def _note(config: ServerConfig, operation: str, result: str) -> None:
    write_event(audit_line(config.server_user or user_name(), operation, result), result)
