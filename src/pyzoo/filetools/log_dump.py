"""Dumping a log and repairing its checksums (TxnLogToolkit).

Both give the text of the tool piece by piece, and end with a ToolError where the tool ends with an error.
"""

from collections.abc import Callable, Generator, Iterator

from pyzoo.errors import ToolError
from pyzoo.filetools.dates import Dates
from pyzoo.filetools.log_records import PARTIAL, LogFile, LogRecord
from pyzoo.filetools.new_file import NewFile
from pyzoo.filetools.txn_text import entry_of
from pyzoo.persistence.log_format import HEADER_LENGTH
from pyzoo.persistence.txnlog import padded_size

QUESTION = "Would you like to fix it (Yes/No/Abort) ? "
DEFAULT_PRE_ALLOC = 65536 * 1024

Ask = Callable[[str], str]
"""Shows a question and gives the word that answers it; raises EOFError when there is none."""


def dump(log: LogFile, dates: Dates) -> Iterator[str]:
    """Every transaction; one with a wrong checksum comes twice, marked the first time."""
    yield str(log.header())
    count = 0
    for record in log.records():
        entry = entry_of(*record.decoded(), dates)
        if not record.is_intact:
            yield f"CRC ERROR - {entry}"
        yield entry
        if not record.is_ended:
            raise ToolError(PARTIAL)
        count += 1
    yield end_text(count)


def end_text(count: int) -> str:
    """The last line of a log that was read to its end."""
    return f"EOF reached after {count} txns.\n"


class Aborted(Exception):
    """Somebody chose to leave everything as it is."""


class Recovery:
    """Writes `PATH.fixed`: the whole records of a log, with a right checksum where the answer is yes.

    Without `ask` all are fixed. The copy gets its name when everything is written. Where the log cannot be read any
    further, at a torn record for example, the copy has what comes before that, and the error follows.
    """

    def __init__(
        self,
        log: LogFile,
        path: str,
        dates: Dates,
        ask: Ask | None,
        verbose: bool = False,
        pre_alloc: int = DEFAULT_PRE_ALLOC,
    ) -> None:
        self._log = log
        self._target = f"{path}.fixed"
        self._dates = dates
        self._ask = ask
        self._verbose = verbose
        self._pre_alloc = pre_alloc
        self._padded = HEADER_LENGTH
        self._fixed = 0
        self._swallowed = b""  # the record that is being copied

    def run(self) -> Generator[str, None, None]:
        """The text of the tool. Raises ToolError, also when somebody chose to abort (exit code 0), and StorageError."""
        with NewFile(self._target, f"Recovery file {self._target} already exists or not writable") as out:
            header = self._log.header()
            yield str(header)
            out.write(header.data)
            try:
                yield from self._copy(out)
            except Aborted:
                raise ToolError("Recovery aborted.", exit_code=0) from None
            except EOFError:
                raise ToolError("The input ended before every question was answered; nothing was written") from None
            except ToolError as error:
                out.save(self._padded)
                if self._log.has_records_behind(self._swallowed):
                    raise ToolError(f"{error} Whole records follow: they are not in {self._target}") from error
                raise
            out.save(self._padded)
            yield f"Recovery file {self._target} has been written with {self._fixed} fixed CRC error(s)\n"

    def _copy(self, out: NewFile) -> Iterator[str]:
        count = 0
        for record in self._log.records():
            self._swallowed = record.payload
            checksum = record.checksum
            if not record.is_intact and (yield from self._wants_fix(record)):
                checksum = record.right_checksum
                self._fixed += 1
            if self._verbose:
                yield entry_of(*record.decoded(), self._dates)
            if not record.is_ended:
                raise ToolError(PARTIAL)
            self._padded = padded_size(out.size, self._padded, self._pre_alloc)
            out.write(record.encoded(checksum))
            self._swallowed = b""
            count += 1
        yield end_text(count)

    def _wants_fix(self, record: LogRecord) -> Generator[str, None, bool]:
        entry = entry_of(*record.decoded(), self._dates)
        if self._ask is None:
            yield f"CRC FIXED - {entry}"
            return True
        yield f"CRC ERROR - {entry}"
        while True:
            answer = self._ask(QUESTION)[:1].upper()
            if answer == "A":
                raise Aborted
            if answer in ("Y", "N"):
                return answer == "Y"
