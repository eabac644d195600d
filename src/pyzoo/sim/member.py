"""SimMember: a QuorumPeer with its disk, its clocks and its connections; the shell of the simulated ensemble.

One turn when something has arrived or a deadline is due, as the real shell does it: the time, what arrived, then
the effects. A member can be killed, lose its power (also in the middle of a disk operation), or stand still.
"""

from collections.abc import Callable
from typing import Final

from pyzoo.config.membership import Membership
from pyzoo.errors import ConfigError, StorageError
from pyzoo.persistence.directories import open_directories
from pyzoo.persistence.txnlog import TxnLog
from pyzoo.quorum.link import ELECTION, OBSERVER_MASTER, QUORUM
from pyzoo.quorum.vote import LEADING, LOOKING
from pyzoo.server.effects import Effects, Errands, LogBatch
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.sim.connections import Connections
from pyzoo.sim.disk import SimCrash, SimLog
from pyzoo.sim.durable import DurableHistory, WatchedStorage
from pyzoo.sim.machine import CLIENT_PORT, Machine
from pyzoo.sim.network import Network, Socket
from pyzoo.sim.saving import Saver
from pyzoo.sim.world import InvariantViolation, Timer

CLIENTS: Final = -1
"""The kind of port that clients come to, beside those that members have for each other."""
LONG_SYNC_MS: Final = 900
NS_PER_MS: Final = 1_000_000
START_RETRY_MS: Final = 2000
HAND_OVER_MS: Final = 500


class MemberOwner:
    """What a member tells those who look on, and asks them."""

    def turned(self, member: "SimMember") -> None:
        """A turn of a member is over."""

    def handed_over(self, member: "SimMember") -> None:
        """A member that leads is about to end, for others can take over at once."""

    def members_with(self, sid: int) -> Membership:
        """The present members, and this one as an observer if it does not belong to them."""
        raise NotImplementedError


