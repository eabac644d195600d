"""Where log lines go: through a bounded queue to a thread that writes them, so that no line ever holds up the server.

A console that nobody reads, or a disk that is full, costs lines and nothing else: what does not fit into the queue or
cannot be written is counted, and the count is logged when lines get through again.
"""

import errno
import logging
import os
import queue
import threading
from io import FileIO
from logging.handlers import QueueHandler, RotatingFileHandler
from typing import Final, final

from pyzoo.config.log_settings import JSON, LogFile, LogSettings
from pyzoo.errors import ConfigError
from pyzoo.persistence.disk import DIRECTORY_MODE, FILE_MODE
from pyzoo.runtime.log_lines import AuditFormatter, ContextFilter, JsonFormatter, TextFormatter
from pyzoo.runtime.log_names import loggers_named
from pyzoo.server.requests.audit_lines import AUDIT_LOGGER

logger: Final = logging.getLogger(__name__)

Records = queue.SimpleQueue[logging.LogRecord | None]
"""What waits for the thread; None ends it."""

QUEUE_LINES: Final = 10_000
STOP_SECONDS: Final = 2.0
REST_SECONDS: Final = 0.01
"""So long the thread rests when nothing waits: to be woken for each line it would take the interpreter from whoever has
just logged that, in the middle of a turn."""
RESTS: Final = 10
"""After so many rests without a line it waits to be woken."""
STDERR: Final = 2
_NEWLINE: Final = b"\n"


def write_all(fd: int, data: bytes) -> None:
    """All of the bytes; raises OSError."""
    while data:
        data = data[os.write(fd, data) :]


class _Sink:
    """What both kinds of handlers share: whole lines, and a count of those that could not be written.

    `unreported` are lines that are missing in this output, and nobody has read so yet.
    """

    def __init__(self) -> None:
        self.unreported = 0
        self._is_torn = False

    def put(self, fd: int, line: str) -> None:
        """Write a line; after a failure it begins on a line of its own. Raises OSError."""
        data = line.encode("utf-8", "backslashreplace") + _NEWLINE
        try:
            write_all(fd, _NEWLINE + data if self._is_torn else data)
        except OSError:
            self._is_torn = True
            raise
        self._is_torn = False


@final
class ConsoleHandler(logging.Handler):
    """Lines on a file descriptor, unbuffered, until nobody is there any more to read them."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.fd = fd
        self.sink = _Sink()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.fd >= 0:
                self.sink.put(self.fd, self.format(record))
        except BrokenPipeError:
            self.fd = -1
        except Exception:  # whatever it is, the thread has to go on
            self.sink.unreported += 1


def _open_for_few(path: str, flags: int) -> int:
    """Lines name nodes and clients."""
    return os.open(path, flags, FILE_MODE)


@final
class RollingFileHandler(RotatingFileHandler):
    """Lines in a file, unbuffered, with numbered older files beside it; `reopen` is for who moves files away."""

    def __init__(self, settings: LogFile) -> None:
        self.sink = _Sink()
        self._file: FileIO | None = None
        directory = os.path.dirname(settings.path)
        if directory:
            try:
                os.makedirs(directory, DIRECTORY_MODE, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        super().__init__(settings.path, maxBytes=settings.max_bytes, backupCount=settings.backups, delay=True)
        self._open_file()
        self.setLevel(settings.threshold)

    def _open_file(self) -> FileIO:
        if self._file is None:
            self._file = FileIO(self.baseFilename, "a", opener=_open_for_few)
        return self._file

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            file = self._open_file()
            if 0 < self.maxBytes < os.fstat(file.fileno()).st_size + len(line):
                self.doRollover()
                file = self._open_file()
            self.sink.put(file.fileno(), line)
        except Exception:  # whatever it is, the thread has to go on
            self.sink.unreported += 1

    def doRollover(self) -> None:  # noqa: N802 - the name of logging.handlers
        self.reopen()
        super().doRollover()

    def reopen(self) -> None:
        """Close the file; the next line opens it anew."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def close(self) -> None:
        self.reopen()
        super().close()


@final
class BoundedQueueHandler(QueueHandler):
    """Puts records into the queue, or counts them; it never waits."""

    def __init__(self, records: Records, most: int = QUEUE_LINES) -> None:
        super().__init__(records)
        self.dropped = 0
        self._records = records
        self._most = most

    def enqueue(self, record: logging.LogRecord) -> None:
        # A queue.Queue would keep the bound itself, in Python: a third of what a line costs who logs it.
        if self._records.qsize() < self._most:
            self._records.put(record)
        else:
            self.dropped += 1

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """What the arguments are by now goes into the line, not what they become later."""
        record.msg, record.args = record.getMessage(), None
        return record


