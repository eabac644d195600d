"""Rules over the member list as a whole that a server starts with.

What a single line may say is checked where it is parsed, what keeps a member from starting in `refusals`.
"""

from collections import defaultdict
from typing import Final

from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.membership import Membership, QuorumServer
from pyzoo.config.problems import Findings
from pyzoo.config.refusals import LARGEST_ID_WITH_TTL
from pyzoo.config.settings import ServerConfig

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_MOST_VOTERS: Final = 7
_LARGEST_ID: Final = 255


def check_members(config: ServerConfig, findings: Findings) -> None:
    """All rules; a server that is alone has nothing to check."""
    members = config.membership
    if not config.distributed:
        return
    _check_ids(config, findings)
    _check_addresses(members, findings)
    _check_hosts(members, findings)
    _check_votes(config, findings)
    if members.hierarchical:
        _check_groups(members, findings)


def _key(server: QuorumServer) -> str:
    return f"server.{server.id}"


def _check_ids(config: ServerConfig, findings: Findings) -> None:
    for server in config.membership.servers:
        if config.extended_types_enabled and server.id > LARGEST_ID_WITH_TTL:
            findings.warn(
                f"server.{server.id}: with extendedTypesEnabled=true an id is at most {LARGEST_ID_WITH_TTL}, so that "
                "member will not start",
                _key(server),
            )
        elif not 0 < server.id <= _LARGEST_ID:
            findings.warn(
                f"server.{server.id}: ids should be from 1 to {_LARGEST_ID}, or two members give the same session ids",
                _key(server),
            )


def _check_addresses(members: Membership, findings: Findings) -> None:
    """No two ports of the ensemble may be the same, unless the same host name means different hosts."""
    users: dict[tuple[str, int], list[tuple[QuorumServer, str]]] = defaultdict(list)
    for server in members.servers:
        for address in server.addresses:
            users[address.host.lower(), address.quorum_port].append((server, "quorum port"))
            users[address.host.lower(), address.election_port].append((server, "election port"))
        if server.client_port:
            wild = server.client_host in (None, ANY_HOST, "::")
            host = server.addresses[0].host if wild else server.client_host
            users[(host or "").lower(), server.client_port].append((server, "client port"))
    for (host, port), of in users.items():
        if len(of) > 1 and host != ANY_HOST:
            (first, what), (second, other) = of[0], of[-1]
            findings.warn(
                f"server.{second.id}: {host}:{port} is its {other} and the {what} of server.{first.id}: give each "
                "a port of its own",
                _key(second),
            )


def _check_hosts(members: Membership, findings: Findings) -> None:
    hosts = {address.host.lower() for server in members.servers for address in server.addresses}
    for server in members.servers:
        for address in server.addresses:
            host = address.host.lower()
            if host in (ANY_HOST, "::"):
                findings.warn(
                    f"server.{server.id}: other members cannot connect to {address.host}; write the name of the host, "
                    "and quorumListenOnAllIPs=true to listen on all addresses",
                    _key(server),
                )
            elif host in _LOOPBACK and not hosts <= {*_LOOPBACK, ANY_HOST, "::"}:
                findings.warn(
                    f"server.{server.id}: members elsewhere cannot reach {address.host}; write the name of the host",
                    _key(server),
                )


def _check_votes(config: ServerConfig, findings: Findings) -> None:
    members = config.membership
    voters = len(members.voters)
    if voters > _MOST_VOTERS:
        findings.hint(
            f"{voters} voters make every write wait for {voters // 2 + 1} of them: make some of them observers",
            "server.*",
        )
    if config.quorum.oracle_path is not None and voters != 2:
        findings.warn(f"oraclePath decides between two voters, and here are {voters}: it is not asked", "oraclePath")
    me = members.server(config.server_id)
    if config.quorum.observer_master_port and not members.observers and me is not None:
        findings.hint("observerMasterPort is open, but there are no observers", "observerMasterPort")


def _check_groups(members: Membership, findings: Findings) -> None:
    weights = members.all_weights()
    known = {server.id for server in members.servers}
    for group, sids in members.groups:
        for sid in sids:
            if sid not in known:
                findings.warn(
                    f"group.{group} names server {sid}, which has no line: add it or remove it", f"group.{group}"
                )
        if not any(weights.get(sid, 0) for sid in sids):
            findings.hint(f"group.{group} has no weight: its members do not count for a quorum", f"group.{group}")
    for sid, _weight in members.weights:
        if sid not in known:
            findings.warn(f"weight.{sid} is for a server that has no line", f"weight.{sid}")
