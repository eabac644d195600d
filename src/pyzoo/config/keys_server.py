"""Keys of storage, requests, limits and connections; in the file, or as -Dzookeeper.<key>."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment, raw_key

_NO_EFFECT: Final = Treatment.NO_EFFECT
_OWN_WATCHES: Final = "pyzoo has one watch manager, which needs no cleaner threads"
_NO_THREADS: Final = "One event loop serves all connections: there are no threads or buffers to size"
_NO_PATH_STATS: Final = "Counting requests by path is not offered"
_NO_TRACKER: Final = "Recording the last packets of a learner is not offered"

STORAGE_KEYS: Final[tuple[Key, ...]] = (
    Key("preAllocSize", Kind.LONG, "65536", "KB by which a log file grows ahead of its records; 0 is none", at_least=0),
    Key("snapCount", Kind.INT, "100000", "Transactions between snapshots, with a random part", at_least=2),
    Key("snapSizeLimitInKb", Kind.LONG, "4194304", "KB of log between snapshots, with a random part; 0 or less is off (for Apache write -1)"),
    Key("txnLogSizeLimitInKb", Kind.LONG, "-1", "KB after which a new log file is begun; 0 or less is off"),
    Key("commitLogCount", Kind.INT, "500", "Transactions kept in memory for learners", Treatment.ENSEMBLE, at_least=500),
    Key("snapshotSizeFactor", Kind.FLOAT, "0.33", "Log sent to a learner instead of a snapshot, as a part of the snapshot's size", Treatment.ENSEMBLE),
    Key("snapshot.compression.method", Kind.TEXT, "", "Compression of new snapshots: gz, snappy or none"),
    Key("snapshot.trust.empty", Kind.BOOL, "false", "Start from logs without any snapshot"),
    Key("log.trust.cut", Kind.BOOL, "false", "Start although the newest log has lost its header, and set that file aside: what it held is lost; pyzoo's own key"),
    Key("db.autocreate", Kind.BOOL, "true", "Start an empty database without an `initialize` file"),
    Key("datadir.autocreate", Kind.BOOL, "true", "Create missing data directories"),
    Key("digest.enabled", Kind.BOOL, "true", "Keep and check the digest of the tree"),
    Key("serializeLastProcessedZxid.enabled", Kind.BOOL, "true", "Write the last zxid into snapshots; needed for backup and restore over HTTP"),
    Key("closeSessionTxn.enabled", Kind.BOOL, "true", "Log the paths that a closing session deletes"),
    Key("multi.create2AsCreate", Kind.BOOL, "false", "Log create2 inside a multi as create, for members of 3.8.1 and before, which cannot read it; pyzoo's own key"),
    Key("forceSync", Kind.TEXT, "yes", "`no` acknowledges writes before they are on the disk: a power cut loses them"),
    Key("fsync.warningthresholdms", Kind.LONG, "1000", "Milliseconds after which a slow sync of the log is reported"),
    raw_key("fsync.warningthresholdms", Kind.LONG, "1000", "The same without the prefix, which loses against the one with it"),
    Key("flushDelay", Kind.INT, "0", "Writes that arrive during a sync share the next one: a leader waits for others by itself", _NO_EFFECT),
    Key("maxWriteQueuePollTime", Kind.INT, "", "Writes that arrive during a sync share the next one: a leader waits for others by itself", _NO_EFFECT),
    Key("maxBatchSize", Kind.INT, "1000", "All writes that arrive during a sync share the next one", _NO_EFFECT),
    Key("extendedTypesEnabled", Kind.BOOL, "false", "TTL nodes; keep it on once it was, or they turn into ephemerals of no session"),
    Key("emulate353TTLNodes", Kind.BOOL, "false", "Read TTL nodes in the form of release 3.5.3"),
    raw_key("znode.container.checkIntervalMs", Kind.INT, "60000", "Milliseconds between sweeps for empty containers and old TTL nodes", at_least=1),
    raw_key("znode.container.maxPerMinute", Kind.INT, "10000", "Container and TTL nodes deleted in a minute at most", at_least=1),
    raw_key("znode.container.maxNeverUsedIntervalMs", Kind.LONG, "0", "Milliseconds after which a container that never had a child goes too; 0 is never"),
)  # fmt: skip

REQUEST_KEYS: Final[tuple[Key, ...]] = (
    raw_key("jute.maxbuffer", Kind.INT, "1048575", "Bytes of the largest request and of the largest record", at_least=1),
    Key("jute.maxbuffer.extrasize", Kind.INT, "", "Bytes by which a stored record may be larger; without it, jute.maxbuffer. At least 1024"),
    Key("globalOutstandingLimit", Kind.INT, "1000", "Requests in progress above which busy connections are not read, but for their share of it", at_least=1),
    Key("maxCnxns", Kind.INT, "0", "Connections to all ports together; 0 is no limit"),
    Key("largeRequestMaxBytes", Kind.INT, "104857600", "Bytes of all large requests in progress", at_least=1),
    Key("largeRequestThreshold", Kind.INT, "-1", "Bytes above which a request is large; 0 or less is off"),
    Key("multiReadMaxBytes", Kind.INT, "16777216", "Bytes of the results of one multiRead: those that do not fit any more are MarshallingError, but for the first. Java clients take no reply above their jute.maxbuffer, which is 1 MB unless it is set; pyzoo's own key", at_least=1),
    Key("maxResponseCacheSize", Kind.INT, "400", "Replies are encoded afresh: there is no cache of node contents", _NO_EFFECT),
    Key("maxGetChildrenResponseCacheSize", Kind.INT, "400", "Each node keeps its own list of children encoded", _NO_EFFECT),
    Key("intBufferStartingSizeBytes", Kind.INT, "1024", "Reply buffers have no first size (less is refused, as by Apache)", _NO_EFFECT, at_least=32),
    Key("enforceQuota", Kind.BOOL, "false", "Hard quotas refuse writes instead of being reported"),
    Key("skipACL", Kind.TEXT, "no", "`yes` turns all ACL checks off"),
    Key("enableEagerACLCheck", Kind.BOOL, "false", "Members refuse what their own tree does not allow before the leader hears of it", Treatment.ENSEMBLE),
    Key("4lw.commands.whitelist", Kind.LIST, "srvr", "Four-letter words that are answered; `*` is all. `srvr` always is"),
    Key("request_throttle_max_requests", Kind.INT, "0", "Requests in progress above which others wait; 0 is off"),
    Key("request_throttle_stall_time", Kind.INT, "100", "Waiting requests go on as soon as there is room", _NO_EFFECT),
    Key("request_throttle_drop_stale", Kind.BOOL, "true", "Waiting requests of a closed connection are always dropped", _NO_EFFECT),
    Key("request_stale_latency_check", Kind.BOOL, "false", "The age of a request does not make it stale", _NO_EFFECT),
    Key("request_stale_connection_check", Kind.BOOL, "true", "Requests of closed connections are always stale", _NO_EFFECT),
    Key("request_throttler.shutdownTimeout", Kind.INT, "10000", "Waiting requests end with their connections when the server stops", _NO_EFFECT),
    Key("throttled_op_wait_time", Kind.INT, "0", "Milliseconds in the throttler after which a request is refused (error -127); 0 is off"),
    Key("connection_throttle_tokens", Kind.INT, "0", "Size of the bucket that new connections draw from; 0 is off"),
    Key("connection_throttle_fill_time", Kind.INT, "1", "Milliseconds between refills of the bucket", at_least=1),
    Key("connection_throttle_fill_count", Kind.INT, "1", "Tokens of a refill", at_least=1),
    Key("connection_throttle_freeze_time", Kind.INT, "-1", "Milliseconds between changes of the dropping probability; -1 is off"),
    Key("connection_throttle_drop_increase", Kind.FLOAT, "0.02", "Step up of the dropping probability"),
    Key("connection_throttle_drop_decrease", Kind.FLOAT, "0.002", "Step down of the dropping probability"),
    Key("connection_throttle_decrease_ratio", Kind.FLOAT, "0", "Part of the bucket that must be full before a step down"),
    Key("connection_throttle_weight_enabled", Kind.BOOL, "false", "New, renewed and local sessions cost different tokens"),
    Key("connection_throttle_global_session_weight", Kind.INT, "3", "Tokens of a new session", at_least=1),
    Key("connection_throttle_renew_session_weight", Kind.INT, "2", "Tokens of a renewed session", at_least=1),
    Key("connection_throttle_local_session_weight", Kind.INT, "1", "Tokens of a new session where localSessionsEnabled is; the other two are at least that", at_least=1),
    Key("watchManagerName", Kind.TEXT, "org.apache.zookeeper.server.watch.WatchManager", _OWN_WATCHES, _NO_EFFECT),
    Key("watcherCleanThreshold", Kind.INT, "1000", _OWN_WATCHES, _NO_EFFECT),
    Key("watcherCleanIntervalInSeconds", Kind.INT, "600", _OWN_WATCHES, _NO_EFFECT),
    Key("watcherCleanThreadsNum", Kind.INT, "2", _OWN_WATCHES, _NO_EFFECT),
    Key("maxInProcessingDeadWatchers", Kind.INT, "-1", _OWN_WATCHES, _NO_EFFECT),
    Key("bitHashCacheSize", Kind.INT, "10", _OWN_WATCHES, _NO_EFFECT),
    Key("pathStats.enabled", Kind.BOOL, "false", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.slotCapacity", Kind.INT, "60", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.slotDuration", Kind.INT, "15", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.maxDepth", Kind.INT, "6", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.sampleRate", Kind.FLOAT, "0.1", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.initialDelay", Kind.INT, "5", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.delay", Kind.INT, "5", _NO_PATH_STATS, _NO_EFFECT),
    Key("pathStats.topPathMax", Kind.INT, "20", _NO_PATH_STATS, _NO_EFFECT),
    Key("messageTracker.Enabled", Kind.BOOL, "false", _NO_TRACKER, _NO_EFFECT),
    Key("messageTracker.BufferSize", Kind.INT, "10", _NO_TRACKER, _NO_EFFECT),
)  # fmt: skip

NETWORK_KEYS: Final[tuple[Key, ...]] = (
    Key("serverCnxnFactory", Kind.TEXT, "org.apache.zookeeper.server.NIOServerCnxnFactory", "NIOServerCnxnFactory or NettyServerCnxnFactory, with Apache's full class name. One network layer serves both, and TLS needs neither; only `non_mtls_local_conn_count` and its like depend on it"),
    Key("clientTcpKeepAlive", Kind.BOOL, "false", "TCP keepalive on client connections"),
    Key("lookBeforeSleep", Kind.BOOL, "true", "While requests come, look for the next event for up to 0.6 ms before sleeping: answers are quicker, and an otherwise idle processor is busier. Not in an embedded server; pyzoo's own key"),
    Key("workers", Kind.INT, "1", "Processes that serve clients through the same ports, on Linux, without an ensemble; each of them holds the whole tree in memory. pyzoo's own key", at_least=1),
    Key("nio.sessionlessCnxnTimeout", Kind.INT, "10000", "Milliseconds after which a connection without a session is closed, whatever trickles in, and one that is over and does not take its last bytes", at_least=1),
    Key("nio.numSelectorThreads", Kind.INT, "", _NO_THREADS, _NO_EFFECT),
    Key("nio.numWorkerThreads", Kind.INT, "", _NO_THREADS, _NO_EFFECT),
    Key("nio.directBufferBytes", Kind.INT, "65536", _NO_THREADS, _NO_EFFECT),
    Key("nio.shutdownTimeout", Kind.INT, "5000", _NO_THREADS, _NO_EFFECT),
    Key("netty.advancedFlowControl.enabled", Kind.BOOL, "false", "It is always on: reading stops while a connection's replies pile up", _NO_EFFECT),
    Key("netty.server.outstandingHandshake.limit", Kind.INT, "-1", "TLS handshakes of clients in progress at most: more are refused. -1 is no such limit; with more than 1000 the oldest has to go"),
    Key("netty.server.earlyDropSecureConnectionHandshakes", Kind.BOOL, "false", "Drop TLS connections before the handshake while not serving"),
    Key("client.portUnification", Kind.BOOL, "false", "The client port takes TLS and plain connections"),
    Key("client.certReload", Kind.BOOL, "false", "Connections of clients use the key and trust store as they are on disk, when those change. Stores that cannot be used are logged, and the old ones stay"),
)  # fmt: skip
