"""The ports that a server opens, and those of them that cannot be open at the same time."""

from itertools import combinations
from typing import Final

from attrs import frozen

from pyzoo.config.hosts import is_any_host
from pyzoo.config.membership import QuorumServer
from pyzoo.config.settings import ServerConfig

CLIENT_PORT: Final = "client port"
SECURE_PORT: Final = "secure client port"
ELECTION_PORT: Final = "election port"
_ELECTION_TRIES: Final = "zookeeper.electionPortBindRetry"


@frozen
class OwnPort:
    """A port that this server listens on; `host` is empty for all addresses, `key` is what sets it.

    Without one that is not `vital` the server goes on. One that is not `at_start` is opened when it is needed, and
    tried again and again.
    """

    purpose: str
    host: str
    port: int
    key: str
    vital: bool = True
    at_start: bool = True

    def clashes_with(self, other: "OwnPort") -> bool:
        """Whether the system cannot give both."""
        if self.port == 0 or self.port != other.port:
            return False
        return self.host.lower() == other.host.lower() or not self.host or not other.host


def own_ports(config: ServerConfig) -> list[OwnPort]:
    """All ports that this configuration opens, those of a member included."""
    ports: list[OwnPort] = []
    _add(ports, CLIENT_PORT, config.client_port_address, config.client_port, _client_key(config))
    _add(ports, SECURE_PORT, config.secure_client_port_address, config.secure_client_port, "secureClientPort")
    if config.admin.enabled:
        _add(ports, "AdminServer", config.admin.address, config.admin.port, "admin.serverPort", vital=False)
    if config.metrics.provider == "prometheus":
        metrics = config.metrics
        _add(ports, "metrics", metrics.http_host, metrics.http_port, "metricsProvider.httpPort")
        if metrics.https_port != metrics.http_port:
            _add(ports, "metrics over TLS", metrics.http_host, metrics.https_port, "metricsProvider.httpsPort")
    me = config.membership.server(config.server_id)
    if config.distributed and me is not None:
        ports += _of_member(config, me)
    return ports


def _client_key(config: ServerConfig) -> str:
    """What gives the client port: a line of its own, or that of the member."""
    me = config.membership.server(config.server_id) or next(iter(config.membership.servers), None)
    return "clientPort" if me is None or me.client_port is None else f"server.{me.id}"


def _of_member(config: ServerConfig, me: QuorumServer) -> list[OwnPort]:
    ports: list[OwnPort] = []
    key = f"server.{me.id}"
    for address in me.addresses:
        host = "" if config.quorum.listen_on_all_ips else address.host
        gives_up = config.properties.get(_ELECTION_TRIES) != "0"
        _add(ports, ELECTION_PORT, host, address.election_port, key, at_start=gives_up)
        if not me.observer:
            master = config.quorum.observer_master_port or None
            _add(ports, "quorum port", host, address.quorum_port, key, at_start=False)
            _add(ports, "observer master", host, master, "observerMasterPort", at_start=False)
    return ports


def _add(
    ports: list[OwnPort],
    purpose: str,
    host: str | None,
    port: int | None,
    key: str,
    vital: bool = True,
    at_start: bool = True,
) -> None:
    if port is not None:
        shown = "" if host is None or is_any_host(host) else host
        ports.append(OwnPort(purpose, shown, port, key, vital, at_start))


def clashes(ports: list[OwnPort]) -> list[tuple[OwnPort, OwnPort]]:
    """The pairs that cannot be open together; of several addresses of a member one pair is named."""
    found = [(one, other) for one, other in combinations(ports, 2) if one.clashes_with(other)]
    return list({(one.purpose, other.purpose): (one, other) for one, other in found}.values())
