"""From the text of a configuration file, or a command line, to settings."""

import attrs
import pytest

from pyzoo.config.admin_settings import AdminSettings
from pyzoo.config.parse import (
    config_from_arguments,
    config_from_words,
    default_config,
    files_needed,
    parse_config_text,
)
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError

MINIMAL = "dataDir=/d\nclientPort=2181\n"


def parsed(text: str, *properties: str, base: str = MINIMAL, **files: str) -> ServerConfig:
    by_name = dict(one.split("=", 1) for one in properties)
    by_path = {name.replace("_", "/"): content for name, content in files.items()}
    return parse_config_text(base + text, "zoo.cfg", by_name, by_path)[0]


def warnings(text: str, *properties: str, base: str = MINIMAL) -> list[str]:
    by_name = dict(one.split("=", 1) for one in properties)
    return [str(warning) for warning in parse_config_text(base + text, "zoo.cfg", by_name)[1]]


def test_a_minimal_file_has_the_defaults_everywhere() -> None:
    expected = ServerConfig(data_dir="/d", client_port=2181, config_path="zoo.cfg", initial_config=MINIMAL)
    assert expected == parsed("")
    assert [] == warnings("")


def test_the_file_of_the_container_image_gives_no_warning_but_the_single_member() -> None:
    text = (
        "dataDir=/data\ndataLogDir=/datalog\ntickTime=2000\ninitLimit=5\nsyncLimit=2\nautopurge.snapRetainCount=3\n"
        "autopurge.purgeInterval=0\nmaxClientCnxns=60\nstandaloneEnabled=true\nadmin.enableServer=true\n"
        "server.1=localhost:2888:3888;2181\n4lw.commands.whitelist=srvr, mntr\n"
    )
    config, warned = parse_config_text(text, "zoo.cfg", {}, {"/data/myid": "1\n"})
    assert (2181, None, "/data", "/datalog", 4000, 40000) == (
        config.client_port, config.client_port_address, config.data_dir, config.data_log_dir,
        config.min_session_timeout_ms, config.max_session_timeout_ms,
    )  # fmt: skip
    assert frozenset({"srvr", "mntr"}) == config.four_letter_word_whitelist
    assert ["zoo.cfg:11: server.1 is the only member: the server runs standalone"] == [str(one) for one in warned]
    assert not config.distributed


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("clientPort=0", "client_port", 0),
        ("clientPortAddress=::1", "client_port_address", "::1"),
        ("dataLogDir=/l", "data_log_dir", "/l"),
        ("maxSessionTimeout=90000", "max_session_timeout_ms", 90000),
        ("preAllocSize=0", "pre_alloc_size_kb", 0),
        ("snapCount=0x10", "snap_count", 16),
        ("snapSizeLimitInKb=-5", "snap_size_limit_kb", 0),
        ("snapshot.compression.method=gz", "snapshot_compression", "gz"),
        ("forceSync=no", "force_sync", False),
        ("fsync.warningthresholdms=7", "fsync_warning_threshold_ms", 7),
        ("jute.maxbuffer.extrasize=5", "jute_max_buffer_extra", 1024),
        ("largeRequestThreshold=4096", "large_request_threshold", 4096),
        ("enforceQuota=TRUE", "enforce_quota", True),
        ("lookBeforeSleep=false", "look_before_sleep", False),
        ("multiReadMaxBytes=1000000", "multi_read_max_bytes", 1_000_000),
        ("skipACL=yes", "skip_acl", True),
        ("serializeLastProcessedZxid.enabled=false", "serialize_last_processed_zxid", False),
        ("nio.sessionlessCnxnTimeout=50", "sessionless_cnxn_timeout_ms", 50),
        ("connection_throttle_freeze_time=9", "connection_throttle_freeze_time_ms", 9),
        ("connection_throttle_drop_increase=0.5", "connection_throttle_drop_increase", 0.5),
        ("autopurge.purgeInterval=24", "autopurge_purge_interval_hours", 24),
        ("DigestAuthenticationProvider.superDigest=super:x=", "super_digest", "super:x="),
        ("DigestAuthenticationProvider.digestAlg=sha-256", "digest_alg", "sha-256"),
        ("DigestAuthenticationProvider.enabled=false", "auth_providers", ("ip",)),
        ("ensembleAuthName= a, b ", "ensemble_auth_names", frozenset({"a", "b"})),
        ("superUser.1=bob", "sasl_super_users", frozenset({"bob"})),
        ("admin.enableServer=false", "admin.enabled", False),
        ("admin.serverPort=9", "admin.port", 9),
        ("metricsProvider.httpPort=0", "metrics.http_port", 0),
        ("admin.restore.maxBytes=5000000000", "admin.restore_max_bytes", 5_000_000_000),
        ("admin.restore.minFreeBytes=0", "admin.restore_min_free_bytes", 0),
        ("http.headerTimeout=7", "http.header_timeout_ms", 7),
        ("http.minDataRate=0", "http.min_data_rate", 0),
        ("http.maxConnections=-1", "http.max_connections", 64),
        ("http.maxConnectionsPerAddress=3", "http.max_connections_per_address", 3),
        ("http.maxHeaderBytes=255", "http.max_header_bytes", 8192),
        ("ssl.keyStore.location=/a/server.PEM", "tls.key_store.type", "PEM"),
        ("ssl.clientAuth=WANT", "tls.client_auth", "want"),
        ("syncEnabled=false", "quorum.sync_enabled", False),
        ("initLimit=5", "init_limit", 5),
        ("leaderServes=no", "tuning.leader_serves", False),
        ("cnxTimeout=7", "tuning.connect_timeout_ms", 7),
        ("quorumCnxnTimeoutMs=0x20", "tuning.hello_timeout_ms", 32),
        ("electionPortBindRetry=0", "tuning.election_port_bind_tries", 0),
        ("tcpKeepAlive=true", "tuning.tcp_keep_alive", True),
        ("fastleader.minNotificationInterval=3", "tuning.min_notification_interval_ms", 3),
        ("fastleader.maxNotificationInterval=4", "tuning.max_notification_interval_ms", 4),
        ("leader.maxTimeToWaitForEpoch=5", "tuning.max_time_to_wait_for_epoch_ms", 5),
        ("leader.maxConcurrentSnapSyncs=6", "tuning.max_concurrent_snap_syncs", 6),
        ("leader.maxConcurrentDiffSyncs=7", "tuning.max_concurrent_diff_syncs", 7),
        ("leader.ackLoggingFrequency=0", "tuning.ack_logging_frequency", 0),
        ("leaderConnectDelayDuringRetryMs=0", "tuning.leader_connect_delay_ms", 0),
        ("forceSnapshotSync=TRUE", "tuning.force_snapshot_sync", True),
        ("observer.election.DelayMs=-1", "tuning.observer_election_delay_ms", -1),
        ("testingonly.initialZxid=4294967295", "tuning.initial_counter", 0xFFFFFFFF),
    ],
)
def test_a_line_becomes_its_setting(line: str, field: str, expected: object) -> None:
    value: object = parsed(line)
    for name in field.split("."):
        value = getattr(value, name)
    assert expected == value


