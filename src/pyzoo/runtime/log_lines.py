"""What a log line looks like: text in Apache's layout, or JSON, with what is known of the member that writes it.

2026-11-25 19:36:00,123 [myid:1] - INFO  [QuorumPeer] - LEADING with epoch 3, last zxid 0x200000007
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from pyzoo.runtime.log_names import shown_name
from pyzoo.server.requests.audit_lines import AUDIT_LOGGER

Context = Callable[[], Mapping[str, object]]
"""Gives what is known of the member now: myid, role, epoch."""

#: What a call may give as `extra`, in the order in which it is shown.
EXTRAS: Final = ("session", "client")
_JAVA_LEVELS: Final = {logging.WARNING: "WARN", logging.CRITICAL: "FATAL"}
_AUDIT_NAME: Final = "audit.Slf4jAuditLogger"


def no_context() -> Mapping[str, object]:
    """Of a process that is no member."""
    return {}


class ContextFilter(logging.Filter):
    """Adds the context to every record, at the moment at which it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.context: Context = no_context

    def filter(self, record: logging.LogRecord) -> bool:
        record.member = self.context()
        return True


def level_name(record: logging.LogRecord) -> str:
    """The level by its Java name."""
    return _JAVA_LEVELS.get(record.levelno, record.levelname)


def member_of(record: logging.LogRecord) -> Mapping[str, object]:
    """The context of a record."""
    found: Mapping[str, object] = getattr(record, "member", {})
    return found


class TextFormatter(logging.Formatter):
    """Apache's pattern without thread and line: `%d [myid:%X{myid}] - %-5p [%C{1}] - %m`."""

    def format(self, record: logging.LogRecord) -> str:
        myid = member_of(record).get("myid", "")
        head = f"{self.formatTime(record)} [myid:{myid}] - {level_name(record):<5} [{shown_name(record.name)}] - "
        return with_traceback(self, record, head + record.getMessage())


class AuditFormatter(logging.Formatter):
    """The pattern of Apache's audit file: `%d %p %c{2}: %m`."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {level_name(record)} {_AUDIT_NAME}: {record.getMessage()}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line; an audit event has its fields one by one."""

    def format(self, record: logging.LogRecord) -> str:
        seconds, fraction = divmod(record.created, 1)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        line: dict[str, object] = {
            "time": f"{at}.{int(fraction * 1000):03}Z",
            "level": level_name(record),
            "logger": shown_name(record.name),
            "module": record.name,
            "message": record.getMessage(),
            **member_of(record),
        }
        line |= {name: record.__dict__[name] for name in EXTRAS if name in record.__dict__}
        if record.name == AUDIT_LOGGER:
            line["audit"] = dict(pair.split("=", 1) for pair in record.getMessage().split("\t"))
        if record.exc_text or record.exc_info:
            line["error"] = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        return json.dumps(line, ensure_ascii=False, default=str)


def with_traceback(formatter: logging.Formatter, record: logging.LogRecord, text: str) -> str:
    """The text, with the exception of the record below it where there is one."""
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return f"{text}\n{record.exc_text}" if record.exc_text else text
