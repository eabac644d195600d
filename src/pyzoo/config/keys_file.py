"""Keys that only the configuration file gives (QuorumPeerConfig.parseProperties).

A wrong value of one of these stops the start with a ConfigError.
"""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment, file_key

_ENSEMBLE: Final = Treatment.ENSEMBLE
_TYPES: Final = "PEM, PKCS12 or JKS; without it, by the file's extension (.pem, .p12, .jks)"

BASIC_KEYS: Final[tuple[Key, ...]] = (
    file_key("dataDir", Kind.PATH, "", "Directory of snapshots and `myid`. Required"),
    file_key("dataLogDir", Kind.PATH, "", "Directory of the transaction logs; without it, dataDir"),
    file_key("clientPort", Kind.PORT, "", "Port for clients; 0 lets the system choose one"),
    file_key("clientPortAddress", Kind.HOST, "", "Address that the client port is bound to; without it, all"),
    file_key("secureClientPort", Kind.PORT, "", "Port for clients that speak TLS; 0 lets the system choose one. Needs ssl.keyStore.location and ssl.trustStore.location"),
    file_key("secureClientPortAddress", Kind.HOST, "", "Address that the TLS port is bound to; without it, all"),
    file_key("clientPortListenBacklog", Kind.INT, "-1", "Length of the listen queue; -1 leaves it to the system"),
    file_key("tickTime", Kind.INT, "3000", "Milliseconds of a tick, the unit of session expiry", at_least=1),
    file_key("maxClientCnxns", Kind.INT, "60", "Connections from one address, counted for each port; 0 is no limit"),
    file_key("minSessionTimeout", Kind.INT, "-1", "Shortest session timeout in ms; -1 is 2 ticks"),
    file_key("maxSessionTimeout", Kind.INT, "-1", "Longest session timeout in ms; -1 is 20 ticks"),
    file_key("autopurge.snapRetainCount", Kind.INT, "3", "Snapshots that a purge keeps; less than 3 counts as 3"),
    file_key("autopurge.purgeInterval", Kind.INT, "0", "Hours between purges of old snapshots and logs; 0 is never"),
    file_key(
        "metricsProvider.className",
        Kind.TEXT,
        "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider",
        "DefaultMetricsProvider, NullMetricsProvider or PrometheusMetricsProvider, with Apache's full class name",
    ),
    file_key("metricsProvider.httpHost", Kind.HOST, "0.0.0.0", "Address of the Prometheus endpoint"),
    file_key("metricsProvider.httpPort", Kind.PORT, "7000", "Port of the Prometheus endpoint; without it and with httpsPort, there is no plain one"),
    file_key("metricsProvider.httpsPort", Kind.INT, "-1", "Port of the same over TLS, -1 is none; the httpPort takes both. This and `metricsProvider.ssl.` are keys of Apache's 3.10", at_least=-1),
    file_key("metricsProvider.ssl.keyStore.location", Kind.PATH, "", "File with its key and certificate chain"),
    file_key("metricsProvider.ssl.keyStore.password", Kind.TEXT, "", "Its password; in a PEM file, that of the key"),
    file_key("metricsProvider.ssl.keyStore.type", Kind.TEXT, "", _TYPES),
    file_key("metricsProvider.ssl.trustStore.location", Kind.PATH, "", "File with the certificates that those of scrapers are checked against"),
    file_key("metricsProvider.ssl.trustStore.password", Kind.TEXT, "", "Its password"),
    file_key("metricsProvider.ssl.trustStore.type", Kind.TEXT, "", _TYPES),
    file_key("metricsProvider.ssl.need.client.auth", Kind.BOOL, "true", "Scrapers need a certificate"),
    file_key("metricsProvider.ssl.want.client.auth", Kind.BOOL, "true", "Scrapers are asked for one, which then has to be good"),
    file_key("metricsProvider.ssl.enabledProtocols", Kind.LIST, "", "TLS versions; without it, TLSv1.3 and TLSv1.2"),
    file_key("metricsProvider.ssl.ciphersuites", Kind.LIST, "", "Cipher suites by their Java names, the best first"),
    file_key("metricsProvider.exportJvmInfo", Kind.BOOL, "true", "Adds what there is to say of process, Python and disk to the Prometheus output"),
    file_key("metricsProvider.*", Kind.TEXT, "", "Other settings of a provider: they tune Java threads, of which there are none", Treatment.NO_EFFECT),
    file_key("jvm.pause.monitor", Kind.BOOL, "false", "Measures pauses of the process, into jvm_pause_time_ms of `mntr`"),
    file_key("jvm.pause.info-threshold.ms", Kind.LONG, "1000", "Milliseconds of a pause above which it is logged"),
    file_key("jvm.pause.warn-threshold.ms", Kind.LONG, "10000", "Milliseconds of a pause above which that is a warning"),
    file_key("jvm.pause.sleep.time.ms", Kind.LONG, "500", "Milliseconds between two looks at the clock"),
)  # fmt: skip

