"""Where the other members answer four-letter words, as far as the configuration says."""

from typing import Final

from attrs import frozen

from pyzoo.config.hosts import is_any_host
from pyzoo.config.membership import QuorumServer
from pyzoo.config.settings import ServerConfig
from pyzoo.console.own_member import address_text

NOT_CONFIGURED: Final = "where its clients connect is not in the configuration: write it as server.{id}=...;port"


@frozen
class ClientEndpoint:
    """Where a member takes clients, and whether with TLS."""

    host: str
    port: int
    secure: bool = False

    def __str__(self) -> str:
        return address_text(self.host, self.port)


def endpoint_of(member: QuorumServer, config: ServerConfig) -> ClientEndpoint | None:
    """Where to ask a member; None where that cannot be known.

    Its line may say it. Without that members on other hosts are taken to have the ports of this one, for most ensembles
    share their settings; on the same host they cannot.
    """
    quorum_host = member.addresses[0].host if member.addresses else ""
    if member.client_port is not None:
        host = member.client_host or ""
        return ClientEndpoint(quorum_host if is_any_host(host) else host, member.client_port)
    me = config.membership.server(config.server_id)
    own_hosts = set() if me is None else {address.host.lower() for address in me.addresses}
    if is_any_host(quorum_host) or quorum_host.lower() in own_hosts:
        return None
    if config.client_port:
        return ClientEndpoint(quorum_host, config.client_port)
    if config.secure_client_port:
        return ClientEndpoint(quorum_host, config.secure_client_port, True)
    return None