class SimMember:
    """One member over all its lives; `peer` is None while it is down."""

    def __init__(self, machine: Machine, network: Network, owner: MemberOwner) -> None:
        self.machine = machine
        self.world = machine.world
        self.network = network
        self.owner = owner
        self.sid = machine.sid
        self.host = machine.host
        self.life = 0
        self.peer: QuorumPeer | None = None
        self.is_paused = False
        self.durable = DurableHistory()
        self.connections = Connections(self)
        self.saver = Saver(self)
        self.log: SimLog | None = None
        self._inbox: list[Callable[[], None]] = []
        self._turn_timer: Timer | None = None
        self._deadline_timer: Timer | None = None
        self._ports: dict[tuple[str, int], int] = {}

    # --- what it is

    @property
    def is_serving(self) -> bool:
        """Whether clients are served for an ensemble, not only for reads without one."""
        peer = self.peer
        return peer is not None and peer.server is not None and peer.state != LOOKING

    @property
    def is_established_leader(self) -> bool:
        """Whether it has taken office."""
        peer = self.peer
        return self.is_serving and peer is not None and peer.state == LEADING

    @property
    def epoch(self) -> int:
        """The epoch that it takes part in; only while it serves."""
        assert self.peer is not None
        return self.peer.storage.epochs.current

    # --- life and death

    def start(self) -> None:
        """Start the process, unless it runs."""
        if self.peer is not None:
            return
        self.life += 1
        self.is_paused = False
        self.machine.disk.revive()
        try:
            self._start()
        except SimCrash:
            self.crash(power=True)
        except ConfigError as error:
            # It has left the ensemble; to come back it needs a list that it is on, and room for that list.
            if not self.machine.disk.is_full:
                self.world.note(f"server {self.sid} gets a new configuration: {error}")
                self.machine.write_config(self.owner.members_with(self.sid))
            self.world.after(START_RETRY_MS, self.start)
        except StorageError as error:
            if not self.machine.disk.is_full:
                raise InvariantViolation(f"server {self.sid} cannot start: {error}") from error
            self.world.after(START_RETRY_MS, self.start)

    def _start(self) -> None:
        machine = self.machine
        config = machine.config()
        directories = open_directories(machine.disk, config.data_dir, config.data_log_dir)
        storage = WatchedStorage(config, machine.disk, directories, self.durable)
        log = TxnLog(
            machine.disk, directories.logs, config.pre_alloc_size_kb, True, config.txn_log_size_limit_kb
        )  # fmt: skip
        self.log = SimLog(self.world, log, self.sync_ms, self._synced, lambda: self.crash(power=True))
        storage.roll_log = self._roll_log
        peer = QuorumPeer(config, storage, machine.now_ms(), machine.wall_ms(), self.world.draw)
        self.durable.read(machine.disk, directories)
        self.peer = peer
        self.world.note(f"server {self.sid} started, last zxid {peer.database.last_zxid:#x}")
        self._listen(self.host, CLIENT_PORT, CLIENTS)
        self.wake()

    def stop(self) -> None:
        """End the process as an operator does (SIGTERM): a leader hands over first."""
        if self.peer is not None and not self.is_paused:
            self.world.note(f"server {self.sid} is told to stop")
            self.attempt(self._stop)

    def _stop(self, peer: QuorumPeer) -> None:
        if not peer.begin_hand_over():
            self._leave()
            return
        life, until_ms = self.life, self.world.now_ms + HAND_OVER_MS

        def look() -> None:
            if self.life != life:
                return
            if peer.is_handed_over:
                self.owner.handed_over(self)
            if self.is_paused or not (peer.is_handed_over or self.world.now_ms >= until_ms):
                self.world.after(1, look)
            else:
                self._leave()

        self.wake()
        self.world.after(1, look)

    def _leave(self) -> None:
        self.world.note(f"server {self.sid} ends")
        self.connections.close_all()
        self._end()
        self.machine.disk.flush()

    def crash(self, power: bool) -> None:
        """The process is gone; with the power, what was not synced may be gone too."""
        if self.peer is None and self._turn_timer is None and self.log is None:
            return
        self.world.note(f"server {self.sid} {'loses its power' if power else 'is killed'}")
        self._end()
        self.connections.vanish(power)
        if power:
            self.machine.disk.lose_power()
        else:
            self.machine.disk.flush()

    def _end(self) -> None:
        self.peer = None
        self.life += 1
        if self.log is not None:
            self.log.stop()
        self.log = None
        for timer in (self._turn_timer, self._deadline_timer):
            if timer is not None:
                timer.cancel()
        self._turn_timer = self._deadline_timer = None
        self._inbox.clear()
        self.saver.stop()
        for address in list(self._ports):
            self.network.stop_listening(address)
        self._ports.clear()

    def pause(self, ms: int) -> None:
        """Stand still for a while (SIGSTOP)."""
        if self.peer is not None and not self.is_paused:
            life = self.life
            self.is_paused = True
            self.world.note(f"server {self.sid} stands still for {ms} ms")
            self.world.after(ms, lambda: self.resume() if self.life == life else None)

    def resume(self) -> None:
        """Go on after a pause (SIGCONT)."""
        if self.is_paused:
            self.is_paused = False
            self.world.note(f"server {self.sid} goes on")
            self.wake()

    # --- turns

    def arrived(self, step: Callable[[], None]) -> None:
        """Something for the next turn."""
        self._inbox.append(step)
        self.wake()

    def wake(self) -> None:
        """A turn is due."""
        if self._turn_timer is None and not self.is_paused and self.peer is not None:
            self._turn_timer = self.world.after(0, self._turn)

    def attempt(self, step: Callable[[QuorumPeer], None]) -> None:
        """Let the process do something; a failing disk, or a bug, ends it."""
        peer = self.peer
        if peer is None:
            return
        try:
            step(peer)
        except SimCrash:
            self.crash(power=True)
        except StorageError as error:
            self.world.note(f"server {self.sid} ends: {error}")
            self.crash(power=False)
        except InvariantViolation:
            raise
        except Exception as error:
            raise InvariantViolation(f"server {self.sid} has an internal error: {error!r}") from error

    def _turn(self) -> None:
        self._turn_timer = None
        if self.is_paused or self.peer is None:
            return
        self.world.actor = self.sid
        self.attempt(self._one_turn)
        self.world.actor = 0
        if self.peer is not None:
            self._plan_deadline(self.peer)
            self.owner.turned(self)

    def _one_turn(self, peer: QuorumPeer) -> None:
        peer.advance(self.machine.now_ms(), self.machine.wall_ms())
        inbox = self._inbox
        self._inbox = []
        for step in inbox:
            step()
        effects = peer.take_effects()
        if effects.holds:
            self._hold(peer)
            effects = peer.take_effects()
        self._carry_out(peer, effects)

    def _hold(self, peer: QuorumPeer) -> None:
        """Let a leader hold its proposals back as long as it wants to, and not longer."""
        now_ns = self.machine.now_ms() * NS_PER_MS
        until_ns = peer.held_until_ns(now_ns, self.sync_ms() * NS_PER_MS)
        if until_ns <= now_ns:
            peer.release()
        else:
            self.world.after(-(-(until_ns - now_ns) // NS_PER_MS), self.wake)

    def _carry_out(self, peer: QuorumPeer, effects: Effects) -> None:
        errands = effects.take_errands()
        if errands is not None and errands.starts_snapshot:
            self.saver.begin_fuzzy(peer)
        if effects.log is not None and self.log is not None:
            self.log.submit(effects.log)
        if errands is not None:
            self._run(peer, errands)
        self.connections.send(peer, effects)

    def _run(self, peer: QuorumPeer, errands: Errands) -> None:
        for read in errands.reads:
            self.saver.read_log(peer, read)
        if errands.saves_snapshot:
            self.saver.save_now(peer)
        for link in errands.dials:
            self.connections.dial(link)
        if errands.listen is not None:
            self._open_ports(errands.listen)

    def _plan_deadline(self, peer: QuorumPeer) -> None:
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
        delay_ms = self.machine.delay_until(peer.next_deadline_ms())
        self._deadline_timer = self.world.after(delay_ms, self.wake)

    # --- the log

    def sync_ms(self) -> int:
        """How long the next sync takes."""
        options = self.machine.options
        if self.world.chance(options.slow_sync_chance):
            return self.world.draw(LONG_SYNC_MS)
        return self.world.draw(2 * options.sync_ms + 1)

    def _synced(self, batches: list[LogBatch]) -> None:
        self.durable.synced(batches)
        peer = self.peer
        if peer is not None:
            zxid = batches[-1].last_zxid
            self.arrived(lambda: peer.persisted(zxid))

    def _roll_log(self) -> None:
        log = self.log
        assert log is not None
        if log.is_busy:
            raise InvariantViolation(f"server {self.sid} changes its log files while a batch is on its way")
        log.log.roll()

    # --- ports

    def _open_ports(self, ports: dict[int, list[tuple[str, int]]]) -> None:
        wanted = {(self.host, CLIENT_PORT): CLIENTS}
        for kind, addresses in ports.items():
            for address in addresses:
                wanted[address] = kind
        for address in list(self._ports):
            if address not in wanted:
                self.network.stop_listening(address)
                del self._ports[address]
        for (host, port), kind in wanted.items():
            if (host, port) not in self._ports:
                self._listen(host, port, kind)

    def _listen(self, host: str, port: int, kind: int) -> None:
        self._ports[host, port] = kind
        self.network.listen((host, port), lambda socket: self._accept(socket, kind))

    def _accept(self, socket: Socket, kind: int) -> Connections:
        if kind == CLIENTS:
            self.connections.client_came(socket)
        else:
            assert kind in (ELECTION, QUORUM, OBSERVER_MASTER)
            self.connections.member_came(socket, kind)
        return self.connections
