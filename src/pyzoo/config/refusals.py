"""What a server refuses although each value is right: what is not offered yet, and what contradicts itself.

This is the last step of the parser, so a start and a check of the configuration say the same of the same line.
"""

from typing import Final

from pyzoo.config.own_ports import clashes, own_ports
from pyzoo.config.reader import ConfigReader
from pyzoo.config.settings import ServerConfig

MOST_WORKERS: Final = 64
#: EphemeralType.validateServerId: with extended types the highest byte of a session id is not free for every number.
LARGEST_ID_WITH_TTL: Final = 254


def refuse_contradictions(config: ServerConfig, reader: ConfigReader) -> None:
    """Raise ConfigError for settings with which this server cannot serve, or cannot have its part in an ensemble."""
    for one, other in clashes(own_ports(config)):
        if one.vital and other.vital:
            raise reader.error(
                f"the {one.purpose} and the {other.purpose} are both on {other.port}: give each its own port", other.key
            )
    _refuse_tls_without_stores(config, reader)
    if config.workers > 1:
        _refuse_workers(config, reader)
    if config.distributed:
        _refuse_member(config, reader)
        _refuse_weights(config, reader)


def _refuse_workers(config: ServerConfig, reader: ConfigReader) -> None:
    if config.workers > MOST_WORKERS:
        raise reader.error(f"workers={config.workers}: it may be at most {MOST_WORKERS}", "workers")
    if config.distributed:
        raise reader.error(
            f"workers={config.workers} is for a server without an ensemble: give a member more observers instead",
            "workers",
        )


def _refuse_tls_without_stores(config: ServerConfig, reader: ConfigReader) -> None:
    """A port on which no handshake could succeed."""
    if config.secure_client_port is not None:
        switch = "secureClientPort"
    elif config.client_port_unification:
        switch = "client.portUnification"
    else:
        return
    if not config.tls.key_store.location:
        raise reader.error(f"{switch} needs ssl.keyStore.location", switch)
    if not config.tls.trust_store.location and config.tls.client_auth != "none":
        raise reader.error(f"{switch} needs ssl.trustStore.location, or ssl.clientAuth=none", switch)


def _refuse_member(config: ServerConfig, reader: ConfigReader) -> None:
    if config.extended_types_enabled and config.server_id > LARGEST_ID_WITH_TTL:
        raise reader.error(
            f"server.{config.server_id}: with extendedTypesEnabled=true an id is at most {LARGEST_ID_WITH_TTL}",
            f"server.{config.server_id}",
        )
    switch = "sslQuorum" if config.quorum.ssl else "portUnification"
    if config.quorum.ssl or config.quorum.port_unification:
        for store, where in (("keyStore", config.quorum_tls.key_store), ("trustStore", config.quorum_tls.trust_store)):
            if not where.location:
                raise reader.error(f"{switch}=true needs ssl.quorum.{store}.location", switch)


def _refuse_weights(config: ServerConfig, reader: ConfigReader) -> None:
    members = config.membership
    for sid, weight in members.weights:
        if weight < 0:
            raise reader.error(f"weight.{sid}={weight}: it must be 0 or more", f"weight.{sid}")
    if members.hierarchical and not any(members.all_weights().values()):
        raise reader.error("all weights are 0: no quorum is possible", f"weight.{members.weights[0][0]}")