def test_raw_properties_set_what_a_file_cannot() -> None:
    config = parsed(
        "", "jute.maxbuffer=4096", "znode.container.checkIntervalMs=5", "znode.container.maxPerMinute=6",
        "znode.container.maxNeverUsedIntervalMs=7", "fsync.warningthresholdms=8", "readonlymode.enabled=true",
    )  # fmt: skip
    assert (4096, 4096, 5, 6, 7, 8, True) == (
        config.jute_max_buffer, config.jute_max_buffer_extra, config.container_check_interval_ms,
        config.container_max_per_minute, config.container_max_never_used_interval_ms,
        config.fsync_warning_threshold_ms, config.readonly_mode_enabled,
    )  # fmt: skip
    assert "isro" in config.four_letter_word_whitelist


def test_the_file_overrides_properties() -> None:
    assert 7 == parsed("snapCount=7", "zookeeper.snapCount=9").snap_count
    assert 9 == parsed("", "zookeeper.snapCount=9").snap_count


def test_the_threshold_with_the_prefix_wins_over_the_bare_one() -> None:
    config = parsed("", "zookeeper.fsync.warningthresholdms=3", "fsync.warningthresholdms=8")
    assert 3 == config.fsync_warning_threshold_ms


def test_all_properties_in_force_are_kept() -> None:
    config = parsed("snapCount=7\nmine=x\ntickTime=5", "zookeeper.snapCount=9", "jute.maxbuffer=5")
    assert {"zookeeper.snapCount": "7", "zookeeper.mine": "x", "jute.maxbuffer": "5"} == config.properties


def test_the_words_of_the_whitelist() -> None:
    assert frozenset({"srvr"}) == parsed("").four_letter_word_whitelist
    every = parsed("4lw.commands.whitelist=ruok, *, nosuch").four_letter_word_whitelist
    assert {"conf", "wchs", "isro", "srvr", "telnet close"} <= every


STORES = "ssl.keyStore.location=/k.pem\nssl.trustStore.location=/t.pem\n"


def test_tls_brings_the_x509_scheme() -> None:
    assert ("ip", "digest", "x509") == parsed(f"client.portUnification=true\n{STORES}").auth_providers


def test_providers_are_known_by_their_class() -> None:
    text = "authProvider.1=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider\n"
    config = parsed(text + "enforce.auth.enabled=true\nenforce.auth.schemes=ensemble, digest")
    assert ("ip", "digest", "ensemble") == config.auth_providers
    assert config.enforce_auth_enabled
    assert frozenset({"ensemble", "digest"}) == config.enforce_auth_schemes


def test_secrets_do_not_show_in_the_representation() -> None:
    text = (
        "DigestAuthenticationProvider.superDigest=hushhush\nssl.keyStore.location=a.pem\nssl.keyStore.password=hushhush"
    )
    assert "hushhush" not in repr(parsed(text))


