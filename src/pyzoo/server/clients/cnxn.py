"""ServerCnxn: a client connection without its socket: bytes in, frames out; replies in, bytes out.

It keeps what belongs to the connection: identities, statistics, requests not answered yet, bytes not sent yet.
It decides nothing about requests.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.datatree.watcher import OwedEvent, Watcher
from pyzoo.jute.framing import FrameBuffer, begin_frame, end_frame
from pyzoo.jute.primitives import write_ustring
from pyzoo.jute.records import ACL, Id
from pyzoo.outbox import Packets
from pyzoo.sasl.mechanism import SaslServer
from pyzoo.server.clients.pending_requests import PendingRequests
from pyzoo.server.sessions import Session
from pyzoo.server.slices import SlicedWork

CONNECTED_STATE: Final = 3
NOTIFICATION_XID: Final = -1
LENGTH_BYTES: Final = 4
"""Ahead of each frame, and not counted with it."""
OUT_HIGH_WATER: Final = 1 << 20
"""Bytes waiting to be sent above which no more requests of the connection are read."""
OUT_LIMIT: Final = 64 << 20
"""Bytes waiting to be sent above which a connection that does not read its events is closed."""
PENDING_READS_LIMIT: Final = 100
"""Reads waiting behind a write above which no more requests are read: all are answered in one go."""


class CnxnOwner:
    """What a connection tells its server."""

    def may_read(self, ids: list[Id], acl: list[ACL]) -> bool:
        """Whether these identities may see a node with this ACL."""
        raise NotImplementedError

    def packet_sent(self, size: i64) -> None:
        """Count a reply or event of this many bytes."""
        raise NotImplementedError

    def event_sent(self) -> None:
        """What was counted last was an event."""
        raise NotImplementedError

    def output_taken(self, work: SlicedWork) -> None:
        """There may be room again for what this work writes to its connection."""
        raise NotImplementedError


def write_event(out: BytesWriter, event_type: i32, path: str, zxid: i64) -> i64:
    """Append a WatcherEvent in its frame; returns the frame's length."""
    start = begin_frame(out)
    write_i32_be(out, NOTIFICATION_XID)
    write_i64_be(out, zxid)
    write_i32_be(out, 0)
    write_i32_be(out, event_type)
    write_i32_be(out, CONNECTED_STATE)
    write_ustring(out, path)
    return end_frame(out, start)


