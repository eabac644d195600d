"""What goes wrong, and when: one fault after the other, many at the same time, until everything is healed."""

from collections.abc import Callable
from random import Random

from pyzoo.sim.ensemble import Ensemble
from pyzoo.sim.member import SimMember
from pyzoo.sim.network import Socket

LONGEST_FAULT_MS = 12_000


class Nemesis:
    """Draws faults as often as the options say."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.world = ensemble.world
        self.network = ensemble.network
        self.is_active = False
        self._stops = Random(f"stops {self.world.seed}")
        self._kinds: list[Callable[[], None]] = [
            *[self.kill] * 4,
            *[self.cut_power] * 3,
            *[self.die_in_disk_operation] * 4,
            *[self.pause] * 3,
            *[self.isolate] * 3,
            *[self.split] * 2,
            *[self.block_one_way] * 2,
            *[self.cut_connections] * 4,
            *[self.slow_down] * 2,
            *[self.fill_disk] * 1,
            *[self.jump_clock] * 2,
            *[self.cut_power_of_all] * 1,
            *[self.heal_network] * 4,
        ]

    def begin(self) -> None:
        """From now on things go wrong."""
        self.is_active = True
        self._plan()
        self._plan_stop()

    def _plan(self) -> None:
        mean_ms = 60_000 / self.ensemble.options.faults_per_minute
        self.world.after(self.world.draw(int(2 * mean_ms)), self._act)

    def _act(self) -> None:
        if self.is_active:
            self._kinds[self.world.draw(len(self._kinds))]()
            self._plan()

    def _plan_stop(self) -> None:
        """Operators have a chance of their own: without them a seed is the run that it always was."""
        rate = self.ensemble.options.stops_per_minute
        if rate > 0:
            self.world.after(int(self._stops.random() * 2 * 60_000 / rate), self._stop)

    def _stop(self) -> None:
        if self.is_active:
            self.stop()
            self._plan_stop()

    def end(self) -> None:
        """Heal everything: all members up, all ways open."""
        self.is_active = False
        self.world.note("everything is healed")
        self.heal_network()
        for member in self.ensemble.members.values():
            member.machine.disk.is_full = False
            member.machine.disk.operations_left = None
            if member.is_paused:
                member.resume()
            member.start()

    # --- members

    def _victim(self) -> SimMember:
        members = list(self.ensemble.members.values())
        leader = self.ensemble.leader()
        if leader is not None and self.world.chance(0.35):
            return leader
        return members[self.world.draw(len(members))]

    def _some_time(self) -> int:
        return self.world.draw(LONGEST_FAULT_MS if self.world.chance(0.3) else LONGEST_FAULT_MS // 8)

    def _come_back(self, member: SimMember) -> None:
        self.world.after(self._some_time(), member.start)

    def kill(self) -> None:
        """End a process; its files stay as they are."""
        member = self._victim()
        member.crash(power=False)
        self._come_back(member)

    def cut_power(self) -> None:
        """End a machine; what it had not synced is lost or torn."""
        member = self._victim()
        member.crash(power=True)
        self._come_back(member)

    def cut_power_of_all(self) -> None:
        """End all machines at once."""
        for member in self.ensemble.members.values():
            member.crash(power=True)
            self._come_back(member)

    def die_in_disk_operation(self) -> None:
        """End a machine somewhere inside its next operations on the disk."""
        member = self._victim()
        if member.peer is not None:
            member.machine.disk.operations_left = self.world.draw(8 if self.world.chance(0.5) else 60)
            life = member.life
            self.world.after(LONGEST_FAULT_MS, lambda: self._revive(member, life))

    def _revive(self, member: SimMember, life: int) -> None:
        if member.life == life:
            member.machine.disk.operations_left = None
        else:
            member.start()

    def stop(self) -> None:
        """End a process as an operator does, mostly the leader's, and start it again soon."""
        members, leader = list(self.ensemble.members.values()), self.ensemble.leader()
        if leader is None or self._stops.random() < 0.2:
            leader = members[int(self._stops.random() * len(members))]
        leader.stop()
        self.world.after(int(self._stops.random() * LONGEST_FAULT_MS / 4), leader.start)

    def pause(self) -> None:
        """Let a process stand still."""
        self._victim().pause(self._some_time())

    def fill_disk(self) -> None:
        """No more room on one disk, for a while."""
        disk = self._victim().machine.disk
        disk.is_full = True

        def free() -> None:
            disk.is_full = False

        self.world.after(self._some_time(), free)

    def jump_clock(self) -> None:
        """Set a wall clock to something else."""
        machine = self._victim().machine
        machine.wall_skew_ms += self.world.between(-60_000, 60_000)

    # --- the network

    def _hosts(self) -> list[str]:
        return [member.host for member in self.ensemble.members.values()]

    def isolate(self) -> None:
        """Cut one member off from all others; clients still reach it."""
        victim = self._victim().host
        self.world.note(f"{victim} is cut off")
        for host in self._hosts():
            if host != victim:
                self.network.block(victim, host)
                self.network.block(host, victim)

    def split(self) -> None:
        """Cut the ensemble in two."""
        hosts = self._hosts()
        side = [host for host in hosts if self.world.chance(0.5)]
        self.world.note(f"{' '.join(side) or 'nobody'} is cut off from the others")
        for one in side:
            for other in hosts:
                if other not in side:
                    self.network.block(one, other)
                    self.network.block(other, one)

    def block_one_way(self) -> None:
        """Let nothing through from one member to some others, while it still hears them."""
        victim = self._victim().host
        incoming = self.world.chance(0.5)
        self.world.note(f"{victim} {'hears' if incoming else 'reaches'} only some")
        for host in self._hosts():
            if host != victim and self.world.chance(0.7):
                self.network.block(*((host, victim) if incoming else (victim, host)))

    def heal_network(self) -> None:
        """Open all ways."""
        self.network.unblock_all()
        self.network.slow_hosts.clear()

    def cut_connections(self) -> None:
        """Break some connections, of clients too."""
        sockets = list(self.network.sockets)
        if not sockets:
            return
        for _ in range(self.world.between(1, 4)):
            socket: Socket = sockets[self.world.draw(len(sockets))]
            socket.cut(self._notice_ms(), self._notice_ms())

    def _notice_ms(self) -> int:
        return self.world.draw(10) if self.world.chance(0.7) else self._some_time()

    def slow_down(self) -> None:
        """Make a member's network slow."""
        victim = self._victim().host
        self.network.slow_hosts[victim] = self.world.draw(400)
        self.world.note(f"{victim} is slow by {self.network.slow_hosts[victim]} ms")
