"""Looks at the whole ensemble for the console, when somebody wants to see it."""

from collections.abc import Mapping
from typing import Final

import trio
from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.console.member_words import LEADS, MemberState
from pyzoo.console.overview import LeaderZxids, Overview, Surroundings, overview_of
from pyzoo.console.own_member import own_member, with_leaders_knowledge
from pyzoo.console.samples import SampleRing
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.console_disk import DiskLooks
from pyzoo.runtime.console_members import MemberAsker
from pyzoo.runtime.console_samples import CounterLooks
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

FRESH_MS: Final = 3_000
"""Members are asked no more often than that, however many look."""


class ConsoleLooks:
    """An EnsembleLooks (see `console.looks`); `counters` has gone on since the start of the server."""

    def __init__(self, config: ServerConfig, counters: CounterLooks) -> None:
        self._config = config
        self._counters = counters
        self._counters_seen = 0
        self._asker = MemberAsker(config)
        self._disk = DiskLooks(config)
        self._rings: dict[int, SampleRing] = {}
        self._zxids = LeaderZxids()
        self._asking = trio.Lock()
        self._overview: Overview | None = None
        self._fresh_until_ms = 0

    @property
    def samples(self) -> Mapping[int, SampleRing]:
        """The samples of each member by id."""
        self._take_own_samples()
        return self._rings

    async def overview(self) -> Overview:
        """All members; who comes while others are waiting for it gets the same."""
        async with self._asking:
            if self._overview is None or elapsed_ms() >= self._fresh_until_ms:
                self._overview = await self._look()
                self._fresh_until_ms = elapsed_ms() + FRESH_MS
            return self._overview

    async def _look(self) -> Overview:
        server = self._counters.server()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._disk.look, server.environment)
            others = await self._asker.ask_all(server)
        # The others took their time to answer: this one is looked at when they have.
        server = self._counters.server()
        members = sorted([self._own(server), *others], key=lambda each: each.id)
        view = server.ensemble
        acknowledged = {} if view is None else view.acknowledged()
        members = [with_leaders_knowledge(member, acknowledged) for member in members]
        self._keep(members, int(server.wall_ms))
        return overview_of(server, members, self._zxids, self._surroundings(server))

    def _own(self, server: ZooKeeperServer) -> MemberState:
        sizes = {disk.path: disk.used for disk in self._disk.disks}
        environment = server.environment
        return evolve(
            own_member(server),
            data_dir_bytes=sizes.get(environment.snap_dir()),
            log_dir_bytes=sizes.get(environment.log_dir()),
        )

    def _surroundings(self, server: ZooKeeperServer) -> Surroundings:
        disk = self._disk
        return Surroundings(
            disks=disk.disks,
            snapshots=disk.snapshots,
            certificates=disk.certificates,
            outstanding_limit=self._config.global_outstanding_limit,
            most_connections=self._config.max_cnxns,
            slow_syncs=self._counters.recent_slow_syncs,
            slow_sync_ms=self._config.fsync_warning_threshold_ms,
        )

    # --- samples

    def _ring(self, sid: int) -> SampleRing:
        return self._rings.setdefault(sid, SampleRing())

    def _take_own_samples(self) -> None:
        ring = self._ring(self._config.server_id)
        for counters in self._counters.newer_than(self._counters_seen):
            ring.look(counters)
            if self._counters.server().mode in LEADS:
                self._zxids.look(counters.at_ms, counters.zxid or 0)
        self._counters_seen = self._counters.taken

    def _keep(self, members: list[MemberState], now_ms: int) -> None:
        """Add what the others said to their samples, and forget those of members that are no longer there."""
        self._take_own_samples()
        for member in members:
            counters = member.counters(now_ms)
            if counters is not None and not member.is_own:
                self._ring(member.id).look(counters)
            if member.leads and member.zxid is not None:
                self._zxids.look(now_ms, member.zxid)
        for sid in self._rings.keys() - {member.id for member in members}:
            del self._rings[sid]
