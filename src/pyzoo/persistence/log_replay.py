"""The records of logs, applied one after the other to a tree and a session map.

The rule: within an epoch the zxids of applied records follow each other without a gap, the snapshot's included.
"""

from typing import Final, final

from librt.strings import read_i64_be
from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute.opcodes import CLOSE_SESSION, CREATE_SESSION
from pyzoo.jute.records import CreateSessionTxn
from pyzoo.persistence.log_format import LogReader
from pyzoo.persistence.txn_decoder import TxnDecoder
from pyzoo.quorum.history import Proposal
from pyzoo.zxid import epoch_of, zxid_text

_ZXID_AT: Final = 12
"""In a payload, behind the session and the cxid."""


@final
class LogReplay:
    """Applies what is newer than the snapshot, whose zxid `highest_zxid` is at first; the last proposals are kept.

    `after_torn` is what a message about a gap says of a torn file before it. `first_mismatch_zxid` is -1 for none.
    """

    def __init__(self, tree: DataTree, sessions: dict[int, int], snapshot_zxid: i64, commit_log_count: i64) -> None:
        self.highest_zxid: i64 = snapshot_zxid
        self.txn_count: i64 = 0
        self.out_of_order_count: i64 = 0
        self.digests_compared: i64 = 0
        self.first_mismatch_zxid: i64 = -1
        self.after_torn = ""
        self._payloads: list[bytes] = []
        self._kept_count: i64 = commit_log_count
        self._oldest: i64 = 0
        self._tree = tree
        self._sessions = sessions
        self._start_zxid: i64 = snapshot_zxid + 1
        self._previous: i64 = snapshot_zxid
        self._previous_place = "the snapshot"
        self._mismatches: i64 = tree.digests.mismatches
        self._decoder = TxnDecoder()

    @property
    def proposals(self) -> list[Proposal]:
        """The last of those that were applied."""
        payloads = self._payloads[self._oldest :] + self._payloads[: self._oldest]
        return [Proposal(read_i64_be(payload, _ZXID_AT), payload) for payload in payloads]

    def apply_all(self, reader: LogReader) -> None:
        """All that is left of a file; raises CorruptStorage, and OSError as the disk does."""
        payload = reader.next_payload()
        while payload is not None:
            self._apply(reader, payload)
            payload = reader.next_payload()

    def _apply(self, reader: LogReader, payload: bytes) -> None:
        decoder = self._decoder
        try:
            decoder.decode(payload)
        except MalformedRecord as error:
            raise CorruptStorage(reader.path, reader.offset, f"unreadable transaction: {error}") from error
        header = decoder.header
        zxid: i64 = header.zxid
        if zxid < self._start_zxid:
            return
        if zxid != self._previous + 1:
            self._check_order(reader, zxid)
        if zxid > self._previous:
            self._previous = zxid
            self._previous_place = reader.path
        tree = self._tree
        key = decoder.key
        if key is None or not tree.process_again(header, key, decoder.body):
            txn = decoder.txn
            if header.type == CREATE_SESSION and isinstance(txn, CreateSessionTxn):
                self._sessions[header.client_id] = txn.time_out
            elif header.type == CLOSE_SESSION:
                self._sessions.pop(header.client_id, None)
            tree.process_txn(header, txn)
        self.txn_count += 1
        if zxid > self.highest_zxid:
            self.highest_zxid = zxid
            self._keep(payload)
        digests = tree.digests
        if decoder.digest is not None and digests.waiting_zxid == 0:
            self.digests_compared += 1
        tree.compare_digest(decoder.digest)
        if digests.mismatches != self._mismatches:
            self.look_for_mismatch(zxid)

    def _keep(self, payload: bytes) -> None:
        """Instead of the oldest of those that are kept, once they are as many as wanted."""
        payloads = self._payloads
        if len(payloads) < self._kept_count:
            payloads.append(payload)
        elif self._kept_count > 0:
            payloads[self._oldest] = payload
            self._oldest += 1
            if self._oldest == self._kept_count:
                self._oldest = 0

    def look_for_mismatch(self, zxid: i64) -> None:
        """At this zxid a digest may have been another one; the server starts all the same, as Apache's does."""
        if self.first_mismatch_zxid < 0 and self._tree.digests.mismatches != self._mismatches:
            self.first_mismatch_zxid = zxid

    def _check_order(self, reader: LogReader, zxid: i64) -> None:
        """A zxid may come again (a request that could not be decoded); it may not jump within its epoch."""
        previous = self._previous
        if zxid <= previous:
            if zxid < previous:
                self.out_of_order_count += 1
            return
        if epoch_of(zxid) == epoch_of(previous):
            raise CorruptStorage(
                reader.path,
                reader.offset,
                f"transactions are missing: {zxid_text(zxid)} is not the next proposal of "
                f"{zxid_text(previous)} in {self._previous_place}{self.after_torn}",
            )
