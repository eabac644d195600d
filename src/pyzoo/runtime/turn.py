"""One pass: receive from every ready connection, one turn of the core, then all that it wants done.

All sockets sit in one epoll object, and trio waits for that object alone; where there is no epoll, for each of them
(transport/trio_poller.py). Nothing here waits, but for the millisecond in which a busy server expects its next events,
for company of a leader's proposals, and for a fast disk: a single server when there is nothing else to do, a member of
an ensemble after a few passes.
"""

from time import sleep
from typing import Final, final

import trio
from mypy_extensions import i64, mypyc_attr

from pyzoo.runtime.clock import elapsed_ms, monotonic_ns, wall_ms
from pyzoo.runtime.event_wait import NS_PER_MS, EventWait, LookBudget
from pyzoo.runtime.log_writer import LogWriter
from pyzoo.runtime.transport.client_port import ClientPort
from pyzoo.runtime.transport.client_tls import ClientTls
from pyzoo.runtime.transport.endpoints import Endpoints
from pyzoo.runtime.transport.handshakes import Handshakes
from pyzoo.server.core import Core
from pyzoo.server.effects import Errands
from pyzoo.server.slices import AT_ONCE

EVENTS_PER_PASS: Final = 256
"""Who is answered in a pass waits for all of it."""
NEWCOMERS_NS: Final = 150_000
"""So much of a pass is for new connections, as much for steps of handshakes, and as much for what others say who are
not in yet: each gets on by one, and the rest waits for the next pass, which comes at once."""
LINGER_MS: Final = 3
"""How long a busy server keeps others of its event loop waiting, at the most."""
LINGER_ALONE_MS: Final = 10
"""The same where nobody waits but timers that a pass serves as well."""
LINGER_WAIT_NS: Final = 1_000_000
GIVE_WAY_S: Final = 0.0001
"""So long a thread takes to wake up and get the interpreter."""
_IN: Final = 1  # EPOLLIN


@mypyc_attr(allow_interpreted_subclasses=True)
class ErrandRunner:
    """Who has tasks for what takes longer than a pass."""

    def run(self, errands: Errands) -> None:
        """Begin them."""


