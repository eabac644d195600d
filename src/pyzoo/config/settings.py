"""ServerConfig: every setting of a server as a typed, frozen value.

Units are last in the names; the value that turns a limit off stands beside it. How text becomes these values,
and what is refused, is in `parse`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from pyzoo.auth import AuthenticationProvider
from pyzoo.certificates.client_ids import AlternativeNameRule
from pyzoo.config.admin_settings import AdminSettings, HttpLimits, MetricsSettings, PauseSettings
from pyzoo.config.ensemble_settings import QuorumSettings
from pyzoo.config.kerberos_settings import KerberosSettings
from pyzoo.config.log_settings import LogSettings
from pyzoo.config.membership import Membership
from pyzoo.config.tls_settings import QUORUM_TLS_DEFAULTS, TlsSettings
from pyzoo.config.tuning import EnsembleTuning
from pyzoo.sasl.mechanism import ServerLogin

if TYPE_CHECKING:
    from pyzoo.config.reader import ConfigReader

DEFAULT_WORDS: Final = frozenset({"srvr"})


@frozen
class ServerConfig:
    """What a server needs to know; `ServerConfig(data_dir=...)` has the defaults of Apache ZooKeeper."""

    # --- where and when
    data_dir: str
    data_log_dir: str = field()
    client_port: int | None = None  # 0 = any free port
    client_port_address: str | None = None  # None = all
    secure_client_port: int | None = None
    secure_client_port_address: str | None = None
    client_port_listen_backlog: int = -1  # -1 = the system's
    tick_time_ms: int = 3000
    min_session_timeout_ms: int = field()
    max_session_timeout_ms: int = field()
    server_id: int = 0  # 0 when standalone
    config_path: str | None = None
    initial_config: str = field(default="", repr=False)
    properties: dict[str, str] = field(factory=dict, eq=False, repr=False)  # all in force, to be shown
    source: "ConfigReader | None" = field(default=None, eq=False, repr=False)  # what was given; None = by a program
    property_places: Mapping[str, str] = field(factory=dict, eq=False, repr=False)  # where each -D was given

    # --- storage
    pre_alloc_size_kb: int = 65536
    snap_count: int = 100_000
    snap_size_limit_kb: int = 4_194_304  # 0 = off
    txn_log_size_limit_kb: int = -1  # 0 or less = off
    commit_log_count: int = 500
    snapshot_size_factor: float = 0.33  # negative = off
    snapshot_compression: str = ""  # gz, snappy or empty
    snapshot_trust_empty: bool = False
    log_trust_cut: bool = False
    db_autocreate: bool = True
    datadir_autocreate: bool = True
    digest_enabled: bool = True
    serialize_last_processed_zxid: bool = True
    close_session_txn_enabled: bool = True
    multi_create2_as_create: bool = False
    force_sync: bool = True
    fsync_warning_threshold_ms: int = 1000
    extended_types_enabled: bool = False
    emulate_353_ttl_nodes: bool = False
    autopurge_snap_retain_count: int = 3
    autopurge_purge_interval_hours: int = 0  # 0 = never
    container_check_interval_ms: int = 60_000
    container_max_per_minute: int = 10_000
    container_max_never_used_interval_ms: int = 0  # 0 = never

    # --- requests and limits
    jute_max_buffer: int = 1_048_575
    jute_max_buffer_extra: int = 1_048_575
    global_outstanding_limit: int = 1000
    max_client_cnxns: int = 60  # from one address; 0 = unlimited
    max_cnxns: int = 0  # 0 = unlimited
    is_netty: bool = False  # what serverCnxnFactory says; only some numbers depend on it
    sessionless_cnxn_timeout_ms: int = 10_000
    client_tcp_keep_alive: bool = False
    look_before_sleep: bool = True
    workers: int = 1  # processes that serve clients
    worker_number: int = 0  # 0 = the one that writes
    large_request_max_bytes: int = 104_857_600
    large_request_threshold: int = -1  # -1 = off
    multi_read_max_bytes: int = 16_777_216  # but for the first result
    enforce_quota: bool = False
    skip_acl: bool = False
    enable_eager_acl_check: bool = False
    four_letter_word_whitelist: frozenset[str] = DEFAULT_WORDS
    slice_units: int = 5_000  # of work that goes on over several turns, in a turn; only simulations say less

    # --- throttles
    request_throttle_max_requests: int = 0  # 0 = off
    throttled_op_wait_time_ms: int = 0  # 0 = off
    connection_throttle_tokens: int = 0  # 0 = off
    connection_throttle_fill_time_ms: int = 1
    connection_throttle_fill_count: int = 1
    connection_throttle_freeze_time_ms: int = -1  # -1 = off
    connection_throttle_drop_increase: float = 0.02
    connection_throttle_drop_decrease: float = 0.002
    connection_throttle_decrease_ratio: float = 0.0
    connection_throttle_weight_enabled: bool = False
    connection_throttle_global_session_weight: int = 3
    connection_throttle_renew_session_weight: int = 2
    connection_throttle_local_session_weight: int = 1

    # --- who may do what
    auth_providers: tuple[str, ...] = ("ip", "digest")  # schemes, in the order they were registered
    super_digest: str | None = field(default=None, repr=False)
    digest_alg: str = "SHA1"  # the Java name
    custom_auth_providers: tuple[AuthenticationProvider, ...] = ()
    x509_super_user: str | None = None
    x509_client_ids: AlternativeNameRule | None = None  # None = by the subject
    ssl_auth_provider: str = "x509"  # the scheme that is asked after a TLS handshake
    sasl_super_users: frozenset[str] = frozenset()
    ensemble_auth_names: frozenset[str] = frozenset()  # empty = any name
    let_any_sasl_user_do: str | None = None
    allow_sasl_failed_clients: bool = False
    enforce_auth_enabled: bool = False
    enforce_auth_schemes: frozenset[str] = frozenset()
    sasl_login_config: str | None = None
    sasl_server_section: str = "Server"
    sasl_super_password: str | None = field(default=None, repr=False)
    kerberos: KerberosSettings = field(factory=KerberosSettings)
    client_login: ServerLogin | None = field(default=None, eq=False, repr=False)  # of the JAAS file; None = no SASL
    use_x_forwarded_for: bool = False

    # --- TLS
    tls: TlsSettings = field(factory=TlsSettings)
    quorum_tls: TlsSettings = QUORUM_TLS_DEFAULTS
    client_port_unification: bool = False
    client_cert_reload: bool = False
    outstanding_handshake_limit: int = -1  # -1 = off
    early_drop_secure_handshakes: bool = False

    # --- operators
    admin: AdminSettings = field(factory=AdminSettings)
    metrics: MetricsSettings = field(factory=MetricsSettings)
    http: HttpLimits = field(factory=HttpLimits)
    pauses: PauseSettings = field(factory=PauseSettings)
    audit_enabled: bool = False
    logs: LogSettings = field(factory=LogSettings)
    server_user: str = ""  # who runs the process; for the audit log
    readonly_mode_enabled: bool = False

    # --- the ensemble
    standalone_enabled: bool = True
    reconfig_enabled: bool = False
    init_limit: int = 0
    sync_limit: int = 0
    membership: Membership = field(factory=Membership)
    last_seen_membership: Membership | None = None  # of a reconfig that was under way at the stop
    quorum: QuorumSettings = field(factory=QuorumSettings)
    tuning: EnsembleTuning = field(factory=EnsembleTuning)

    @data_log_dir.default
    def _data_dir(self) -> str:
        return self.data_dir

    @min_session_timeout_ms.default
    def _two_ticks(self) -> int:
        return 2 * self.tick_time_ms

    @max_session_timeout_ms.default
    def _twenty_ticks(self) -> int:
        return 20 * self.tick_time_ms

    @property
    def distributed(self) -> bool:
        """Whether this describes a member of an ensemble (QuorumPeerConfig.isDistributed)."""
        return self.membership.is_distributed(self.standalone_enabled)
