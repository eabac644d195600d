"""What the parts of a member need of its settings: addresses, the election, the election channel."""

from collections.abc import Mapping

from pyzoo.config.membership import Membership, QuorumServer
from pyzoo.config.settings import ServerConfig
from pyzoo.quorum.cnxmanager import CnxManagerSettings
from pyzoo.quorum.election import ElectionSettings


def quorum_addresses(server: QuorumServer) -> list[tuple[str, int]]:
    """Where a leader's learners connect."""
    return [(address.host, address.quorum_port) for address in server.addresses]


def election_addresses(server: QuorumServer) -> list[tuple[str, int]]:
    """Where electing servers connect."""
    return [(address.host, address.election_port) for address in server.addresses]


def number(properties: Mapping[str, str], name: str, default: int) -> int:
    """A system property as a number; the default where it is missing or none."""
    try:
        return int(properties.get(name, "").strip() or default)
    except ValueError:
        return default


def election_settings(config: ServerConfig, is_observer: bool) -> ElectionSettings:
    """Who we are, and how patient."""
    return ElectionSettings(
        config.server_id,
        is_observer,
        number(config.properties, "zookeeper.fastleader.minNotificationInterval", 200),
        number(config.properties, "zookeeper.fastleader.maxNotificationInterval", 60_000),
    )


def cnxmanager_settings(config: ServerConfig, members: Membership) -> CnxManagerSettings:
    """The election channel; the time to say hello is syncLimit ticks unless set."""
    me = members.server(config.server_id)
    setup_ms = number(config.properties, "zookeeper.quorumCnxnTimeoutMs", -1)
    return CnxManagerSettings(
        my_id=config.server_id,
        addresses=[] if me is None else election_addresses(me),
        multi_address=config.quorum.multi_address_enabled,
        connect_timeout_ms=number(config.properties, "zookeeper.cnxTimeout", 5000),
        setup_timeout_ms=setup_ms if setup_ms > 0 else config.tick_time_ms * max(config.sync_limit, 1),
    )
