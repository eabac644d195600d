"""Transactions out of the logs in their order, without a hole: what a tree of the past is made of."""

from collections.abc import Callable, Iterator
from contextlib import closing

from attrs import frozen

from pyzoo.errors import CorruptStorage, HistoryError, MalformedRecord
from pyzoo.history.log_walk import LogWalk, Wanted
from pyzoo.history.reach import NO_ZXID, LogReach, first_record, last_zxid
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import TxnDigest, TxnHeader
from pyzoo.persistence.disk import Disk, join
from pyzoo.persistence.log_format import LogReader, decode_txn
from pyzoo.persistence.proposals import zxid_of
from pyzoo.persistence.txnlog import list_logs
from pyzoo.zxid import counter_of, epoch_of, zxid_text

CheckTime = Callable[[], None]
"""Raises HistoryError when it has taken too long."""


@frozen
class LoggedTxn:
    """A transaction as it was logged; the body is None only for a closeSession without one."""

    header: TxnHeader
    txn: Record | None
    digest: TxnDigest | None


def logged_txns(disk: Disk, directory: str, after: int, up_to: int, check_time: CheckTime) -> Iterator[LoggedTxn]:
    """All transactions with after < zxid <= up_to, the first of which has to follow `after`.

    Raises HistoryError where one is missing or cannot be read, and OSError.
    """
    logs = list_logs(disk, directory)
    first = max((zxid for zxid, _ in logs if zxid <= after + 1), default=0)
    previous = after
    for zxid, name in logs:
        if not first <= zxid <= up_to:
            continue
        path = join(directory, name)
        try:
            for txn in _of_file(disk, path, after, up_to, check_time):
                _check_order(path, previous, txn.header.zxid)
                previous = max(previous, txn.header.zxid)
                yield txn
        except FileNotFoundError:
            raise HistoryError(f"{name} was purged while it was read: ask for a later zxid") from None
        except (CorruptStorage, MalformedRecord) as error:
            raise HistoryError(f"{name} cannot be read beyond {zxid_text(previous)}: {error}") from error


def _of_file(disk: Disk, path: str, after: int, up_to: int, check_time: CheckTime) -> Iterator[LoggedTxn]:
    def read(size: int) -> bytes:
        check_time()
        return file.read(size)

    with closing(disk.open_read(path)) as file:
        reader = LogReader(read, path)
        while (payload := reader.next_payload()) is not None:
            zxid = zxid_of(reader, payload)
            if zxid > up_to:
                return
            if zxid > after:
                yield LoggedTxn(*decode_txn(payload))


def _check_order(path: str, previous: int, zxid: int) -> None:
    if zxid <= previous or zxid == previous + 1:
        return
    if epoch_of(zxid) != epoch_of(previous) and counter_of(zxid) == 1:
        return
    raise HistoryError(
        f"transactions are missing between {zxid_text(previous)} and {zxid_text(zxid)} in {path}: "
        "what was in between cannot be told"
    )


def zxid_at(disk: Disk, directory: str, time_ms: int) -> int:
    """The newest transaction that is not later than this time, by the clock of the leader that made it.

    Raises HistoryError where the logs begin later, and OSError.
    """
    logs = list_logs(disk, directory)
    for _, name in reversed(logs):
        path = join(directory, name)
        _, first_time = first_record(disk, path)
        if first_time is None or first_time > time_ms:
            continue
        with closing(disk.open_read(path)) as file:
            walk = LogWalk(file.read, Wanted(until=time_ms), b"", 1)
            walk.run(lambda: True)
        return _zxid_of(disk, path, walk.found[-1])
    reach = LogReach.of(disk, directory, logs)
    raise HistoryError(f"no transaction in the logs is so old: {reach}")


def _zxid_of(disk: Disk, path: str, offset: int) -> int:
    with closing(disk.open_read(path)) as file:
        file.seek(offset + 24)
        return int.from_bytes(file.read(8), "big", signed=True)


def newest_zxid(disk: Disk, directory: str) -> int:
    """The newest transaction of all logs, NO_ZXID for none. Raises OSError."""
    for _, name in reversed(list_logs(disk, directory)):
        zxid = last_zxid(disk, join(directory, name))
        if zxid != NO_ZXID:
            return zxid
    return NO_ZXID
