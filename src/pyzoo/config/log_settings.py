"""Settings of the logs: Apache's properties of logback.xml and log4j.properties, and what pyzoo adds to them."""

import logging
import re
from typing import Final

from attrs import evolve, frozen

from pyzoo.config.java_numbers import whole_number
from pyzoo.config.reader import ConfigReader

TEXT: Final = "text"
JSON: Final = "json"
_OFF: Final = logging.CRITICAL + 10
LEVELS: Final = {
    "ALL": 1,
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "OFF": _OFF,
}
"""Numbers of Python's logging by the names of Java's."""
_UNITS: Final = {"": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE: Final = re.compile(r"([0-9]+) *([KMG]B|)", re.IGNORECASE | re.ASCII)
_LEVEL_OF: Final = "log.level."


@frozen
class LogFile:
    """A file that rolls: at `max_bytes` it gets the number 1, and so on up to `backups`; 0 bytes is no limit."""

    path: str
    threshold: int = 0
    max_bytes: int = 256 << 20
    backups: int = 20


@frozen
class LogSettings:
    """What is logged, how, and where to. `console` is stderr; without `audit_file` the audit log is a part of the log.

    Levels and thresholds are numbers of Python's logging; `levels` is by the name of a logger. `rolling` is how a file
    is written whose path comes from elsewhere.
    """

    format: str = TEXT
    level: int = logging.INFO
    levels: tuple[tuple[str, int], ...] = ()
    console: bool = True
    console_threshold: int = 0
    file: LogFile | None = None
    rolling: LogFile = LogFile("")
    audit_file: LogFile | None = None


def read_logs(reader: ConfigReader) -> LogSettings:
    """The settings of the keys `log.*`, `console.threshold`, `root.logger` and `auditlog.*`."""
    level, appenders = _root_logger(reader)
    name = reader.text("log.file")
    if appenders:
        # zkServer.sh always names a file; who chooses appenders says whether it is written.
        name = (name or "zookeeper.log") if "ROLLINGFILE" in appenders else ""
    file = LogFile(
        _path(reader, name),
        _level(reader, "log.threshold", 0),
        _size(reader, "log.maxfilesize"),
        reader.integer("log.maxbackupindex"),
    )
    audit = reader.text("auditlog.file")
    audit_file = LogFile(
        _path(reader, audit),
        _level(reader, "auditlog.threshold", 0),
        _size(reader, "auditlog.maxfilesize"),
        reader.integer("auditlog.maxbackupindex"),
    )
    return LogSettings(
        format=_format(reader),
        level=_level(reader, "log.level", level),
        levels=_levels_by_logger(reader),
        console=not appenders or "CONSOLE" in appenders,
        console_threshold=_level(reader, "console.threshold", 0),
        file=file if name else None,
        rolling=evolve(file, path=""),
        audit_file=audit_file if audit else None,
    )


def level_number(text: str) -> int | None:
    """The number of a level, whatever its case; None for a name that is none."""
    return LEVELS.get(text.strip().upper())


def _root_logger(reader: ConfigReader) -> tuple[int, frozenset[str]]:
    """Level and appenders of `INFO, CONSOLE, ROLLINGFILE` (log4j.properties); no appenders when it is not given."""
    name = "root.logger"
    first, *appenders = (part.strip() for part in reader.text(name).split(","))
    if not first:
        return logging.INFO, frozenset()
    level = level_number(first)
    if level is None:
        reader.warn(f"{name}={reader.text(name)}: {first} is no level, INFO is used", name)
    known = {appender.upper() for appender in appenders} & {"CONSOLE", "ROLLINGFILE"}
    for appender in appenders:
        if appender.upper() not in known:
            reader.warn(f"{name}: there is no appender {appender}, only CONSOLE and ROLLINGFILE", name)
    return logging.INFO if level is None else level, frozenset(known)


def _path(reader: ConfigReader, name: str) -> str:
    directory = reader.text("log.dir")
    return name if name.startswith("/") or directory in ("", ".") else f"{directory.rstrip('/')}/{name}"


def _level(reader: ConfigReader, name: str, otherwise: int) -> int:
    text = reader.given(name)
    if text is None:
        return otherwise
    level = level_number(text)
    if level is None:
        reader.warn(f"{name}={text} is no level: choose ERROR, WARN, INFO, DEBUG, TRACE, ALL or OFF", name)
        return otherwise
    return level


def _levels_by_logger(reader: ConfigReader) -> tuple[tuple[str, int], ...]:
    prefix = "zookeeper." + _LEVEL_OF
    names = [name.removeprefix(prefix) for name in reader.effective_properties() if name.startswith(prefix)]
    return tuple((name, _level(reader, _LEVEL_OF + name, logging.NOTSET)) for name in names)


def _size(reader: ConfigReader, name: str) -> int:
    text = reader.text(name)
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        reader.warn(f"{name}={text} is no size, there is no limit: write for example 256MB", name)
        return 0
    return whole_number(found[1]) * _UNITS[found[2].upper()]


def _format(reader: ConfigReader) -> str:
    text = reader.text("log.format").lower()
    if text not in (TEXT, JSON):
        reader.warn(f"log.format={text} is unknown: choose text or json", "log.format")
        return TEXT
    return text