@final
class TurnLoop:
    """The passes of one server; `steps_beside` are tokens of logins that threads look at.

    `wall_ahead_ms` is by how much its clients see a later time than that of the machine, 0 but for tests.
    """

    def __init__(
        self,
        core: Core,
        log: LogWriter | None,
        keep_alive: bool,
        patience_ms: int,
        tls: ClientTls | None = None,
        handshakes: Handshakes | None = None,
    ) -> None:
        """Without a log (in-memory) every transaction counts as safe at once. See ClientPort for the others."""
        self.core = core
        self.log = log
        self.endpoints = Endpoints()
        self.clients = ClientPort(core, self.endpoints, keep_alive, patience_ms, tls, handshakes)
        self.runner = ErrandRunner()
        self.wait = EventWait(self.endpoints.poller, EVENTS_PER_PASS)
        self.saves_snapshot = False
        self.steps_beside: i64 = 0
        self.wall_ahead_ms: i64 = 0
        self._has_room = True
        self._unsafe_zxid: i64 = 0
        self._has_errand = False
        self._has_process = False
        self._looks = False
        self._timer: trio.CancelScope | None = None
        self._timer_ms: int = -1
        self._log_fd: int = -1
        self._newcomer: i64 = 0
        self._handshakes = handshakes
        self._handshakes_fd: int = -1
        if handshakes is not None:
            self._handshakes_fd = handshakes.wakeup.fd
            self.endpoints.poller.register(self._handshakes_fd, _IN)
        if log is not None:
            self._log_fd = log.wakeup_fd
            self.endpoints.poller.register(self._log_fd, _IN)

    def have_process(self, looks: bool) -> None:
        """Nobody else needs this process: linger, and look for events before sleeping (`looks`), for its clients."""
        self._has_process = True
        self._looks = looks

    def hurry(self) -> None:
        """Let others of the event loop have their turn after this pass."""
        self._has_errand = True

    # --- the time

    def start_timer(self, timer: trio.CancelScope) -> None:
        """From now on this scope ends when the core's next deadline has come."""
        self._timer = timer
        self._timer_ms = -1
        self.set_timer()

    def wake(self) -> None:
        """Let the keeper of the time make a pass soon, for what no socket has told of."""
        if self._timer is not None:
            self._timer.cancel()

    def set_timer(self) -> None:
        """Move the timer to the next deadline."""
        deadline_ms = min(self.core.next_deadline_ms(), int(self.endpoints.deadline_ms))
        handshakes = self._handshakes
        if handshakes is not None and handshakes.deadline_ms < deadline_ms:
            deadline_ms = handshakes.deadline_ms
        timer = self._timer
        if timer is not None and deadline_ms != self._timer_ms:
            self._timer_ms = deadline_ms
            least_ms = 0 if deadline_ms == AT_ONCE else 1
            timer.deadline = trio.current_time() + max(deadline_ms - elapsed_ms(), least_ms) / 1000

    # --- passes

    def turn(self) -> None:
        """Do everything that can be done now."""
        self._pass(self.wait.now())
        self._release()
        self._submit_log()

    def turns(self) -> None:
        """Passes as long as the next events come within a millisecond, for a few milliseconds at the most.

        Going back to the event loop costs more than a pass.
        """
        self._has_errand = False
        end_ms = elapsed_ms() + self._linger_ms()
        deferred = 0
        log = self.log
        events = self.wait.now()
        while events:
            self._pass(events)
            self._give_way()
            # An errand begins when others of the event loop have their turn.
            is_late = self.core.now_ms >= end_ms or self._has_errand
            if is_late or self._hold_ns() <= 0:
                self._release()
            events = []
            if log is not None and log.waiting:
                events = self.wait.now()
                if not is_late and log.waits_for(len(events), deferred):
                    deferred += 1
                    continue
                self._write_log(log, len(events) == 0)
                deferred = 0
            if is_late:
                break  # what is ready now will be so again
            if not events:
                events = self._next_events(end_ms)
        self._release()
        self._submit_log()

    def _give_way(self) -> None:
        """Let a thread that has waited for long have the interpreter.

        A loop that is never idle lets go of it in every system call, and takes it back before a thread has woken up.
        """
        now_ms, log, handshakes = self.core.now_ms, self.log, self._handshakes
        if (log is not None and log.is_starved(now_ms)) or (handshakes is not None and handshakes.is_starved(now_ms)):
            sleep(GIVE_WAY_S)

    def _next_events(self, end_ms: int) -> list[tuple[int, int]]:
        """What comes within a millisecond; what is held back goes out meanwhile, unless something comes in time.

        A snapshot has a use for that millisecond. The next step of a handshake is waited for until `end_ms`.
        """
        hold_ns = self._hold_ns()
        if hold_ns > 0:
            events = self.wait.within(hold_ns, self._look_budget(True))
            if events:
                return events
        self._release()
        log = self.log
        if log is not None and log.waiting:
            self._write_log(log, True)
        if self.saves_snapshot:
            return self.wait.now()
        handshakes, now_ms = self._handshakes, self.core.now_ms
        if handshakes is not None and handshakes.goes_on_soon(now_ms):
            return self.wait.within(max(end_ms - now_ms, 1) * NS_PER_MS, None)
        return self.wait.within(LINGER_WAIT_NS, self._look_budget(self.core.is_busy))

    def _linger_ms(self) -> int:
        is_alone = self._has_process and not self.saves_snapshot and self.steps_beside == 0
        return LINGER_ALONE_MS if is_alone else LINGER_MS

    def _look_budget(self, is_busy: bool) -> LookBudget | None:
        """For the next events; none while a thread has work: whoever looks hardly ever lets go of the interpreter."""
        log, handshakes = self.log, self._handshakes
        if not self._looks or self.saves_snapshot or self.steps_beside > 0:
            return None
        if log is not None and log.is_thread_busy:
            return None
        if handshakes is not None and handshakes.in_flight > 0:
            return None
        return self.wait.busy if is_busy else self.wait.idle

    def _hold_ns(self) -> i64:
        """How long a leader's proposals may still wait for company."""
        log = self.log
        if log is None or not self.core.effects.holds:
            return 0
        patience_ns = log.patience_ns() if self.wait.is_exact else 0
        now_ns: i64 = monotonic_ns()
        return self.core.held_until_ns(now_ns, patience_ns) - now_ns

    def _release(self) -> None:
        """Send what a leader has held back, and leave it to be logged."""
        if self.core.effects.holds:
            self.core.release()
            self.carry_out()

    def _pass(self, events: list[tuple[int, int]]) -> None:
        core = self.core
        endpoints, handshakes = self.endpoints, self._handshakes
        begun_ns: i64 = monotonic_ns()
        core.advance(begun_ns // 1_000_000, wall_ms() + self.wall_ahead_ms)
        if core.now_ms >= endpoints.deadline_ms:
            endpoints.advance(int(core.now_ms))
        newcomers: list[tuple[int, int]] | None = None
        for fd, mask in events:
            endpoint = endpoints.at(fd)
            if endpoint is not None and endpoint.is_in:
                endpoint.ready(mask)
            elif fd == self._log_fd:
                self._look_at_log()
            elif newcomers is None:
                newcomers = [(fd, mask)]
            else:
                newcomers.append((fd, mask))
        if len(events) >= EVENTS_PER_PASS:
            # The event of the log may be among those that are left for later passes.
            self._look_at_log()
        if newcomers is not None:
            self.carry_out()
            self._let_in(newcomers)
            endpoints.rest_from_newcomers(int(core.now_ms))
        if handshakes is not None and core.now_ms >= handshakes.deadline_ms:
            self.clients.expire_handshakes(handshakes)
        self.carry_out()
        ended_ns: i64 = monotonic_ns()
        core.metrics.turn_us.add((ended_ns - begun_ns) // 1000)

    def _let_in(self, newcomers: list[tuple[int, int]]) -> None:
        """Listeners, handshakes and what is said by those who are not in yet, as far as there is time for them."""
        endpoints, handshakes = self.endpoints, self._handshakes
        waiting: list[tuple[int, int]] = []
        for fd, mask in newcomers:
            if endpoints.at(fd) is not None:
                waiting.append((fd, mask))
            elif fd == endpoints.newcomers.fd:
                waiting += endpoints.newcomers.events()
            elif fd == self._handshakes_fd and handshakes is not None:
                self.clients.take_steps(handshakes, monotonic_ns() + NEWCOMERS_NS)
            else:
                endpoints.accept(fd, monotonic_ns() + NEWCOMERS_NS)
        # Whoever always has something to say would always be the first.
        count: i64 = len(waiting)
        begin = self._newcomer
        end_ns: i64 = monotonic_ns() + NEWCOMERS_NS
        for at in range(begin, begin + count):
            fd, mask = waiting[at % count]
            self._newcomer = at + 1
            endpoint = endpoints.at(fd)
            if endpoint is not None:
                endpoint.ready(mask)
            else:
                endpoints.lingering.ready(fd)
            if monotonic_ns() >= end_ns:
                return

    def _look_at_log(self) -> None:
        log = self.log
        if log is not None:
            log.acknowledge()
            log.go_on()
            self.core.persisted(log.progress(self.core.metrics))

    # --- effects

    def carry_out(self) -> None:
        """Do what the core wants; what is to be logged is left to the log writer, which may begin with it."""
        self._take_effects()
        clients = self.clients
        if clients.held_back and clients.release_held_back():
            self._take_effects()
            clients.go_on_soon()

    def _take_effects(self) -> None:
        log = self.log
        effects = self.core.take_effects()
        while effects.log is not None:
            if log is not None:
                log.waiting.append(effects.log)
                break
            if not self._has_room:
                self._unsafe_zxid = effects.log.last_zxid
                break
            self.core.persisted(effects.log.last_zxid)
            self.core.take_effects()
        errands = effects.take_errands()
        if errands is not None:
            self._has_errand = True
            self.runner.run(errands)
        if effects.log is None and not effects.holds and len(effects.replies.ready) == 1:
            # A client alone: what others are told beside it, such as a commit, nobody waits for as long.
            self.endpoints.send(effects.replies.take())
        self.endpoints.send(effects.packets.take())
        if log is not None and log.waiting and log.begin_before(len(effects.replies.ready)):
            self._written(log)
        self.endpoints.send(effects.replies.take())

    def _write_log(self, log: LogWriter, is_idle: bool) -> None:
        if log.write(is_idle and not self.saves_snapshot):
            self._written(log)

    def _written(self, log: LogWriter) -> None:
        """The log is safe: others get to know of it; what they have to log then is for the thread."""
        self.core.persisted(log.progress(self.core.metrics))
        self.carry_out()
        log.submit()

    def _submit_log(self) -> None:
        if self.log is not None:
            self.log.submit()

    def fill_memory(self) -> None:
        """Let what is logged in memory be safe no more, as on a disk that is full."""
        self._has_room = False

    def make_room(self) -> None:
        """All that was logged in memory is safe."""
        self._has_room = True
        if self._unsafe_zxid > 0:
            self.core.persisted(self._unsafe_zxid)
            self._unsafe_zxid = 0
            self.carry_out()

    def abandon_log(self) -> None:
        """Lose what is not written yet, as if the process died; nothing is logged any more."""
        if self.log is not None:
            self.log.abandon()

    def close(self) -> None:
        """Close every socket; what is left to be logged is."""
        self.endpoints.close()
        if self._handshakes is not None:
            self._handshakes.close()
        if self.log is not None:
            self.log.close()
