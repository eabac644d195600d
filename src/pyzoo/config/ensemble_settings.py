"""Settings that only a member of an ensemble uses, and the checks on them (QuorumPeerConfig)."""

from typing import Final

from attrs import frozen

from pyzoo.config.membership import Membership
from pyzoo.config.reader import ConfigReader

MY_ID: Final = "myid"
"""What an error about the myid file has as its key."""
MEMBERS: Final = "server.*"
"""What a warning about the member list as a whole has as its key."""


@frozen
class QuorumSettings:
    """How members talk to each other; limits are in ticks."""

    connect_to_learner_master_limit: int = 0  # 0 = init_limit
    peer_type: str = "participant"
    listen_on_all_ips: bool = False
    sync_enabled: bool = True
    observer_master_port: int = 0  # 0 = off
    ssl: bool = False
    port_unification: bool = False
    reload_cert_files: bool = False
    local_sessions_enabled: bool = False
    local_sessions_upgrading_enabled: bool = False
    sasl_enabled: bool = False
    server_require_sasl: bool = False
    learner_require_sasl: bool = False
    learner_login_context: str = "QuorumLearner"
    server_login_context: str = "QuorumServer"
    service_principal: str = "zkquorum/localhost"
    multi_address_enabled: bool = False
    oracle_path: str | None = None


def read_quorum(reader: ConfigReader) -> QuorumSettings:
    """The file keys of ensembles; wrong ones raise ConfigError also when the server is alone, as in Java."""
    if reader.file_integer("electionAlg") != 3:
        raise reader.error("electionAlg: only 3 is supported", "electionAlg")
    reader.file_integer("quorum.cnxn.threads.size")
    peer_type = reader.text("peerType").lower()
    if peer_type not in ("participant", "observer"):
        raise reader.error(f"peerType={peer_type}: choose participant or observer", "peerType")
    settings = QuorumSettings(
        connect_to_learner_master_limit=reader.file_integer("connectToLearnerMasterLimit"),
        peer_type=peer_type,
        listen_on_all_ips=reader.file_boolean("quorumListenOnAllIPs"),
        sync_enabled=_sync_enabled(reader),
        observer_master_port=reader.file_port("observerMasterPort") or 0,
        ssl=reader.file_boolean("sslQuorum"),
        port_unification=reader.file_boolean("portUnification"),
        reload_cert_files=reader.file_boolean("sslQuorumReloadCertFiles"),
        local_sessions_enabled=reader.file_boolean("localSessionsEnabled"),
        local_sessions_upgrading_enabled=reader.file_boolean("localSessionsUpgradingEnabled"),
        sasl_enabled=reader.file_boolean("quorum.auth.enableSasl"),
        server_require_sasl=reader.file_boolean("quorum.auth.serverRequireSasl"),
        learner_require_sasl=reader.file_boolean("quorum.auth.learnerRequireSasl"),
        learner_login_context=reader.text("quorum.auth.learner.saslLoginContext"),
        server_login_context=reader.text("quorum.auth.server.saslLoginContext"),
        service_principal=reader.text("quorum.auth.kerberos.servicePrincipal"),
        multi_address_enabled=multi_address_enabled(reader),
        oracle_path=reader.file_text("oraclePath"),
    )
    _check_sasl(reader, settings)
    return settings


def multi_address_enabled(reader: ConfigReader) -> bool:
    """The key of the file or, without it, the property (Java checks members by the property alone)."""
    if "multiAddress.enabled" in reader.entries:
        return reader.file_boolean("multiAddress.enabled")
    return reader.property_boolean("multiAddress.enabled")


def check_membership(reader: ConfigReader, members: Membership, standalone_enabled: bool) -> None:
    """Refuse and warn about member lists as QuorumPeerConfig.parseQuorumVerifier does."""
    voters = len(members.voters)
    if voters == 0:
        if not standalone_enabled:
            raise reader.error("standaloneEnabled=false needs at least one participant: add a server.N line",
                               "standaloneEnabled")  # fmt: skip
        if members.observers:
            raise reader.error("observers without participants make no ensemble: add participants to the member list",
                               f"server.{members.observers[0].id}")  # fmt: skip
    elif voters == 1 and standalone_enabled:
        if members.observers:
            raise reader.error("one participant with observers makes no ensemble: add two participants or "
                               "set standaloneEnabled=false", f"server.{members.observers[0].id}")  # fmt: skip
        reader.warn(f"server.{members.voters[0].id} is the only member: the server runs standalone",
                    f"server.{members.voters[0].id}")  # fmt: skip
    elif voters <= 2:
        reader.warn("this ensemble stops when a server fails: three servers are needed to survive that", MEMBERS)
    elif voters % 2 == 0:
        reader.warn(f"{voters} voters survive no more failures than {voters - 1}: an odd number is better", MEMBERS)


def check_distributed(reader: ConfigReader, quorum: QuorumSettings, members: Membership, my_id: int | None) -> None:
    """What an ensemble member has to set."""
    for name in ("initLimit", "syncLimit"):
        limit = reader.file_integer(name)
        if limit == 0:
            raise reader.error(f"{name} is not set: an ensemble needs it, for example {name}=5", name)
        if limit < 0:
            raise reader.error(f"{name}={limit}: it must be at least 1 tick, for example {name}=5", name)
    if my_id is None:
        raise reader.error("the myid file is missing: write this server's number of the member list into dataDir/myid",
                           MY_ID)  # fmt: skip
    me = members.server(my_id)
    if me is None:
        raise reader.error(f"this server's id {my_id} (from the myid file) is not in the member list", MY_ID)
    role = "observer" if me.observer else "participant"
    if "peerType" in reader.entries and quorum.peer_type != role:
        reader.warn(
            f"peerType={quorum.peer_type} is ignored: server.{my_id} is a {role} in the member list",
            "peerType",
        )


def _sync_enabled(reader: ConfigReader) -> bool:
    """The property wins over the key of the file, which has to be right all the same (QuorumPeer.getSyncEnabled)."""
    in_file, name = reader.file_boolean("syncEnabled"), "observer.syncEnabled"
    return in_file if reader.given(name) is None else reader.boolean(name)


def _check_sasl(reader: ConfigReader, settings: QuorumSettings) -> None:
    for required, name in (
        (settings.server_require_sasl, "quorum.auth.serverRequireSasl"),
        (settings.learner_require_sasl, "quorum.auth.learnerRequireSasl"),
    ):
        if required and not settings.sasl_enabled:
            raise reader.error(f"quorum.auth.enableSasl is disabled, so {name} cannot be enabled", name)
    if settings.server_require_sasl and not settings.learner_require_sasl:
        name = "quorum.auth.serverRequireSasl"
        raise reader.error(f"quorum.auth.learnerRequireSasl is disabled, so {name} cannot be enabled", name)
