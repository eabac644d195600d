"""Chopping a log: a copy that ends with a given zxid (LogChopper)."""

from collections.abc import Generator

from pyzoo.errors import ToolError
from pyzoo.filetools.log_dump import end_text
from pyzoo.filetools.log_records import INVALID_INVOCATION, PARTIAL, LogFile, LogRecord
from pyzoo.filetools.new_file import NewFile
from pyzoo.zxid import counter_of, epoch_of


def chopped_path(path: str, zxid: int) -> str:
    """Where TxnLogToolkit puts the copy: the name ends with the zxid in decimal."""
    return f"{path}.chopped{zxid}"


def chop(log: LogFile, name: str, zxid: int, target: str) -> Generator[str, None, None]:
    """Copy the records up to and with `zxid` to `target`, without padding, and say what is strange.

    Raises ToolError, and leaves no file behind, when the log does not contain the zxid or ends with it, so that there
    is nothing to chop, or when a record in between is damaged; StorageError when the disk fails.
    """
    with NewFile(target, f"{target} already exists") as out:
        header = log.header()
        yield str(header)
        out.write(header.data)
        count = 0
        previous = -1
        is_there = False
        for record in log.records():
            at = _zxid_of(record)
            yield _gap_text(previous, at)
            if at > zxid:
                if not is_there:
                    yield f"This log does not contain zxid {zxid:x}\n"
                    near = f"after 0x{previous:x}" if previous >= 0 else "and it is the first one"
                    raise _failure(name, f"it has no transaction 0x{zxid:x}; 0x{at:x} is the next one, {near}")
                out.save()
                yield f"Chopping at {zxid:x} new log has {count} records\n"
                return
            out.write(record.encoded(record.checksum))
            is_there |= at == zxid
            previous = at
            count += 1
        yield end_text(count)
        raise _failure(name, _why_not_at_the_end(zxid, previous))


def _failure(name: str, reason: str) -> ToolError:
    return ToolError(f"Failed to chop {name}", INVALID_INVOCATION, reason)


def _why_not_at_the_end(zxid: int, last: int) -> str:
    if last < 0:
        return "it has no transactions"
    if last == zxid:
        return f"it ends with 0x{zxid:x} already, so there is nothing to chop"
    return f"it has no transaction 0x{zxid:x}; 0x{last:x} is its last one"


def _zxid_of(record: LogRecord) -> int:
    if not record.is_intact:
        raise ToolError(f"CRC doesn't match {record.checksum} vs {record.right_checksum}", INVALID_INVOCATION)
    header, _ = record.decoded()
    if not record.is_ended:
        raise ToolError(PARTIAL, INVALID_INVOCATION)
    return header.zxid


def _gap_text(previous: int, zxid: int) -> str:
    """A line where zxids do not follow each other; a new epoch begins with 1."""
    if previous in (-1, zxid - 1):
        return ""
    if epoch_of(zxid) == epoch_of(previous):
        return f"There is intra-epoch gap between {previous:x} and {zxid:x}\n"
    if counter_of(zxid) != 1:
        return f"There is inter-epoch gap between {previous:x} and {zxid:x}\n"
    return ""