ENSEMBLE_FILE_KEYS: Final[tuple[Key, ...]] = (
    file_key("server.*", Kind.TEXT, "", "A member: `server.1=host:2888:3888;2181`. A single one runs standalone"),
    file_key("group.*", Kind.TEXT, "", "Members of a group for hierarchical quorums: `group.1=1:2:3`", _ENSEMBLE),
    file_key("weight.*", Kind.INT, "1", "Weight of a member in its group: `weight.1=2`", _ENSEMBLE),
    file_key("standaloneEnabled", Kind.BOOL, "true", "Whether a single member runs standalone; false makes an ensemble of one"),
    file_key("dynamicConfigFile", Kind.PATH, "", "File with the member lines, which then must not stand in the main file"),
    file_key("reconfigEnabled", Kind.BOOL, "false", "Whether clients may change the member list"),
    file_key("initLimit", Kind.INT, "0", "Ticks that a learner has to connect and catch up. Required in an ensemble", _ENSEMBLE),
    file_key("syncLimit", Kind.INT, "0", "Ticks that a learner may lag. Required in an ensemble", _ENSEMBLE),
    file_key("connectToLearnerMasterLimit", Kind.INT, "0", "Ticks for the connection to the leader; 0 is initLimit", _ENSEMBLE),
    file_key("electionAlg", Kind.INT, "3", "Election algorithm; only 3 exists", _ENSEMBLE),
    file_key("peerType", Kind.TEXT, "participant", "participant or observer; the member list wins", _ENSEMBLE),
    file_key("quorumListenOnAllIPs", Kind.BOOL, "false", "Binds quorum and election port to every address", _ENSEMBLE),
    file_key("syncEnabled", Kind.BOOL, "true", "Whether observers write logs and snapshots", _ENSEMBLE),
    file_key("observerMasterPort", Kind.PORT, "0", "Port where followers serve observers; 0 is off", _ENSEMBLE),
    file_key("sslQuorum", Kind.BOOL, "false", "TLS between members", _ENSEMBLE),
    file_key("portUnification", Kind.BOOL, "false", "Quorum ports take TLS and plain connections", _ENSEMBLE),
    file_key("sslQuorumReloadCertFiles", Kind.BOOL, "false", "Reloads the quorum key and trust store when their files change", _ENSEMBLE),
    file_key("localSessionsEnabled", Kind.BOOL, "false", "Sessions that only one member knows", _ENSEMBLE),
    file_key("localSessionsUpgradingEnabled", Kind.BOOL, "false", "Local sessions become global when they create an ephemeral", _ENSEMBLE),
    file_key("quorum.auth.enableSasl", Kind.BOOL, "false", "SASL between members", _ENSEMBLE),
    file_key("quorum.auth.serverRequireSasl", Kind.BOOL, "false", "Members refuse peers without SASL", _ENSEMBLE),
    file_key("quorum.auth.learnerRequireSasl", Kind.BOOL, "false", "Members authenticate when they connect", _ENSEMBLE),
    file_key("quorum.auth.learner.saslLoginContext", Kind.TEXT, "QuorumLearner", "JAAS section for connecting", _ENSEMBLE),
    file_key("quorum.auth.server.saslLoginContext", Kind.TEXT, "QuorumServer", "JAAS section for accepting", _ENSEMBLE),
    file_key("quorum.auth.kerberos.servicePrincipal", Kind.TEXT, "zkquorum/localhost", "Kerberos principal of members; `_HOST` stands for the host of each", _ENSEMBLE),
    file_key("quorum.cnxn.threads.size", Kind.INT, "20", "Java threads for connections between members", Treatment.NO_EFFECT),
    file_key("multiAddress.enabled", Kind.BOOL, "false", "Members may have several addresses", _ENSEMBLE),
    file_key("multiAddress.reachabilityCheckTimeoutMs", Kind.INT, "1000", "Milliseconds for the check which address answers", Treatment.NO_EFFECT),
    file_key("multiAddress.reachabilityCheckEnabled", Kind.BOOL, "true", "Whether that check is made", Treatment.NO_EFFECT),
    file_key("oraclePath", Kind.PATH, "", "File that decides for an ensemble of two", _ENSEMBLE),
)  # fmt: skip
