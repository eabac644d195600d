"""From keys to the storage, request and throttle settings of a ServerConfig, with Apache's fallbacks."""

from typing import Final

from attrs import evolve

from pyzoo.config.reader import ConfigReader
from pyzoo.config.settings import ServerConfig

FOUR_LETTER_WORDS: Final = frozenset(
    "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs".split()
)
TELNET_CLOSE: Final = "telnet close"
_MIN_RETAIN_COUNT: Final = 3
_MIN_EXTRA: Final = 1024
_FACTORIES: Final = frozenset(
    {"org.apache.zookeeper.server.NIOServerCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory"}
)


def with_storage(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """Log, snapshot, digest and container settings."""
    return evolve(
        config,
        pre_alloc_size_kb=reader.integer("preAllocSize"),
        snap_count=reader.integer("snapCount", otherwise=2),
        snap_size_limit_kb=_snap_size_limit(reader),
        txn_log_size_limit_kb=reader.integer("txnLogSizeLimitInKb"),
        commit_log_count=reader.integer("commitLogCount"),
        snapshot_size_factor=reader.ratio("snapshotSizeFactor", lambda factor: factor <= 1),
        snapshot_compression=_compression(reader),
        log_trust_cut=reader.boolean("log.trust.cut"),
        snapshot_trust_empty=reader.boolean("snapshot.trust.empty"),
        db_autocreate=reader.boolean("db.autocreate"),
        datadir_autocreate=reader.boolean("datadir.autocreate"),
        digest_enabled=reader.boolean("digest.enabled"),
        serialize_last_processed_zxid=reader.boolean("serializeLastProcessedZxid.enabled"),
        close_session_txn_enabled=reader.boolean("closeSessionTxn.enabled"),
        multi_create2_as_create=reader.boolean("multi.create2AsCreate"),
        force_sync=not reader.word("forceSync", "no", "yes"),
        fsync_warning_threshold_ms=_fsync_threshold(reader),
        extended_types_enabled=reader.boolean("extendedTypesEnabled"),
        emulate_353_ttl_nodes=reader.boolean("emulate353TTLNodes"),
        autopurge_snap_retain_count=_retain_count(reader),
        autopurge_purge_interval_hours=max(reader.file_integer("autopurge.purgeInterval"), 0),
        container_check_interval_ms=reader.raw_integer("znode.container.checkIntervalMs"),
        container_max_per_minute=reader.raw_integer("znode.container.maxPerMinute"),
        container_max_never_used_interval_ms=reader.raw_integer("znode.container.maxNeverUsedIntervalMs"),
    )


def with_requests(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """Sizes, limits and switches of connections and requests."""
    factory = reader.text("serverCnxnFactory")
    if factory not in _FACTORIES:
        raise reader.error(f"serverCnxnFactory={factory}: there are only {', '.join(sorted(_FACTORIES))}",
                           "serverCnxnFactory")  # fmt: skip
    reader.bounded_integer("intBufferStartingSizeBytes")
    max_buffer = reader.raw_integer("jute.maxbuffer")
    return evolve(
        config,
        jute_max_buffer=max_buffer,
        jute_max_buffer_extra=max(reader.integer("jute.maxbuffer.extrasize", otherwise=max_buffer), _MIN_EXTRA),
        global_outstanding_limit=reader.integer("globalOutstandingLimit"),
        is_netty=factory.endswith("NettyServerCnxnFactory"),
        max_client_cnxns=reader.file_integer("maxClientCnxns"),
        max_cnxns=max(reader.integer("maxCnxns"), 0),
        sessionless_cnxn_timeout_ms=reader.integer("nio.sessionlessCnxnTimeout"),
        client_tcp_keep_alive=reader.boolean("clientTcpKeepAlive"),
        look_before_sleep=reader.boolean("lookBeforeSleep"),
        workers=reader.integer("workers"),
        large_request_max_bytes=reader.integer("largeRequestMaxBytes"),
        large_request_threshold=_large_request_threshold(reader),
        multi_read_max_bytes=reader.integer("multiReadMaxBytes"),
        enforce_quota=reader.boolean("enforceQuota"),
        skip_acl=reader.word("skipACL", "yes", "no"),
        enable_eager_acl_check=reader.boolean("enableEagerACLCheck"),
        readonly_mode_enabled=reader.raw_boolean("readonlymode.enabled"),
        four_letter_word_whitelist=_four_letter_words(reader),
        client_port_unification=reader.boolean("client.portUnification"),
        client_cert_reload=reader.boolean("client.certReload"),
        outstanding_handshake_limit=reader.integer("netty.server.outstandingHandshake.limit"),
        early_drop_secure_handshakes=reader.boolean("netty.server.earlyDropSecureConnectionHandshakes"),
    )


def with_throttles(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """The request throttler and the connection token bucket (BlueThrottle)."""
    bucket = "connection_throttle_"
    local = reader.integer(bucket + "local_session_weight")
    return evolve(
        config,
        request_throttle_max_requests=reader.integer("request_throttle_max_requests"),
        throttled_op_wait_time_ms=reader.integer("throttled_op_wait_time"),
        connection_throttle_tokens=reader.integer(bucket + "tokens"),
        connection_throttle_fill_time_ms=reader.integer(bucket + "fill_time"),
        connection_throttle_fill_count=reader.integer(bucket + "fill_count"),
        connection_throttle_freeze_time_ms=reader.integer(bucket + "freeze_time"),
        connection_throttle_drop_increase=reader.ratio(bucket + "drop_increase", _is_probability),
        connection_throttle_drop_decrease=reader.ratio(bucket + "drop_decrease", _is_probability),
        connection_throttle_decrease_ratio=reader.ratio(bucket + "decrease_ratio", _is_probability),
        connection_throttle_weight_enabled=reader.boolean(bucket + "weight_enabled"),
        connection_throttle_global_session_weight=_weight(reader, bucket + "global_session_weight", local),
        connection_throttle_renew_session_weight=_weight(reader, bucket + "renew_session_weight", local),
        connection_throttle_local_session_weight=local,
    )


def _is_probability(number: float) -> bool:
    return 0 <= number <= 1


def _snap_size_limit(reader: ConfigReader) -> int:
    """0 is off, like the negative values; it is not for SyncRequestProcessor."""
    limit = reader.integer("snapSizeLimitInKb")
    if limit == 0:
        reader.warn(
            "snapSizeLimitInKb=0 counts as off here and is not for Apache's server: write -1", "snapSizeLimitInKb"
        )
    return max(limit, 0)


def _compression(reader: ConfigReader) -> str:
    name = "snapshot.compression.method"
    method = reader.text(name)
    if method not in ("", "gz", "snappy"):
        reader.warn(f"{name}={method} is unknown, snapshots are not compressed: choose gz or snappy", name)
        return ""
    return method


def _fsync_threshold(reader: ConfigReader) -> int:
    """FileTxnLog looks for the name with the prefix first."""
    name = "fsync.warningthresholdms"
    return reader.raw_integer(name) if reader.given(name) is None else reader.integer(name)


def _retain_count(reader: ConfigReader) -> int:
    name = "autopurge.snapRetainCount"
    count = reader.file_integer(name)
    if count < _MIN_RETAIN_COUNT:
        reader.warn(f"{name}={count} is too small: {_MIN_RETAIN_COUNT} snapshots are kept", name)
    return max(count, _MIN_RETAIN_COUNT)


def _large_request_threshold(reader: ConfigReader) -> int:
    name = "largeRequestThreshold"
    threshold = reader.integer(name)
    if threshold == 0 or threshold < -1:
        reader.warn(f"{name}={threshold} counts as off: write -1, or a number of bytes", name)
        return -1
    return threshold


def _four_letter_words(reader: ConfigReader) -> frozenset[str]:
    """FourLetterCommands.isEnabled: `*` adds all known ones and ends the list."""
    name = "4lw.commands.whitelist"
    words = {"srvr"}
    if reader.raw_boolean("readonlymode.enabled"):
        words.add("isro")
    for word in reader.names(name):
        if word == "*":
            words |= {*FOUR_LETTER_WORDS, TELNET_CLOSE}
            break
        if word not in FOUR_LETTER_WORDS and word != TELNET_CLOSE:
            reader.warn(f"{name}: there is no four-letter word {word!r}", name)
            continue
        words.add(word)
    return frozenset(words)


def _weight(reader: ConfigReader, name: str, local: int) -> int:
    weight = reader.integer(name)
    if weight < local:
        reader.warn(f"{name}={weight} is less than the weight of a local session: {local} is used", name)
    return max(weight, local)
