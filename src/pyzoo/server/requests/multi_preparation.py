"""MultiPreparation: a multi of very many parts is put together before it gets its zxid, over several turns.

Everybody else's writes go on meanwhile, but for those to the nodes that it is about, or to the parents of these: they
wait for it, and so do the writes of its own session. So what it was checked against is still true when it gets its
zxid.
"""

import logging
from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, trait

from pyzoo import errors as err
from pyzoo.datatree.paths import path_above
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ErrorTxn, MultiTxn
from pyzoo.server.clients.log_extras import of_session
from pyzoo.server.clients.request import PreparedWrite, Request
from pyzoo.server.requests.change_records import FUTURE, DraftChanges
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.operations.multi_write import logged_part, prepare_part
from pyzoo.server.requests.operations.parts import check_parts, decode_part, holds_reads, path_of
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.slices import SlicedWork

logger: Final = logging.getLogger(__name__)

_READ_UNITS: Final = 8
_PREPARE_UNITS: Final = 16
_SEAL_UNITS: Final = 6
_BYTES_A_UNIT: Final = 500
"""Of data, that is only copied."""


@final
class PreparedMulti(PreparedWrite):
    """What a multi has become: its parts, how they are logged, and the changes; or what is wrong with it."""

    def __init__(self, outstanding: OutstandingChanges) -> None:
        self._outstanding = outstanding
        self.types: list[int] = []
        self.txns: list[Record] = []
        self.draft: DraftChanges | None = DraftChanges()
        self.out = BytesWriter()
        self.failure: Exception | None = None
        self.takes_no_zxid = False

    def txn(self, request: Request, zxid: i64) -> Record:
        failure = self.failure
        if failure is not None:
            if isinstance(failure, KeeperError) and self.takes_no_zxid:
                request.error = failure.code
            raise failure
        if self.draft is not None:
            self._outstanding.adopt(self.draft, zxid)
        request.sub_types = self.types
        request.sub_txns = self.txns
        request.encoded_txn = self.out.getvalue()
        return MultiTxn([])


@trait
class MultiOwner:
    """What the preparation of multis tells its server."""

    def multi_prepared(self, request: Request, multi: PreparedMulti, time_ms: i64) -> None:
        """A multi that took several turns may get its zxid; `time_ms` is the time of its changes."""
        raise NotImplementedError

    def multi_broken(self, request: Request) -> None:
        """There is a bug of ours in its way."""
        raise NotImplementedError

    def multi_abandoned(self) -> None:
        """The role of the server ends."""


@final
class MultiPreparation(SlicedWork):
    """The work on one; `paths` is filled with what it is about. All changes are of the moment at which it began."""

    def __init__(
        self, owner: MultiOwner, prep: PrepRequestProcessor, request: Request, paths: dict[str, None], wall_ms: i64
    ) -> None:
        super().__init__()
        self._owner = owner
        self._prep = prep
        self._request = request
        self._paths = paths
        self._time_ms: i64 = wall_ms
        self._archive: InputArchive | None = request.body_again()
        # Once all are read, the next is the last.
        self._ops: list[MultiOp] = []
        self._is_readable = True
        self._has_failed = False
        self._grown: i64 = 0
        self._multi = PreparedMulti(prep.outstanding)

    def step(self, units: i64) -> i64:
        try:
            return self._step(units)
        except Exception:
            logger.exception("A multi could not be prepared", extra=of_session(self._request.session_id))
            self._end()
            self._owner.multi_broken(self._request)
            return 1

    def _step(self, units: i64) -> i64:
        multi = self._multi
        used: i64 = 0
        try:
            if self._archive is not None:
                used = self._read(self._archive, units)
            if self._archive is None and used < units and self._ops:
                used += self._prepare(units - used)
        except (MalformedRecord, KeeperError) as failure:
            multi.failure = failure
        draft = multi.draft
        is_over = multi.failure is not None or (self._archive is None and not self._ops)
        if is_over and multi.failure is None and draft is not None:
            while used < units and not draft.is_sealed:
                used += 1 + _SEAL_UNITS * draft.seal((units - used) // _SEAL_UNITS + 1)
            # The end has a turn of its own: all changes get the zxid at once.
            is_over = draft.is_sealed and used == 0
        if is_over:
            self._end()
            self._owner.multi_prepared(self._request, multi, self._time_ms)
        return used + 1

    def _end(self) -> None:
        self.is_done = True
        self._ops = []

    def _read(self, archive: InputArchive, units: i64) -> i64:
        """Read the next parts; raises what makes the request as a whole no sense."""
        ops = self._ops
        used: i64 = 0
        begin = archive.pos
        while used < units:
            try:
                has_more = decode_part(archive, ops)
            except KeeperError:
                self._multi.takes_no_zxid = True
                raise
            if not has_more:
                self._archive = None
                check_parts(ops)
                if holds_reads(ops):
                    raise KeeperError(err.MARSHALLINGERROR)
                if not self._is_readable:
                    raise MalformedRecord("a part of a multi has no path")
                write_i32_be(self._multi.out, i32(len(ops)))
                ops.reverse()
                break
            path = path_of(ops[len(ops) - 1].body)
            if path is None:
                self._is_readable = False
            else:
                self._paths[path or "/"] = None
                self._paths[path_above(path)] = None
            used += _READ_UNITS
        return used + (archive.pos - begin) // _BYTES_A_UNIT

    def _prepare(self, units: i64) -> i64:
        """Prepare the next parts."""
        prep, request = self._prep, self._request
        prep.begin(FUTURE, self._time_ms, request.session_id, request.ids)
        prep.stays_local = request.stays_local
        outstanding = prep.outstanding
        grown_before = prep.access.grown - self._grown
        outstanding.draft = self._multi.draft
        try:
            return self._prepare_parts(units, grown_before)
        finally:
            outstanding.draft = None
            self._grown = prep.access.grown - grown_before

    def _prepare_parts(self, units: i64, grown_before: i64) -> i64:
        prep, ops, multi = self._prep, self._ops, self._multi
        begin: i64 = len(multi.out)
        used: i64 = 0
        while used < units and ops:
            # Parts that are done are given back one by one, not all in the end.
            part = ops.pop()
            used += _PREPARE_UNITS
            if self._has_failed:
                self._add(op.ERROR, ErrorTxn(err.RUNTIMEINCONSISTENCY))
                continue
            try:
                txn = prepare_part(prep, part)
                prep.access.check_growth(grown_before)
                self._add(part.type, txn)
            except KeeperError as error:
                if error.code == err.MARSHALLINGERROR:
                    raise
                self._has_failed = True
                # Nothing is changed then.
                multi.draft = None
                prep.outstanding.draft = None
                self._add(op.ERROR, ErrorTxn(error.code))
        return used + (len(multi.out) - begin) // _BYTES_A_UNIT

    def _add(self, type: i32, txn: Record) -> None:
        multi = self._multi
        multi.types.append(type)
        multi.txns.append(txn)
        logged_part(type, txn, self._prep.create2_as_create).encode(multi.out)

    def abandon(self) -> None:
        self._ops = []
        self._owner.multi_abandoned()
