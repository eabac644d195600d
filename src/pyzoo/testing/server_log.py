"""What the servers of a test have logged, for the report of a test that fails.

Servers of this process log below the logger `pyzoo`. While that is watched, their lines are kept from INFO up whatever
the levels of the project are; on to its handlers, and to caplog, go the same lines as without that.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from time import localtime, strftime
from typing import Any, Final

LINES: Final = 100
ROOM: Final = "pyzoo"
#: Who changed what. Servers of the fixtures write it for the reports: it goes nowhere else unless a level asks for it.
AUDIT: Final = "pyzoo.audit"
#: INFO is let through by a level that nobody else chooses: another one at the logger was chosen by somebody.
_OURS: Final = logging.INFO - 1


class _Gate(logging.Handler):
    """Stands between a logger and the root, and lets through what passes the test.

    (The logger keeps `propagate`: pytest has handlers of its own at those that do without.)
    """

    def __init__(self, logger: logging.Logger, passes: Callable[[logging.LogRecord], bool]) -> None:
        super().__init__()
        self._logger = logger
        self._parent = logger.parent
        self._passes = passes
        self._between = logging.Logger(logger.name)
        self._between.propagate = False
        self._between.addHandler(self)

    def put_in(self) -> None:
        self._between.parent = self._parent = self._logger.parent
        self._logger.parent = self._between

    def take_out(self) -> None:
        self._logger.parent = self._parent

    def emit(self, record: logging.LogRecord) -> None:
        if self._parent is not None and self._passes(record):
            self._parent.callHandlers(record)


class ServerLog(logging.Handler):
    """The last `limit` lines since `begin_test`, while it is started.

    `servers` are those that the test has made or used: some have logs of their own.
    """

    def __init__(self, limit: int = LINES) -> None:
        super().__init__()
        self._lines: deque[tuple[str, str]] = deque(maxlen=limit)
        self.servers: list[Any] = []
        self._guard = threading.Lock()
        self._left_out = 0
        self._room = logging.getLogger(ROOM)
        self._started = False
        self._own_level = logging.NOTSET
        self._gate = _Gate(self._room, self._would_come_through)

    def start(self) -> None:
        """Begin to watch, unless it does already."""
        if self._started:
            return
        self._started = True
        self._own_level = self._room.level
        if self._room.getEffectiveLevel() > _OURS:
            self._room.setLevel(_OURS)
        self._room.addHandler(self)
        self._gate.put_in()

    def stop(self) -> None:
        """Leave the loggers as they were before `start`."""
        if not self._started:
            return
        self._started = False
        self._gate.take_out()
        self._room.removeHandler(self)
        if self._room.level == _OURS:
            self._room.setLevel(self._own_level)

    def begin_test(self) -> None:
        """Forget what was logged before, and leave the loggers alone until the test uses a server."""
        self.stop()
        with self._guard:
            self.servers.clear()
            self._lines.clear()
            self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.INFO:
            return
        line = (record.threadName or "", _line_of(record))
        with self._guard:
            self._left_out += len(self._lines) == self._lines.maxlen
            self._lines.append(line)

    def lines_of(self, thread: str) -> list[str]:
        """What one thread has logged since `begin_test`."""
        with self._guard:
            return [line for name, line in self._lines if name == thread]

    def text(self) -> str:
        """What was logged since `begin_test`; with the names of threads where several have."""
        with self._guard:
            lines = list(self._lines)
        several = len({thread for thread, _ in lines}) > 1
        shown = [f"{line} ({thread})" if several else line for thread, line in lines]
        if shown and self._left_out:
            shown.insert(0, f"... and {self._left_out} lines before these")
        if self._lines.maxlen:
            shown += [text for server in self.servers for text in _own_logs(server)]
        return "\n".join(shown)

    def _would_come_through(self, record: logging.LogRecord) -> bool:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and logger is not self._room:
            if logger.level != logging.NOTSET:
                return True
            logger = logger.parent
        if self._room.level not in (_OURS, logging.NOTSET):
            return True
        if self._own_level != logging.NOTSET:
            return record.levelno >= self._own_level
        return record.name != AUDIT and record.levelno >= logging.getLogger().level


def _own_logs(server: Any) -> Iterator[str]:
    """The last lines of each member that is a process."""
    for member in getattr(server, "members", ()):
        if hasattr(member, "log_tail"):
            yield f"--- member {member.sid}, {member.connect_string}\n{member.log_tail()}"


_current: list[ServerLog] = []


def begin_session(limit: int) -> ServerLog:
    """Whoever makes servers tells them to this one from now on, until `end_session`."""
    _current.append(ServerLog(limit))
    return _current[-1]


def end_session(log: ServerLog) -> None:
    """Undo what `begin_session` did."""
    log.stop()
    _current.remove(log)


def watch(server: Any) -> None:
    """A test makes or uses this server: what it logs belongs into the report of its failure, if there is one."""
    if _current:
        _current[-1].start()
        if not any(server is each for each in _current[-1].servers):
            _current[-1].servers.append(server)


def lines_of_thread(name: str) -> list[str]:
    """What a thread of this process has logged during this test, where pytest runs it."""
    return _current[-1].lines_of(name) if _current else []


def _line_of(record: logging.LogRecord) -> str:
    """In the layout of the server's own log, with the traceback of an exception below it."""
    from pyzoo.runtime.log_names import shown_name

    time = f"{strftime('%H:%M:%S', localtime(record.created))},{int(record.msecs):03}"
    line = f"{time} - {record.levelname:<5} [{shown_name(record.name)}] - {record.getMessage()}"
    if record.exc_info is None:
        return line
    return f"{line}\n{logging.Formatter().formatException(record.exc_info)}"