@final
class LogOutput:
    """The logs of this process, from `install` to `close`; `context` tells what is known of its member."""

    def __init__(self, settings: LogSettings, audit_enabled: bool = False, console_fd: int = STDERR) -> None:
        """Opens the files; raises ConfigError when that fails."""
        self.settings = settings
        self.context = ContextFilter()
        self._queue: Records = queue.SimpleQueue()
        self._entry = BoundedQueueHandler(self._queue)
        self._entry.addFilter(self.context)
        self._console = ConsoleHandler(console_fd) if settings.console else None
        self._file = None if settings.file is None else _opened(settings.file, "log.file")
        self._audit = _opened(settings.audit_file, "auditlog.file") if audit_enabled and settings.audit_file else None
        self._set_formats()
        self._reported_drops = 0
        self._reopens = False
        self._rest = threading.Lock()  # held until it closes
        self._rest.acquire()
        self._closes = False
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)

    @property
    def has_files(self) -> bool:
        """Whether anything is written to files."""
        return self._file is not None or self._audit is not None

    @property
    def dropped(self) -> int:
        """Lines that the queue had no room for so far."""
        return self._entry.dropped

    def _set_formats(self) -> None:
        is_json = self.settings.format == JSON
        if self._console is not None:
            self._console.setFormatter(JsonFormatter() if is_json else TextFormatter())
            self._console.setLevel(self.settings.console_threshold)
        if self._file is not None:
            self._file.setFormatter(JsonFormatter() if is_json else TextFormatter())
        if self._audit is not None:
            self._audit.setFormatter(JsonFormatter() if is_json else AuditFormatter())

    # --- the life of it

    def install(self) -> None:
        """Take what is logged in this process."""
        logging.raiseExceptions = False
        do_without_callers()
        logging.getLogger().addHandler(self._entry)
        self.usual_levels()
        self._thread.start()

    def close(self) -> None:
        """Write what is waiting, for a moment at most."""
        logging.getLogger().removeHandler(self._entry)
        self._queue.put(None)
        if not self._closes:
            self._closes = True
            self._rest.release()
        self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            for file in (self._file, self._audit):
                if file is not None:
                    file.close()

    # --- changes while it runs

    def usual_levels(self) -> None:
        """What the settings say."""
        logging.getLogger().setLevel(self.settings.level)
        for name, level in self.settings.levels:
            for each in loggers_named(name):
                logging.getLogger(each).setLevel(level)

    def all_levels(self) -> None:
        """Everything, of every logger."""
        logging.getLogger().setLevel(logging.DEBUG)
        for name, _ in self.settings.levels:
            for each in loggers_named(name):
                logging.getLogger(each).setLevel(logging.NOTSET)

    def reopen(self) -> None:
        """Open the files anew, for they have been moved away."""
        self._reopens = True
        logger.info("Log files are opened anew")

    # --- the thread

    def _write(self) -> None:
        while (record := self._next_record()) is not None:
            if self._reopens:
                self._reopens = False
                for file in (self._file, self._audit):
                    if file is not None:
                        file.reopen()
            self._count_drops()
            self._write_record(record)

    def _next_record(self) -> logging.LogRecord | None:
        """The next line, looked for a few times before this waits to be woken."""
        for _ in range(RESTS):
            if not self._queue.empty() or self._rest.acquire(timeout=REST_SECONDS):
                break
        return self._queue.get()

    def _write_record(self, record: logging.LogRecord) -> None:
        if record.name == AUDIT_LOGGER and self._audit is not None:
            self._hand_to(self._audit, record)
            return
        for output in (self._console, self._file):
            if output is not None:
                self._hand_to(output, record)

    def _hand_to(self, output: ConsoleHandler | RollingFileHandler, record: logging.LogRecord) -> None:
        """Write a record, and how many lines are missing before it."""
        if record.levelno < output.level:
            return
        missing = output.sink.unreported
        if missing:
            output.sink.unreported = 0
            output.handle(_lost_record(missing))
            if output.sink.unreported:
                output.sink.unreported = missing + 1  # nor does this one get through
                return
        output.handle(record)

    def _count_drops(self) -> None:
        """Lines that the queue had no room for are missing everywhere."""
        dropped = self._entry.dropped
        if dropped > self._reported_drops:
            for output in (self._console, self._file, self._audit):
                if output is not None:
                    output.sink.unreported += dropped - self._reported_drops
            self._reported_drops = dropped


def do_without_callers() -> None:
    """Leave out of all records what no line shows, which is most of what one takes: the Optimization of Python's HOWTO.

    That is the place in the source and the process, but not the thread.
    """
    logging._srcfile = None
    logging.logProcesses = logging.logMultiprocessing = False


def _lost_record(count: int) -> logging.LogRecord:
    return logger.makeRecord(
        logger.name, logging.WARNING, "", 0, "%d log lines before this one are lost", (count,), None
    )


def _opened(settings: LogFile, key: str) -> RollingFileHandler:
    try:
        return RollingFileHandler(settings)
    except OSError as error:
        raise cannot_write(key, settings.path, error) from error


def cannot_write(key: str, path: str, error: OSError) -> ConfigError:
    """What is said of a log file that cannot be opened; `key` is what names it."""
    return ConfigError(f"{key}: cannot write {path}: {error.strerror or error}")
