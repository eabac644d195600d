"""One pass over the client port: receive from every ready connection, one turn of the core, send.

All sockets sit in one epoll object; trio waits for that object alone. Nothing here waits, but for the
millisecond in which a busy client port expects its next events, for company of a leader's proposals, and for a fast
disk: a single server when there is nothing else to do, a member of an ensemble after a few passes.
"""

import logging
import select
import socket
from time import monotonic_ns
from typing import Final, final

import trio

from pyzoo.effects import Effects, LogBatch
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.event_wait import EventWait, LookBudget
from pyzoo.runtime.log_thread import LogThread
from pyzoo.runtime.peers import PeerPorts
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.core import Core

logger: Final = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 1 << 16
EVENTS_PER_PASS: Final = 1024
ACCEPTS_PER_PASS: Final = 256
ACCEPT_REST_MS: Final = 500
LINGER_MS: Final = 3
"""How long a busy client port keeps others of its event loop waiting, at the most."""
LINGER_ALONE_MS: Final = 10
"""The same where nobody waits but timers that a pass serves as well."""
LINGER_WAIT_NS: Final = 1_000_000
FEW_EVENTS: Final = 4
PASSES_BEFORE_LOGGING: Final = 2
"""A single server makes up to two more passes of at most four events before it logs: they may bring more to log."""
MEMBER_PASSES_BEFORE_LOGGING: Final = 6
"""A member makes up to six more passes, however many events they have: most events bring it something to log."""
MEMBER_TXNS_BESIDE: Final = 8
"""So many transactions of a member are synced beside: smaller groups have no clients to answer meanwhile."""
HOLD_SYNCS: Final = 4
"""So many syncs a leader's proposals wait for company at the most (docs/decisions/0010-group-commit.md)."""
HOLD_MAX_NS: Final = 1_000_000
"""However slow the disk is, they wait no longer."""
_IN: Final = 1  # EPOLLIN
_OUT: Final = 4  # EPOLLOUT


@final
class Connection:
    """A socket and the connection object that it feeds."""

    def __init__(self, sock: socket.socket, cnxn: ServerCnxn) -> None:
        self.sock = sock
        self.fd: int = sock.fileno()
        self.cnxn = cnxn
        self.unsent = memoryview(b"")
        self.mask = _IN


