"""Numbers, ports and roles of the members of a cluster."""

from typing import Final, NamedTuple

from pyzoo.runtime.ensemble_plan import HOST, plan_ports

#: Ports of a member follow each other, and so do the members, as with kazoo's harness.
PORTS_A_MEMBER: Final = 10
PORT_KINDS: Final = 5
OBSERVER: Final = "observer"


class ServerInfo(NamedTuple):
    """Number, ports and role ("participant" or "observer") of a member."""

    server_id: int
    client_port: int
    secure_client_port: int
    election_port: int
    leader_port: int
    admin_port: int
    peer_type: str


def server_infos(size: int, port_offset: int | None, observer_start_id: int) -> list[ServerInfo]:
    """Of all members, on free ports or from `port_offset` on; from `observer_start_id` on they are observers."""
    if port_offset is None:
        free = plan_ports(HOST, size * PORT_KINDS)
        ports = [free[at : at + PORT_KINDS] for at in range(0, len(free), PORT_KINDS)]
    else:
        starts = range(port_offset, port_offset + size * PORTS_A_MEMBER, PORTS_A_MEMBER)
        ports = [list(range(start, start + PORT_KINDS)) for start in starts]
    infos = []
    for server_id, (client, election, leader, admin, secure) in enumerate(ports, 1):
        peer_type = OBSERVER if observer_start_id != -1 and server_id >= observer_start_id else "participant"
        infos.append(ServerInfo(server_id, client, secure, election, leader, admin, peer_type))
    return infos
