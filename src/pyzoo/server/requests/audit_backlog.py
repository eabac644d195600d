"""AuditBacklog: lines of the audit log that are too many for one turn, and those that come behind them."""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import CreateTTLRequest
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.audit_lines import FAILURE, SUCCESS, audit_line, mode_text, write_event
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations.parts import decode_part
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.slices import SlicedWork

LINE_UNITS: Final = 60
"""Units of work (see slices.py) of one line."""
_READ_UNITS: Final = 8
_ALL: Final = 1 << 60


@final
class MultiLines:
    """The lines of a multi, and in `behind` those that come after them.

    Each part that changes something has its own line; one that failed makes a single line of all.
    """

    def __init__(
        self, user: str | None, session_id: i64, address: str, request: Request, result: ProcessTxnResult
    ) -> None:
        self.behind: deque[tuple[str, str]] = deque()
        self.is_done = False
        self._user = user
        self._session_id: i64 = session_id
        self._address = address
        self._result = result
        self._results: list[ProcessTxnResult] = result.results or []
        self._archive: InputArchive | None = request.body_again()
        # Create modes by the path asked for, so that a sequential node, whose name is another, has none.
        self._modes: dict[str, str] = {}
        self._written: i64 = 0
        self._has_failed = False

    @property
    def parts(self) -> i64:
        """How many lines it may be."""
        return len(self._results)

    def write_all(self) -> None:
        """Write them now."""
        while not self.is_done:
            self.step(_ALL)

    def step(self, units: i64) -> i64:
        """Do about so many units of work; returns how many it were."""
        used = self._read_modes(units)
        if self._archive is not None:
            return used
        at: i64 = self._written
        count: i64 = len(self._results)
        while at < count and used < units:
            self._write_part(self._results[at])
            used += LINE_UNITS
            at += 1
        self._written = at
        if at == count:
            used += self._write_behind(units - used)
        return used

    def _read_modes(self, units: i64) -> i64:
        used: i64 = 0
        archive = self._archive
        while archive is not None and used < units:
            used += _READ_UNITS
            try:
                archive = archive if self._read_mode(archive) else None
            except (MalformedRecord, KeeperError):
                self._modes = {}
                archive = None
        self._archive = archive
        return used

    def _read_mode(self, archive: InputArchive) -> bool:
        parts: list[MultiOp] = []
        if not decode_part(archive, parts):
            return False
        part = parts[0]
        made = part.body
        if isinstance(made, CreateTTLRequest) and part.type != op.CREATE_TTL and made.path is not None:
            mode = mode_text(made.flags)
            if mode is not None:
                self._modes[made.path] = mode
        return True

    def _write_part(self, part: ProcessTxnResult) -> None:
        operation = operation_of(part.type).audit_name
        if part.type == op.ERROR:
            self._has_failed = True
        elif operation:
            mode = self._modes.get(part.path or "") if operation == "create" else None
            self._write(operation, SUCCESS, part.path, mode)

    def _write_behind(self, units: i64) -> i64:
        """What comes behind the parts, to its end or as far as there is time."""
        used: i64 = 0
        if self._has_failed:
            self._has_failed = False
            self._write("multiOperation", FAILURE, self._result.path, None)
        behind = self.behind
        while behind and used < units:
            line, result = behind.popleft()
            write_event(line, result)
            used += LINE_UNITS
        self.is_done = not behind
        return used

    def _write(self, operation: str, result: str, path: str | None, mode: str | None) -> None:
        line = audit_line(self._user, operation, result, self._session_id, self._address, path, mode)
        write_event(line, result)


@final
class AuditBacklog(SlicedWork):
    """All that waits for its turn, in the order in which it came."""

    def __init__(self, first: MultiLines) -> None:
        super().__init__()
        self._multis: deque[MultiLines] = deque([first])

    def add_multi(self, lines: MultiLines) -> None:
        """These come behind all others."""
        self._multis.append(lines)

    def add_line(self, line: str, result: str) -> None:
        """This one does."""
        self._multis[-1].behind.append((line, result))

    def step(self, units: i64) -> i64:
        used: i64 = 0
        multis = self._multis
        while multis and used < units:
            first = multis[0]
            used += first.step(units - used)
            if first.is_done:
                multis.popleft()
        self.is_done = not multis
        return used

    def abandon(self) -> None:
        # Nothing may be missing.
        while self._multis:
            self._multis.popleft().write_all()
