"""Keys of the AdminServer, the audit log and logging."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment

_NO_EFFECT: Final = Treatment.NO_EFFECT
_NOT_YET: Final = Treatment.NOT_YET
_NO_JMX: Final = "There is no JMX"
_LOGBACK: Final = "Read by Apache's logback.xml only"

ADMIN_KEYS: Final[tuple[Key, ...]] = (
    Key("admin.enableServer", Kind.TEXT, "true", "The HTTP AdminServer; only the exact text `false` turns it off. Without a configuration file it is off unless some `admin.` key is given"),
    Key("admin.serverAddress", Kind.HOST, "0.0.0.0", "Its address"),
    Key("admin.serverPort", Kind.PORT, "8080", "Its port"),
    Key("admin.commandURL", Kind.TEXT, "/commands", "Path under which its commands are"),
    Key("admin.idleTimeout", Kind.INT, "30000", "Milliseconds after which an idle HTTP connection is closed, at the endpoint for Prometheus too; 0 or less is never"),
    Key("admin.httpVersion", Kind.INT, "11", "The HTTP version is always 1.1", _NO_EFFECT),
    Key("admin.portUnification", Kind.BOOL, "false", "Its port takes TLS and plain connections, with the ssl.quorum stores"),
    Key("admin.forceHttps", Kind.BOOL, "false", "Its port takes TLS only"),
    Key("admin.needClientAuth", Kind.BOOL, "false", "Its clients need a certificate"),
    Key("admin.snapshot.enabled", Kind.BOOL, "true", "The snapshot command"),
    Key("admin.restore.enabled", Kind.BOOL, "true", "The restore command"),
    Key("admin.restore.maxBytes", Kind.LONG, "0", "Bytes of a snapshot to be restored, as it comes and uncompressed; 0 is eight times the present database, and 256 MB at least. pyzoo's own key", at_least=0),
    Key("admin.restore.minFreeBytes", Kind.LONG, "-1", "Bytes of the disk that a restore leaves free; -1 is a tenth of the disk, and 1 GB at least. pyzoo's own key", at_least=-1),
    Key("admin.snapshot.minFreeBytes", Kind.LONG, "-1", "Bytes of the disk that the command snapshot leaves free; -1 is a tenth of the disk, and 1 GB at most. pyzoo's own key", at_least=-1),
    Key("admin.console", Kind.BOOL, "true", "The console, at `/` of the AdminServer; see console.md. pyzoo's own key, as all `admin.console` keys"),
    Key("admin.console.hosts", Kind.TEXT, "", "Names that the console may be asked by, `*` for any; localhost is known, with `admin.console.remote` the host name and all addresses too"),
    Key("admin.console.readers", Kind.TEXT, "world:anyone", "Who may look at the console: a comma list of `scheme:id`, as in an ACL"),
    Key("admin.console.recipes", Kind.PATH, "", "File of more recipes that the console recognises, in YAML or JSON; see console.md"),
    Key("admin.console.remote", Kind.BOOL, "false", "The console answers other machines too; without it only those who ask from this one"),
    Key("admin.console.writers", Kind.TEXT, "", "Who may change nodes and end sessions with the console, as far as ACLs let them; the same kind of list, none by default"),
    Key("admin.rateLimiterIntervalInMS", Kind.LONG, "300000", "Milliseconds between two restores; snapshots may follow each other a thousand times faster"),
    Key("http.headerTimeout", Kind.INT, "10000", "Milliseconds in which the head of an HTTP request has to be there, from its first byte; from the first of a connection on, TLS included. For AdminServer and Prometheus, as all `http.` keys; pyzoo's own keys", at_least=1),
    Key("http.minDataRate", Kind.INT, "16384", "Bytes a second that bodies of requests and answers have to keep up, beside `admin.idleTimeout`; 0 is off", at_least=0),
    Key("http.maxConnections", Kind.INT, "64", "Connections to one such port; above it the one that has been without a request for longest is closed. 0 is no limit", at_least=0),
    Key("http.maxConnectionsPerAddress", Kind.INT, "16", "The same for the connections of one address", at_least=0),
    Key("http.maxHeaderBytes", Kind.INT, "8192", "Bytes of request line and header; above it the answer is 414 or 431", at_least=256),
    Key("audit.enable", Kind.BOOL, "false", "The audit log: who has changed what; see logging.md"),
    Key("audit.impl.class", Kind.TEXT, "org.apache.zookeeper.audit.Slf4jAuditLogger", "No Java class can be loaded: it is always the audit logger that writes", _NO_EFFECT),
    Key("jmx.log4j.disable", Kind.BOOL, "false", _NO_JMX, _NO_EFFECT),
    Key("jmx.log4j.mbean", Kind.TEXT, "", _NO_JMX, _NO_EFFECT),
    Key("log.dir", Kind.PATH, ".", "Directory of the log files; the variable ZOO_LOG_DIR sets it too"),
    Key("log.file", Kind.PATH, "", "The log goes to this file too; also ZOO_LOG_FILE, or `--log-file`"),
    Key("log.threshold", Kind.TEXT, "", "Lowest level in that file: ERROR, WARN, INFO, DEBUG, TRACE, ALL or OFF"),
    Key("log.maxfilesize", Kind.TEXT, "256MB", "Size at which a new log file is begun; 0 is no limit"),
    Key("log.maxbackupindex", Kind.INT, "20", "Older log files that are kept", at_least=0),
    Key("log.level", Kind.TEXT, "INFO", "What is logged; pyzoo's own key, `--log-level` wins"),
    Key("log.level.*", Kind.TEXT, "", "The same for one logger: `log.level.QuorumPeer=DEBUG`; pyzoo's own key"),
    Key("log.format", Kind.TEXT, "text", "text or json; pyzoo's own key, `--log-format` wins"),
    Key("console.threshold", Kind.TEXT, "", "Lowest level on stderr"),
    Key("root.logger", Kind.TEXT, "", "`INFO, CONSOLE, ROLLINGFILE`: level, and where to: stderr, log.file; also ZOO_LOG4J_PROP"),
    Key("auditlog.file", Kind.PATH, "", "File of the audit log, in log.dir; without it, the audit log is a part of the log"),
    Key("auditlog.threshold", Kind.TEXT, "", "Lowest level in that file: ERROR is what failed"),
    Key("auditlog.maxfilesize", Kind.TEXT, "10MB", "Size at which a new one is begun; pyzoo's own key"),
    Key("auditlog.maxbackupindex", Kind.INT, "10", "Older ones that are kept; pyzoo's own key", at_least=0),
    *(Key(name, Kind.TEXT, "", _LOGBACK, _NO_EFFECT) for name in ("tracelog.*", "DOMAIN")),
)  # fmt: skip
