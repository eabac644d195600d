"""This member as its own counters tell, as if its words had; and what a leader knows of its learners."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.membership import QuorumServer
from pyzoo.console.member_words import NOT_SERVING, UNKNOWN, MemberState
from pyzoo.release import RELEASE
from pyzoo.server.modes import NOT_SERVING as NO_MODE
from pyzoo.server.operators.counters import counters_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

_DIGESTS_COMPARED: Final = 200


def own_member(server: ZooKeeperServer) -> MemberState:
    """This server; sizes of directories are left to whoever looks at disks."""
    stats, tree, view, environment = server.stats, server.tree, server.ensemble, server.environment
    counters = counters_of(server, int(server.wall_ms))
    serves = server.mode != NO_MODE
    gauges = {} if view is None else dict(view.gauges())
    entries = list(tree.digests.entries)[-_DIGESTS_COMPARED:]
    return MemberState(
        id=server.config.server_id,
        address=own_address(server),
        is_voter=view is None or view.my_id in view.members.voters,
        is_own=True,
        role=server.mode if serves else NOT_SERVING,
        error="" if serves else "it looks for a leader",
        version=RELEASE,
        zxid=counters.zxid,
        phase=None if view is None else view.peer_state() or None,
        connections=counters.connections,
        outstanding=counters.outstanding,
        received=counters.received,
        latency=(stats.min_latency, stats.avg_latency, stats.max_latency),
        latency_sum=counters.latency_sum,
        latency_count=counters.latency_count,
        nodes=tree.node_count,
        watches=int(tree.watch_count),
        ephemerals=tree.ephemerals_count,
        data_bytes=int(tree.approximate_data_size),
        uptime_ms=int(stats.uptime_ms(server.now_ms)),
        synced_followers=gauges.get("synced_followers"),
        open_files=environment.open_files(),
        most_files=environment.max_files(),
        digest_mismatches=int(tree.digests.mismatches),
        snapshot_errors=int(server.metrics.snapshot_error_count),
        digests={int(zxid): int(digest) for zxid, digest in entries},
    )


def own_address(server: ZooKeeperServer) -> str:
    """Where clients reach this server; empty where no port is open."""
    config, environment = server.config, server.environment
    plain, secure = environment.client_port(), environment.secure_client_port()
    if plain < 0 and secure < 0:
        return ""
    host = config.client_port_address if plain >= 0 else config.secure_client_port_address
    return address_text(host or ANY_HOST, plain if plain >= 0 else secure)


def address_text(host: str, port: int) -> str:
    """host:port, with brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def other_members(server: ZooKeeperServer) -> list[QuorumServer]:
    """The members of the current configuration but for this one, by id."""
    view = server.ensemble
    if view is None:
        return []
    return sorted((each for each in view.members.members.servers if each.id != view.my_id), key=lambda each: each.id)


def not_asked(member: QuorumServer, reason: str) -> MemberState:
    """A member of which nothing is known but that it is configured."""
    return MemberState(member.id, is_voter=not member.observer, role=UNKNOWN, error=reason)


def with_leaders_knowledge(member: MemberState, acknowledged: Mapping[int, int]) -> MemberState:
    """The member with what this server, its leader, has heard of it: that it is in step, and what it has logged."""
    zxid = acknowledged.get(member.id)
    if zxid is None:
        return member
    known = evolve(member, acknowledged=zxid)
    if known.role == UNKNOWN:
        return evolve(known, role="follower" if member.is_voter else "observer", zxid=zxid)
    return known