@final
class ClientPort:
    """The sockets of one server and the pass that serves them; `peers` are there for a member of an ensemble."""

    def __init__(
        self,
        server: Core,
        listeners: list[socket.socket],
        log: LogThread | None,
        keep_alive: bool,
        snapshot_wanted: trio.Event,
        patience_ms: int,
    ) -> None:
        """Without a log (in-memory) every transaction counts as safe at once.

        `patience_ms` is for the last bytes of a connection: so long they wait for a client that takes none.
        """
        self.server = server
        self.log = log
        self.keep_alive = keep_alive
        self.epoll = select.epoll()
        self.wait = EventWait(self.epoll, EVENTS_PER_PASS)
        self.connections: dict[int, Connection] = {}
        self.by_cnxn: dict[ServerCnxn, Connection] = {}
        self.held_back: dict[Connection, None] = {}
        self.listeners: dict[int, socket.socket] = {}
        self.snapshot_wanted = snapshot_wanted
        self.patience_ms = patience_ms
        self.log_fd = -1
        self.unlogged: list[LogBatch] = []
        self.saves_snapshot = False
        self._has_process = False
        self._looks = False
        self.timer: trio.CancelScope | None = None
        self.timer_ms: int = -1
        self.peers: PeerPorts | None = None
        self.accept_again_ms: int = 0
        self.listen_on(listeners)
        if log is not None:
            self.log_fd = log.eventfd
            self.epoll.register(self.log_fd, _IN)

    def have_process(self, looks: bool) -> None:
        """Nobody else needs this process: linger, and look for events before sleeping (`looks`), for its clients."""
        self._has_process = True
        self._looks = looks

    def listen_on(self, listeners: list[socket.socket]) -> None:
        """Take new connections from these sockets in place of the present ones."""
        for fd, listener in self.listeners.items():
            self.epoll.unregister(fd)
            listener.close()
        self.listeners.clear()
        for listener in listeners:
            listener.setblocking(False)
            self.listeners[listener.fileno()] = listener
            self.epoll.register(listener.fileno(), _IN)

    def start_timer(self, timer: trio.CancelScope) -> None:
        """From now on this scope ends when the core's next deadline has come."""
        self.timer = timer
        self.timer_ms = -1
        self.set_timer()

    def wake(self) -> None:
        """Let the keeper of the time make a pass soon, for what no socket has told of."""
        if self.timer is not None:
            self.timer.cancel()

    def set_timer(self) -> None:
        """Move the timer to the core's next deadline."""
        deadline_ms = self.server.next_deadline_ms()
        if self.peers is not None:
            deadline_ms = self.peers.next_deadline_ms(deadline_ms)
        timer = self.timer
        if timer is not None and deadline_ms != self.timer_ms:
            self.timer_ms = deadline_ms
            timer.deadline = trio.current_time() + max(deadline_ms - elapsed_ms(), 1) / 1000

    def turn(self) -> None:
        """Do everything that can be done now."""
        self._pass(self.wait.now())
        self._release()
        self._submit_log()

    def turns(self) -> None:
        """Passes as long as the next events come within a millisecond, for a few milliseconds at the most.

        Going back to the event loop costs more than a pass.
        """
        end_ms = elapsed_ms() + self._linger_ms()
        deferred = 0
        events = self.wait.now()
        while events:
            self._pass(events)
            is_late = self.server.now_ms >= end_ms
            if is_late or self._hold_ns() <= 0:
                self._release()
            events = []
            if self.unlogged:
                events = self.wait.now()
                if not is_late and self._logs_later(len(events), deferred):
                    deferred += 1
                    continue
                self._write_log(len(events) == 0)
                deferred = 0
            if is_late:
                break  # what is ready now will be so again
            if not events:
                events = self._next_events()
        self._release()
        self._submit_log()

    def _next_events(self) -> list[tuple[int, int]]:
        """What comes within a millisecond; what is held back goes out meanwhile, unless something comes in time."""
        hold_ns = self._hold_ns()
        if hold_ns > 0:
            events = self.wait.within(hold_ns, self._look_budget(True))
            if events:
                return events
        self._release()
        if self.unlogged:
            self._write_log(True)
        return self.wait.within(LINGER_WAIT_NS, self._look_budget(self.server.is_busy))

    def _linger_ms(self) -> int:
        return LINGER_ALONE_MS if self._has_process and not self.saves_snapshot else LINGER_MS

    def _look_budget(self, is_busy: bool) -> LookBudget | None:
        """For the next events; none while a thread has work: whoever looks hardly ever lets go of the interpreter."""
        log = self.log
        if not self._looks or self.saves_snapshot or (log is not None and log.is_thread_busy):
            return None
        return self.wait.busy if is_busy else self.wait.idle

    def _hold_ns(self) -> int:
        """How long a leader's proposals may still wait for company."""
        log = self.log
        if self.peers is None or log is None or not self.peers.peer.is_holding:
            return 0
        patience_ns = min(HOLD_SYNCS * log.usual_sync_ns, HOLD_MAX_NS) if self.wait.is_exact else 0
        now_ns = monotonic_ns()
        return self.peers.peer.held_until_ns(now_ns, patience_ns) - now_ns

    def _release(self) -> None:
        """Send what a leader has held back, and leave it to be logged."""
        peers = self.peers
        if peers is not None and peers.peer.is_holding:
            peers.peer.release()
            self.carry_out()

    def _logs_later(self, events: int, deferred: int) -> bool:
        """Whether these events are taken first, after so many passes that have left something to log."""
        if self.peers is not None:
            return events > 0 and deferred < MEMBER_PASSES_BEFORE_LOGGING
        return 0 < events <= FEW_EVENTS and deferred < PASSES_BEFORE_LOGGING

    def _begin_large_sync(self) -> None:
        """Have the kernel sync a member's large group now: others wait for that, and clients are answered meanwhile."""
        log = self.log
        if not self.unlogged or log is None or log.is_syncing_beside:
            return
        if log.can_sync_beside and self._has_more_to_do(False):
            self._write_log(False)

    def _write_log(self, is_idle: bool) -> None:
        """Log what the last passes have left: here if the disk is fast enough for that, else by the thread.

        Where there is more to do meanwhile the kernel syncs beside; what comes until its end joins the next sync.
        """
        log = self.log
        if log is None or log.is_syncing_beside:
            return
        beside = log.can_sync_beside and self._has_more_to_do(is_idle)
        if (is_idle or beside or self.peers is not None) and log.write_here(self.unlogged, beside):
            self.unlogged.clear()
            if not log.is_syncing_beside:
                self._log_progress()
                self.carry_out()
        self._submit_log()

    def _has_more_to_do(self, is_idle: bool) -> bool:
        """Whether a sync leaves time for something: events that wait, in an ensemble the clients of a large group."""
        if self.peers is None:
            return not is_idle
        return sum([batch.txns for batch in self.unlogged]) >= MEMBER_TXNS_BESIDE

    def _submit_log(self) -> None:
        """Let the thread log what the last pass has left."""
        log = self.log
        if log is None or log.is_syncing_beside:
            return
        for batch in self.unlogged:
            log.submit(batch)
        self.unlogged.clear()

    def _pass(self, events: list[tuple[int, int]]) -> None:
        server = self.server
        begun_ns = monotonic_ns()
        server.advance(begun_ns // 1_000_000, wall_ms())
        if self.accept_again_ms and server.now_ms >= self.accept_again_ms:
            self._accept_again()
        for fd, mask in events:
            connection = self.connections.get(fd)
            if connection is not None:
                self._ready(connection, mask)
            elif fd == self.log_fd and self.log is not None:
                self.log.acknowledge()
                self._log_progress()
            elif fd in self.listeners:
                self._accept(fd)
            elif self.peers is not None:
                self.peers.ready(fd, mask)
        self.carry_out()
        server.metrics.turn_us.add((monotonic_ns() - begun_ns) // 1000)

    def carry_out(self) -> None:
        """Hand over the effects of the core; log writes are left in `unlogged`, but for a member's large group."""
        server = self.server
        effects = self._take_effects()
        while effects is not None:
            batch = effects.log
            if effects.start_snapshot:
                self.snapshot_wanted.set()
            if batch is not None:
                if self.log is not None:
                    self.unlogged.append(batch)
                else:
                    server.persisted(batch.last_zxid)
            effects = self._take_effects()
        if self.peers is not None:
            self.peers.carry_out(server.now_ms)
            if self.peers.failure is not None:
                raise self.peers.failure
            self._begin_large_sync()
        for cnxn in server.take_output():
            connection = self.by_cnxn.get(cnxn)
            if connection is not None:
                self._send(connection)
        if self.held_back:
            self._release_held_back()

    def _take_effects(self) -> Effects | None:
        """What is to be done now, also for requests that had to wait until the last ones were done."""
        server = self.server
        if server.request_throttle_limit > 0:
            server.release_throttled()
        return server.take_effects()

    def _log_progress(self) -> None:
        log = self.log
        if log is None:
            return
        failure = log.failure
        if failure is not None:
            raise failure
        while log.sync_times:
            log.sync_times.pop().count(self.server.metrics)
        self.server.persisted(log.persisted_zxid)

    def _accept(self, fd: int) -> None:
        listener = self.listeners.get(fd)
        if listener is None:
            return
        for _ in range(ACCEPTS_PER_PASS):
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._rest_from_accepting(error)
                return
            # IPv6 addresses have two more fields.
            self._begin(sock, address[0], address[1])

    def _rest_from_accepting(self, error: OSError) -> None:
        """Out of file descriptors or memory: trying again at once would only burn time."""
        if self.accept_again_ms == 0:
            logger.error("No more connections can be accepted for now, raise the limit of open files: %s", error)
            for fd in self.listeners:
                self.epoll.unregister(fd)
        self.accept_again_ms = self.server.now_ms + ACCEPT_REST_MS

    def _accept_again(self) -> None:
        self.accept_again_ms = 0
        for fd in self.listeners:
            self.epoll.register(fd, _IN)

    def _begin(self, sock: socket.socket, host: str, port: int) -> None:
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.keep_alive:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError:
            sock.close()
            return
        cnxn = self.server.accept(java_address(host), port)
        if cnxn is None:
            sock.close()
            return
        connection = Connection(sock, cnxn)
        self.connections[connection.fd] = connection
        self.by_cnxn[cnxn] = connection
        self.epoll.register(connection.fd, _IN)

    def _ready(self, connection: Connection, mask: int) -> None:
        if mask & _OUT:
            self._send(connection)
            if connection.fd not in self.connections:
                return
        if mask & ~_OUT and connection.mask & _IN:
            self._receive(connection)
        elif mask & ~(_OUT | _IN):
            self._end(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._end(connection)
            return
        if not data:
            self._end(connection)
            return
        try:
            self.server.data_received(connection.cnxn, data)
        except Exception:
            self._end_after_bug(connection)
            return
        if not self.server.wants_input(connection.cnxn):
            self.held_back[connection] = None

    def _send(self, connection: Connection) -> None:
        cnxn = connection.cnxn
        if cnxn.gone:
            self._end(connection)
            return
        try:
            if connection.unsent:
                self._send_rest(connection)
            if not connection.unsent:
                data = cnxn.data_to_send()
                if data:
                    self._send_new(connection, data)
        except OSError:
            self._end(connection)
            return
        if connection.unsent:
            self._set_mask(connection, connection.mask | _OUT)
            self.held_back[connection] = None
        elif cnxn.is_over:
            self._end(connection)
        elif connection.mask & _OUT:
            self._set_mask(connection, connection.mask & ~_OUT)

    def _send_new(self, connection: Connection, data: bytes) -> None:
        try:
            sent: int = connection.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            connection.unsent = memoryview(data)[sent:]
            connection.cnxn.unsent = len(data) - sent
            connection.cnxn.last_io_ms = self.server.now_ms

    def _send_rest(self, connection: Connection) -> None:
        try:
            sent: int = connection.sock.send(connection.unsent)
        except BlockingIOError:
            return
        connection.unsent = connection.unsent[sent:]
        connection.cnxn.unsent = len(connection.unsent)
        connection.cnxn.last_io_ms = self.server.now_ms

    def _release_held_back(self) -> None:
        """Stop reading from connections that must wait, and go on with those that need not any more.

        Those that are over end here when their clients do not take what is left for them.
        """
        for connection in list(self.held_back):
            if connection.fd not in self.connections:
                del self.held_back[connection]
            elif connection.cnxn.gone or self._is_given_up(connection.cnxn):
                self._end(connection)
            elif self.server.wants_input(connection.cnxn):
                self._resume(connection)
            else:
                self._set_mask(connection, connection.mask & ~_IN)

    def _is_given_up(self, cnxn: ServerCnxn) -> bool:
        """Whether a connection that is to close has not taken a byte for too long."""
        return cnxn.closing and self.server.now_ms - cnxn.last_io_ms > self.patience_ms

    def _resume(self, connection: Connection) -> None:
        """Work on the frames that had to wait in the buffer, then read again."""
        waiting = connection.cnxn.frames.waiting() > 0
        if waiting:
            try:
                self.server.frames_waiting(connection.cnxn)
            except Exception:
                self._end_after_bug(connection)
                return
        mask = connection.mask | _IN
        if self.server.wants_input(connection.cnxn):
            del self.held_back[connection]
        else:
            mask &= ~_IN
        # What came of it is carried out by the next pass, which a writable socket begins at once.
        self._set_mask(connection, mask | _OUT if waiting else mask)

    def _set_mask(self, connection: Connection, mask: int) -> None:
        if connection.mask != mask:
            connection.mask = mask
            self.epoll.modify(connection.fd, mask)

    def _end_after_bug(self, connection: Connection) -> None:
        """Called for an exception that is a bug of ours: only the connection that ran into it has to go."""
        self.server.metrics.unrecoverable_error_count += 1
        cnxn = connection.cnxn
        logger.exception("Closing the connection of %s after an internal error", cnxn.address, extra=of_client(cnxn))
        self._end(connection)

    def _end(self, connection: Connection) -> None:
        if self.connections.pop(connection.fd, None) is None:
            return
        self.by_cnxn.pop(connection.cnxn, None)
        self.held_back.pop(connection, None)
        self.server.client_gone(connection.cnxn)
        try:
            self.epoll.unregister(connection.fd)
        except OSError:
            pass
        connection.sock.close()

    def close(self) -> None:
        """Close every socket."""
        for connection in list(self.connections.values()):
            self._end(connection)
        for listener in self.listeners.values():
            listener.close()
        if self.peers is not None:
            self.peers.close()
        if self.log is not None:
            self.log.finish_sync()
            self._submit_log()
        self.epoll.close()


def java_address(address: str) -> str:
    """An address in Java's text form: IPv6 as eight groups without leading zeros."""
    if ":" not in address:
        return address
    text, percent, scope = address.partition("%")
    packed = socket.inet_pton(socket.AF_INET6, text)
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, packed[12:])
    groups = [f"{packed[at] << 8 | packed[at + 1]:x}" for at in range(0, 16, 2)]
    return ":".join(groups) + percent + scope
