"""What the parts of a member need of its settings: addresses, the election, the election channel."""

from typing import Final

from pyzoo.config.membership import Membership, election_addresses
from pyzoo.config.settings import ServerConfig
from pyzoo.quorum.cnxmanager import CnxManagerSettings
from pyzoo.quorum.election import ElectionSettings

AS_LONG_AS_IT_TAKES_MS: Final = 0x7FFFFFFF


def election_settings(config: ServerConfig, is_observer: bool) -> ElectionSettings:
    """Who we are, and how patient."""
    return ElectionSettings(
        config.server_id,
        is_observer,
        config.tuning.min_notification_interval_ms,
        config.tuning.max_notification_interval_ms,
    )


def cnxmanager_settings(config: ServerConfig, members: Membership) -> CnxManagerSettings:
    """The election channel; the time to say hello is syncLimit ticks unless set."""
    me = members.server(config.server_id)
    setup_ms = config.tuning.hello_timeout_ms
    return CnxManagerSettings(
        my_id=config.server_id,
        addresses=[] if me is None else election_addresses(me),
        multi_address=config.quorum.multi_address_enabled,
        connect_timeout_ms=config.tuning.connect_timeout_ms or AS_LONG_AS_IT_TAKES_MS,
        setup_timeout_ms=setup_ms if setup_ms > 0 else config.tick_time_ms * max(config.sync_limit, 1),
    )