# --- command lines


def test_arguments_leave_connections_unlimited() -> None:
    config, warned = config_from_arguments("2181", "/d")
    assert (2181, "/d", 3000) == (config.client_port, config.data_dir, config.tick_time_ms)
    assert 0 == config.max_client_cnxns
    assert [] == warned


def test_four_words_set_tick_and_connections() -> None:
    config, _ = config_from_words(["0", "/d", "500", "9"], {"zookeeper.snapCount": "77"})
    assert (0, 500, 1000, 9, 77) == (
        config.client_port, config.tick_time_ms, config.min_session_timeout_ms, config.max_client_cnxns,
        config.snap_count,
    )  # fmt: skip


@pytest.mark.parametrize("words", [[], ["zoo.cfg"], ["1", "/d", "2", "3", "4"]])
def test_another_number_of_words_is_an_error_with_the_usage(words: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"port datadir \[ticktime\] \[maxcnxns\]"):
        config_from_words(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [(["x", "/d"], "^clientPort=x: it must be a whole number"),
     (["1", "/d", "0"], "^tickTime=0: it must be at least 1, for"),
     (["1", "/d", "9", "y"], "^maxClientCnxns=y: it must be")],
)  # fmt: skip
def test_a_wrong_word_is_named_without_a_file(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_from_words(words)


def test_the_default_is_the_sample_file_without_an_admin_server() -> None:
    config, warned = default_config("/d")
    admin = AdminSettings(enabled=False)
    assert ServerConfig(data_dir="/d", client_port=2181, tick_time_ms=2000, admin=admin) == config
    assert [] == warned


@pytest.mark.parametrize(
    ("properties", "enabled"),
    [
        ({}, False),
        ({"zookeeper.admin.enableServer": "true"}, True),
        ({"zookeeper.admin.serverPort": "9"}, True),
        ({"zookeeper.admin.serverPort": "9", "zookeeper.admin.enableServer": "false"}, False),
    ],
)
def test_without_a_file_the_admin_server_has_to_be_asked_for(properties: dict[str, str], enabled: bool) -> None:
    config, _ = config_from_words(["2181", "/d"], properties)
    assert enabled == config.admin.enabled


# --- ensembles

THREE = "server.1=a:1:2;5\nserver.2=b:1:2;6\nserver.3=c:1:2;7\n"
LIMITS = "initLimit=5\nsyncLimit=2\n"


def test_the_files_that_belong_to_a_configuration_are_named() -> None:
    assert ("/d/myid",) == files_needed(MINIMAL, "zoo.cfg").paths()
    needed = files_needed(MINIMAL + "dynamicConfigFile=/x.dynamic", "/c/zoo.cfg")
    assert ("/d/myid", "/x.dynamic", "/c/zoo.cfg.dynamic.next") == needed.paths()


def test_an_ensemble_is_told_from_a_single_server() -> None:
    config = parsed(THREE + LIMITS, base="dataDir=/d\n", _d_myid="2\n")
    assert (True, 2, 6) == (config.distributed, config.server_id, config.client_port)


def test_a_member_alone_is_an_ensemble_when_standalone_is_off() -> None:
    config = parsed("server.1=a:1:2;5\nstandaloneEnabled=false\n" + LIMITS, base="dataDir=/d\n", _d_myid="1")
    assert (True, 1) == (config.distributed, config.server_id)


def test_a_single_member_without_myid_still_gives_its_client_port() -> None:
    config = parsed("server.1=a:1:2;127.0.0.1:5", base="dataDir=/d\n")
    assert (5, "127.0.0.1", 0, False) == (
        config.client_port, config.client_port_address, config.server_id, config.distributed,
    )  # fmt: skip


def test_members_may_stand_in_a_dynamic_file_with_its_version_in_the_name() -> None:
    path = "/c/zoo.cfg.dynamic.10000000a"
    text = "dataDir=/d\ndynamicConfigFile=" + path + "\n" + LIMITS
    config, _ = parse_config_text(text, "zoo.cfg", {}, {path: THREE, "/d/myid": "1"})
    assert (0x10000000A, 3, True) == (config.membership.version, len(config.membership.servers), config.distributed)


def test_several_addresses_are_allowed_by_the_key_or_the_property() -> None:
    line = "server.1=a:1:2|b:1:2;5"
    assert 2 == len(parsed(line + "\nmultiAddress.enabled=true", base="dataDir=/d\n").membership.servers[0].addresses)
    config = parsed(line, "zookeeper.multiAddress.enabled=true", base="dataDir=/d\n")
    assert config.quorum.multi_address_enabled


def test_the_property_for_observers_wins_over_the_file() -> None:
    assert not parsed("syncEnabled=true", "zookeeper.observer.syncEnabled=false").quorum.sync_enabled


def test_settings_are_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        parsed("").data_dir = "/x"  # type: ignore[misc]