@final
class ServerCnxn(Watcher):
    """One client connection; `address` and `port` are the client's, `secure` says that it came to the secure port.

    While it is `in_handshake` TLS is being set up, and operators do not see it. `client_certificate` is what the client
    has shown then, DER; empty for none.

    `session` is that of `session_id` where it was found already.

    While it `is_busy` no further request is taken: one that may take long is waiting, or `work` answers it, or it
    `waits_for_sasl`, the next step of its exchange with `sasl`. A reply
    that is not yet written to its end has `out` to itself, and events wait in `events`. While `owed` events are still
    to come they go out by `ahead`, and `out` keeps what is behind them.
    """

    def __init__(
        self,
        owner: CnxnOwner,
        replies: Packets,
        address: str,
        port: int,
        max_frame: int,
        now_ms: int,
        wall_ms: int,
        secure: bool = False,
    ) -> None:
        super().__init__(replies)
        self.owner = owner
        self.address = address
        self.port = port
        self.secure = secure
        self.client_certificate = b""
        self.in_handshake = False
        self.frames = FrameBuffer(max_frame)
        self.session_id: i64 = 0
        self.session: Session | None = None
        self.timeout_ms: i64 = 0
        self.connect_seen = False
        self.sasl: SaslServer | None = None
        self.sasl_refused = False
        self.waits_for_sasl = False
        self.established = False
        self.ids: list[Id] = [Id("ip", address)]
        self.pending = PendingRequests()
        self.pending_reads: i64 = 0
        self.is_busy = False
        self.work: SlicedWork | None = None
        self.events: BytesWriter | None = None
        self.owed: i64 = 0
        self.ahead: BytesWriter | None = None
        self.read_only_known = False
        self.opened_ms: i64 = now_ms
        self.last_io_ms: i64 = now_ms
        self.established_wall_ms: i64 = wall_ms
        self.packets_received: i64 = 0
        self.packets_sent: i64 = 0
        self.last_op: i32 = NO_OP
        self.last_cxid: i64 = -1
        self.last_zxid: i64 = -1
        self.last_response_ms: i64 = 0
        self.last_latency: i64 = 0
        self.min_latency: i64 = NO_LATENCY
        self.max_latency: i64 = 0
        self.total_latency: i64 = 0
        self.latency_count: i64 = 0

    # --- output

    def process(self, event_type: i32, path: str, zxid: i64, acl: list[ACL] | None) -> None:
        """A watch fired: send the event, unless the client may not read the node (ServerCnxn.process)."""
        if self.gone or (acl is not None and not self.owner.may_read(self.ids, acl)):
            return
        events = self.events
        out = self.out if events is None else events
        self._written(write_event(out, event_type, path, zxid))
        self.owner.event_sent()
        if self.waiting_bytes() > OUT_LIMIT:
            self.abort()

    def owe(self, is_promised: bool = False) -> bool:
        if is_promised and self.owed > 0:
            self.owed += 1
            return True
        if self.events is not None or self.work is not None or self.closing:
            return False
        if self.owed == 0:
            self.ahead = self.out
            self.out = BytesWriter()
        self.owed += 1
        return True

    def tell(self, event: OwedEvent) -> None:
        out = self.ahead
        if out is None or self.gone:
            return
        self.owed -= 1
        acl = event.acl
        if acl is None or self.owner.may_read(self.ids, acl):
            frame = event.frame
            if not frame:
                only = BytesWriter()
                write_event(only, event.event_type, event.path, event.zxid)
                frame = only.getvalue()
                event.frame = frame
            out.write(frame)
            self._written(len(frame) - LENGTH_BYTES)
            self.owner.event_sent()
            if self.waiting_bytes() > OUT_LIMIT:
                self.abort()
        if self.owed == 0:
            self._release_owed()

    def release(self) -> None:
        if self.ahead is None or self.gone:
            return
        self.owed -= 1
        if self.owed == 0:
            self._release_owed()

    def _release_owed(self) -> None:
        """Let go what is behind the events that were owed."""
        ahead = self.ahead
        self.owed = 0
        self.ahead = None
        if ahead is not None:
            ahead.write(self.out.getvalue())
            self.out = ahead
            self.announce()

    def reply_begin(self, xid: i32, zxid: i64, err: i32) -> i64:
        """Begin a reply; append its body to `out` and call `frame_written` with the result."""
        out = self.out
        start = begin_frame(out)
        write_i32_be(out, xid)
        write_i64_be(out, zxid)
        write_i32_be(out, err)
        return start

    def reply_empty(self, xid: i32, zxid: i64, err: i32) -> None:
        """A reply without a body."""
        self.frame_written(self.reply_begin(xid, zxid, err))

    def frame_written(self, start: i64) -> None:
        """Finish the frame begun at `start`, count it and announce it."""
        self._written(end_frame(self.out, start))

    def _written(self, size: i64) -> None:
        self.packets_sent += 1
        self.owner.packet_sent(size)
        self.announce()

    def write_text(self, text: str) -> None:
        """Raw bytes, for the four-letter words."""
        self.out.write(text.encode("utf-8"))
        self.announce()

    def close(self) -> None:
        """Close once everything written so far, and the events that are owed before it, are sent."""
        self.closing = True
        if self.gone:
            self._release_owed()
        self.announce()

    @property
    def is_over(self) -> bool:
        """Whether it is to be closed, once what `data_to_send` has given is sent."""
        return self.closing and (self.owed == 0 or self.gone)

    def waiting_bytes(self) -> i64:
        """Bytes written and not yet taken by the network."""
        waiting: i64 = self.unsent + len(self.out)
        if self.events is not None:
            waiting += len(self.events)
        if self.ahead is not None:
            waiting += len(self.ahead)
        return waiting

    def hold_events(self) -> None:
        """What happens from now on comes behind a reply that is being made."""
        if self.events is None:
            self.events = BytesWriter()

    def begin_long(self, size: i64) -> None:
        """Begin a frame of this length, which is written to `out` bit by bit; events are held."""
        write_i32_be(self.out, i32(size))
        self._written(size)

    def release_events(self) -> None:
        """The reply is written."""
        events = self.events
        if events is not None:
            self.out.write(events.getvalue())
            self.events = None
        self.announce()

    def room(self) -> i64:
        """How many bytes may be added to a long reply before the network has taken some."""
        return OUT_HIGH_WATER - self.unsent - len(self.out)

    def data_to_send(self) -> bytes:
        """Take what has been written since the last call."""
        if self.work is not None:
            self.owner.output_taken(self.work)
        ahead = self.ahead
        if ahead is None:
            return super().data_to_send()
        self.announced = False
        data = ahead.getvalue()
        self.ahead = BytesWriter()
        return data

    # --- statistics

    def answered(self, op_type: i32, cxid: i32, zxid: i64, created_ms: i64, now_ms: i64) -> None:
        """Keep what `cons` shows of the last reply (ServerCnxn.updateStatsForResponse)."""
        self.last_op = op_type
        if cxid >= 0:
            self.last_cxid = i64(cxid)
        self.last_zxid = zxid
        self.last_response_ms = now_ms
        latency: i64 = now_ms - created_ms
        self.last_latency = latency
        self.latency_count += 1
        self.total_latency += latency
        if latency < self.min_latency:
            self.min_latency = latency
        if latency > self.max_latency:
            self.max_latency = latency

    def reset_stats(self) -> None:
        """What the `crst` word does."""
        self.packets_received = 0
        self.packets_sent = 0
        self.last_op = NO_OP
        self.last_cxid = -1
        self.last_zxid = -1
        self.last_response_ms = 0
        self.last_latency = 0
        self.min_latency = NO_LATENCY
        self.max_latency = 0
        self.total_latency = 0
        self.latency_count = 0


NO_OP: Final = -100
"""last_op of a connection that has not been answered yet."""
NO_LATENCY: Final = 0x7FFFFFFFFFFFFFFF
