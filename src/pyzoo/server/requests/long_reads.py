"""LongRead: a read whose answer takes more than a turn, or more than a connection may have waiting.

It looks at the tree at one moment, which is that of the zxid in its reply: what comes before that moment only gets
things ready, and after it the reply is made of bytes that do not change any more, written as fast as the client takes
them. Its connection gets no other answer meanwhile, and what its watches tell comes behind the reply.
"""

import logging
from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.datatree.listing import CrowdedListing
from pyzoo.datatree.listings import BYTES_A_UNIT
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.reads import Reads
from pyzoo.server.slices import SlicedWork, SliceQueue

logger: Final = logging.getLogger(__name__)

LARGEST_FRAME: Final = 0x7FFFFFFF
_HEADER_BYTES: Final = 16
_SHORTEST_STEP: Final = 1


class LongReadOwner:
    """What a long read asks of its server; `now_ms` is the monotonic time of this turn."""

    def __init__(self, reads: Reads, slices: SliceQueue, now_ms: i64) -> None:
        self.reads = reads
        self.slices = slices
        self.now_ms: i64 = now_ms

    def touch(self, cnxn: ServerCnxn) -> None:
        """The session of this connection lives, though nothing is heard of it."""
        raise NotImplementedError

    def long_read_answered(self, request: Request, cnxn: ServerCnxn, zxid: i64) -> None:
        """The whole reply is written, so what the connection has asked for since may go on."""
        raise NotImplementedError

    def finished(self, request: Request) -> None:
        """There will be no reply."""
        raise NotImplementedError


class LongRead(SlicedWork):
    """A request of a connection that is answered bit by bit; subclasses say what with."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__()
        self.owner = owner
        self.reads = owner.reads
        self.request = request
        self.cnxn = cnxn
        self.zxid: i64 = -1
        self._parts: list[bytes] = []
        self._at: i64 = 0
        self._offset: i64 = 0
        self._has_looked = False
        self._is_answering = False
        self._crowd: CrowdedListing | None = None

    def begin(self) -> None:
        """Begin; nothing else of its connection is answered until the end."""
        cnxn = self.cnxn
        cnxn.work = self
        cnxn.is_busy = True
        self.owner.slices.begin(self, self.owner.now_ms)

    def prepare(self, units: i64) -> i64:
        """Go on with what comes before the answer, as `step`; ends with `answer` or a KeeperError."""
        raise NotImplementedError

    def step(self, units: i64) -> i64:
        cnxn = self.cnxn
        if cnxn.closing:
            self.is_done = True
            self.abandon()
            return _SHORTEST_STEP
        # The client cannot be heard while it waits for this.
        self.owner.touch(cnxn)
        try:
            return self._step(units)
        except KeeperError as error:
            self.refuse(error.code)
        except MalformedRecord:
            self.refuse(err.MARSHALLINGERROR)
        except Exception:
            logger.exception(
                "Closing the connection of %s after an internal error", cnxn.address, extra=of_client(cnxn)
            )
            self.reads.metrics.unrecoverable_error_count += 1
            self.is_done = True
            self.abandon()
        return _SHORTEST_STEP

    def _step(self, units: i64) -> i64:
        done: i64 = 0
        if not self._is_answering:
            done = self.prepare(units)
            if not self._is_answering:
                return done
        left = units - done
        return done + self._write(left if left > _SHORTEST_STEP else _SHORTEST_STEP)

    # --- the answer

    def look(self) -> None:
        """This is the moment at which the tree is looked at; `answer` is one too unless there was one before."""
        if not self._has_looked:
            self._has_looked = True
            self.zxid = self.reads.tree.answer_zxid
            self.cnxn.hold_events()

    def keep(self, crowd: CrowdedListing | None) -> None:
        """Let the tree know which listing is being worked at, if any, in place of the one before."""
        if self._crowd is not None:
            self._crowd.readers -= 1
        if crowd is not None:
            crowd.readers += 1
        self._crowd = crowd

    def answer(self, parts: list[bytes], code: i32 = 0) -> None:
        """The body of the reply, and the error code that it has all the same."""
        size: i64 = _HEADER_BYTES
        for part in parts:
            size += len(part)
        if size > LARGEST_FRAME:
            raise KeeperError(err.MARSHALLINGERROR)
        self.look()
        self._parts = parts
        self._is_answering = True
        out = self.cnxn.out
        self.cnxn.begin_long(size)
        write_i32_be(out, self.request.cxid)
        write_i64_be(out, self.zxid)
        write_i32_be(out, code)

    def refuse(self, code: i32) -> None:
        """A reply without a body."""
        self.look()
        self.cnxn.reply_empty(self.request.cxid, self.zxid, code)
        self.end()

    def _write(self, units: i64) -> i64:
        """Write as much as the network has room for; returns the units that it took."""
        cnxn = self.cnxn
        out = cnxn.out
        room = cnxn.room()
        most = units * BYTES_A_UNIT
        self.is_stalled = room <= most
        left = room if room <= most else most
        begun = left
        parts = self._parts
        at = self._at
        count: i64 = len(parts)
        pieces: i64 = 0
        while at < count and left > 0:
            left -= self._write_part(out, at, left)
            if self._offset == 0:
                at += 1
            pieces += 1
        self._at = at
        if at == count:
            self.is_stalled = False
            self.end()
        else:
            cnxn.announce()
        return (begun - left) // BYTES_A_UNIT + pieces // 4 + _SHORTEST_STEP

    def _write_part(self, out: BytesWriter, at: i64, most: i64) -> i64:
        """Write a part, or the next bytes of it: then `_offset` is not 0 after that."""
        part = self._parts[at]
        offset = self._offset
        length: i64 = len(part) - offset
        if length > most:
            out.write(part[offset : offset + most])
            self._offset = offset + most
            return most
        out.write(part if offset == 0 else part[offset:])
        self._offset = 0
        return length

    # --- the end

    def end(self) -> None:
        """The reply is written."""
        self.is_done = True
        self._leave()
        self.cnxn.release_events()
        self.owner.long_read_answered(self.request, self.cnxn, self.zxid)

    def abandon(self) -> None:
        """A client that has a part of a reply, or waits for one, sees its connection end."""
        self.cnxn.abort()
        self._leave()
        self.owner.finished(self.request)

    def _leave(self) -> None:
        self.keep(None)
        self._parts = []
        cnxn = self.cnxn
        cnxn.work = None
        cnxn.is_busy = cnxn.waits_for_sasl
