"""A client by bytes: it holds a session over many connections, as the real libraries do.

It tells its observers of everything that it is told; what it asks is the workload's affair.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ConnectRequest, ConnectResponse, ReplyHeader, RequestHeader, SetWatches, WatcherEvent
from pyzoo.sim.network import Address, Network, Socket
from pyzoo.sim.operation import Operation, encoded, framed
from pyzoo.sim.world import InvariantViolation, Timer, World

CONNECT_MS: Final = 3000
RETRY_MS: Final = 400
EVENT_XID: Final = -1
PING_XID: Final = -2
SET_WATCHES_XID: Final = -8
NO_PASSWORD: Final = b"\0" * 16
REFUSAL_BYTES: Final = 16
"""A ReplyHeader in place of a ConnectResponse: a server without a quorum, and without local sessions, says no."""


class ClientObserver:
    """Who hears what clients are told; all calls are made before the client acts on it."""

    def sent(self, client: "SimClient", operation: Operation) -> None:
        """A request leaves."""

    def replied(self, client: "SimClient", operation: Operation) -> None:
        """It is answered."""

    def event(self, client: "SimClient", type: int, path: str, zxid: int) -> None:
        """A watch has fired."""

    def disconnected(self, client: "SimClient") -> None:
        """The connection is over; whatever was not answered has an unknown outcome."""

    def session_opened(self, client: "SimClient") -> None:
        """A new session, or the old one on a new connection."""

    def session_expired(self, client: "SimClient") -> None:
        """The server says that the session is over."""

    def replied_read_only(self, client: "SimClient", operation: Operation) -> None:
        """A server without a quorum has answered, from whatever it has."""


class SimClient:
    """One client; `servers` says where it may connect now."""

    def __init__(
        self,
        world: World,
        network: Network,
        name: str,
        servers: Callable[[], list[Address]],
        observers: Sequence[ClientObserver],
    ) -> None:
        self.world = world
        self.network = network
        self.name = name
        self.servers = servers
        self.observers = observers
        self.session_id = 0
        self.password = NO_PASSWORD
        self.wanted_timeout_ms = 4000
        self.timeout_ms = 0
        self.accepts_read_only = False
        self.is_read_only = False
        self.last_zxid = 0
        self.xid = 0
        self.is_connected = False
        self.is_running = True
        self.waiting: deque[Operation] = deque()
        self.watches_to_keep: Callable[[], SetWatches | None] = lambda: None
        self._socket: Socket | None = None
        self._received = b""
        self._attempt = 0
        self._heard_ms = 0
        self._sent_ms = 0
        self._tick: Timer | None = None

    # --- the connection

    def start(self) -> None:
        """Connect, and go on doing so whenever the connection is lost."""
        self.is_running = True
        self._connect()

    def stop(self) -> None:
        """Vanish without a word; the session goes on without us."""
        self.is_running = False
        self._drop()

    def forget_session(self) -> None:
        """Begin the next connection with a new session."""
        self.session_id, self.password, self.last_zxid = 0, NO_PASSWORD, 0

    def _connect(self) -> None:
        servers = self.servers()
        if not self.is_running or self._socket is not None or not servers:
            return
        self._attempt += 1
        address = servers[self.world.draw(len(servers))]
        self.network.dial(self.name, address, CONNECT_MS, self, self._attempt)

    def dial_succeeded(self, socket: Socket, key: object) -> None:
        """For the network."""
        if key != self._attempt or not self.is_running or self._socket is not None:
            socket.close()
            return
        self._socket = socket
        self._received = b""
        self._heard_ms = self._sent_ms = self.world.now_ms
        socket.attach(self)
        request = ConnectRequest(
            0, self.last_zxid, self.wanted_timeout_ms, self.session_id, self.password, self.accepts_read_only
        )  # fmt: skip
        socket.send(framed(encoded(request)))
        self._plan_tick(CONNECT_MS)

    def dial_failed(self, key: object) -> None:
        """For the network."""
        if key == self._attempt:
            self.world.after(self.world.draw(RETRY_MS), self._connect)

    def socket_ended(self, socket: Socket) -> None:
        """For the network."""
        if socket is self._socket:
            self._drop()

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        was_connected, self.is_connected = self.is_connected, False
        self._attempt += 1
        if self._tick is not None:
            self._tick.cancel()
        if socket is not None:
            socket.close()
        if was_connected:
            for observer in self.observers:
                observer.disconnected(self)
        if self.is_read_only:
            # Of such a session no other server knows.
            self.is_read_only = False
            self.forget_session()
        self.waiting.clear()
        self.world.after(self.world.draw(RETRY_MS), self._connect)

    def _plan_tick(self, ms: int) -> None:
        if self._tick is not None:
            self._tick.cancel()
        self._tick = self.world.after(ms, self._on_tick)

    def _on_tick(self) -> None:
        now_ms = self.world.now_ms
        if not self.is_connected or now_ms - self._heard_ms > self.timeout_ms * 2 // 3:
            self._drop()
            return
        if now_ms - self._sent_ms >= self.timeout_ms // 3 - 10 or self.waiting:
            self.send(Operation(op.PING), PING_XID)
        self._plan_tick(max(self.timeout_ms // 3, 20))

    # --- requests

    def send(self, operation: Operation, xid: int = 0) -> None:
        """Send a request; to be called while connected only."""
        socket = self._socket
        assert socket is not None
        if xid == 0:
            self.xid += 1
            xid = self.xid
        operation.xid = xid
        operation.session_id = self.session_id
        self._sent_ms = self.world.now_ms
        self.waiting.append(operation)
        for observer in self.observers:
            observer.sent(self, operation)
        socket.send(framed(encoded(RequestHeader(xid, operation.type), operation.body())))

    def send_watches(self, watches: SetWatches) -> None:
        """Set watches again after a reconnect."""
        socket = self._socket
        assert socket is not None
        operation = Operation(op.SET_WATCHES, session_id=self.session_id, xid=SET_WATCHES_XID)
        self.waiting.append(operation)
        socket.send(framed(encoded(RequestHeader(SET_WATCHES_XID, op.SET_WATCHES), watches)))

    # --- answers

    def socket_received(self, socket: Socket, data: bytes) -> None:
        """For the network."""
        if socket is not self._socket:
            return
        self._heard_ms = self.world.now_ms
        self._received += data
        while socket is self._socket and len(self._received) >= 4:
            end = 4 + int.from_bytes(self._received[:4], "big")
            if len(self._received) < end:
                return
            frame, self._received = self._received[4:end], self._received[end:]
            if self.is_connected:
                self._frame(InputArchive(frame))
            else:
                self._connect_response(frame)

    def _connect_response(self, frame: bytes) -> None:
        if len(frame) == REFUSAL_BYTES and self.accepts_read_only:
            self._require_refusal(ReplyHeader.decode(InputArchive(frame)))
            self._drop()
            return
        response = ConnectResponse.decode(InputArchive(frame))
        if response.time_out <= 0:
            for observer in self.observers:
                observer.session_expired(self)
            self.forget_session()
            self._drop()
            return
        is_new = self.session_id == 0
        if not is_new and response.session_id != self.session_id:
            raise InvariantViolation(f"{self.name} got another session than the one that it brought along")
        if is_new:
            self.xid = 0
        self.session_id, self.password = response.session_id, response.passwd or b""
        self.timeout_ms = response.time_out
        self.is_connected = True
        self.is_read_only = bool(response.read_only)
        if self.is_read_only:
            self._require_asked_for(is_new)
        else:
            for observer in self.observers:
                observer.session_opened(self)
        watches = None if is_new else self.watches_to_keep()
        if watches is not None:
            self.send_watches(watches)
        self._plan_tick(max(self.timeout_ms // 3, 20))

    def _require_refusal(self, header: ReplyHeader) -> None:
        if header.err != err.NOTREADONLY:
            raise InvariantViolation(f"{self.name} was refused with {header.err}")

    def _require_asked_for(self, is_new: bool) -> None:
        if not self.accepts_read_only or not is_new:
            raise InvariantViolation(f"{self.name} did not want session {self.session_id:#x} without a quorum")

    def _frame(self, archive: InputArchive) -> None:
        header = ReplyHeader.decode(archive)
        if header.xid == EVENT_XID:
            event = WatcherEvent.decode(archive)
            if not self.is_read_only:
                for observer in self.observers:
                    observer.event(self, event.type, event.path or "", header.zxid)
            return
        if not self.waiting:
            raise InvariantViolation(f"{self.name} got an answer to xid {header.xid}, and has not asked anything")
        operation = self.waiting.popleft()
        if operation.xid != header.xid:
            raise InvariantViolation(f"{self.name} got the answer to xid {header.xid} before that to {operation}")
        operation.answered(header.zxid, header.err, archive)
        if self.is_read_only:
            for observer in self.observers:
                observer.replied_read_only(self, operation)
        else:
            for observer in self.observers:
                observer.replied(self, operation)
        if header.zxid > 0:
            self.last_zxid = header.zxid
        if operation.type == op.CLOSE_SESSION:
            self.forget_session()
            self._drop()
