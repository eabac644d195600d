"""Commands about a server's part in its ensemble."""

from pyzoo.admin.response import Json
from pyzoo.admin.server_commands import Fields, Parameters
from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.membership import QuorumServer, election_addresses, quorum_addresses
from pyzoo.quorum.learner_stats import LearnerStats
from pyzoo.server.modes import FOLLOWER, LEADER, OBSERVER
from pyzoo.server.operators.ensemble_view import EnsembleView
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.zxid import counter_of, epoch_of

_IN_AN_ENSEMBLE = (LEADER, FOLLOWER, OBSERVER)

Address = tuple[str, int]
Addresses = list[Address]


def view_of(server: ZooKeeperServer) -> EnsembleView | None:
    """The ensemble of a server that leads or follows; None alone, while looking, and read-only."""
    return server.ensemble if server.mode in _IN_AN_ENSEMBLE else None


def address_text(address: Address) -> str:
    """host:port, with brackets around IPv6."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def leader(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Who leads."""
    view = view_of(server)
    if view is None:
        return {"error": "server is not initialized"}
    leading = view.members.members.server(view.leader_id())
    hosts = [] if leading is None else [host for host, _ in quorum_addresses(leading)]
    return {"is_leader": server.mode == LEADER, "leader_id": view.leader_id(), "leader_ip": "|".join(hosts)}


def observers(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The observers that this server passes on to."""
    view = view_of(server)
    handlers = [] if view is None else view.observers()
    found: list[Json] = [
        {
            "remote_socket_address": f"/{handler.link.remote}",
            "sid": int(handler.sid),
            "established": int(server.wall_ms - (server.now_ms - handler.stats.created_ms)),
            "queued_packets": handler.queued_packets,
            "queued_packets_size": int(handler.link.waiting_bytes()),
            "packets_received": int(handler.stats.packets_received),
            "packets_sent": int(handler.stats.packets_sent),
            "requests": int(handler.stats.requests_received),
            "last_zxid": int(handler.stats.last_zxid_sent),
        }
        for handler in handlers
    ]
    return {"synced_observers": len(found), "observers": found}


def observer_connection_stat_reset(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """Set the numbers of the observers' connections back."""
    view = view_of(server)
    for handler in [] if view is None else view.observers():
        handler.stats = LearnerStats(handler.stats.created_ms)
    return {}


def voting_view(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """The members that vote."""
    view = view_of(server)
    if view is None:
        return {"current_config": {}}
    voting = [each for each in view.members.members.servers if each.id in view.members.voters]
    ordered = sorted(voting, key=lambda each: each.id)
    return {"current_config": {str(each.id): _member(each, client_address_of(server, each)) for each in ordered}}


def client_address_of(server: ZooKeeperServer, member: QuorumServer) -> Address | None:
    """Where a member's clients connect; without a word in its line that is known of this server only."""
    config = server.config
    if member.client_address is not None or member.id != config.server_id or config.client_port is None:
        return member.client_address
    return config.client_port_address or ANY_HOST, config.client_port


def _member(member: QuorumServer, client: Address | None) -> Fields:
    return {
        "server_addresses": [address_text(each) for each in quorum_addresses(member)],
        "election_addresses": [address_text(each) for each in election_addresses(member)],
        "client_address": "" if client is None else address_text(client),
        "learner_type": "observer" if member.observer else "participant",
    }


def zabstate(server: ZooKeeperServer, parameters: Parameters) -> Fields:
    """How far this member is in the ZAB protocol."""
    view = view_of(server)
    me = None if view is None else view.members.members.server(view.my_id)
    if view is None or me is None:
        return {"voting": False, "zabstate": ""}
    zxid = int(server.tree.last_processed_zxid)
    client = client_address_of(server, me)
    return {
        "myid": view.my_id,
        "is_leader": server.mode == LEADER,
        "quorum_address": _addresses(quorum_addresses(me)),
        "election_address": _addresses(election_addresses(me)),
        "client_address": None if client is None else address_text(client),
        "voting": view.my_id in view.members.voters,
        "last_zxid": f"0x{zxid:x}",
        "zab_epoch": epoch_of(zxid),
        "zab_counter": counter_of(zxid),
        "zabstate": view.zab_state(),
    }


def _addresses(addresses: Addresses) -> Fields:
    """The getters of MultipleAddresses; which addresses can be reached is not tried out for this."""
    texts: list[Json] = [address_text(each) for each in addresses]
    ports: list[Json] = list(dict.fromkeys(port for _, port in addresses))
    hosts: list[Json] = list(dict.fromkeys(host for host, _ in addresses))
    first = texts[0] if texts else None
    return {
        "empty": not texts,
        "all_addresses": texts,
        "wildcard_addresses": [f"0.0.0.0:{port}" for port in ports],
        "all_ports": ports,
        "all_host_strings": hosts,
        "reachable_address": first,
        "all_reachable_addresses": texts,
        "all_reachable_addresses_or_all": texts,
        "reachable_or_one": first,
        "one": first,
    }
