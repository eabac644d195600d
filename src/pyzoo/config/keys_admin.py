"""Keys of the AdminServer, the audit log and logging."""

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment

_NO_EFFECT: Final = Treatment.NO_EFFECT
_NO_JMX: Final = "There is no JMX"
_LOGBACK: Final = "Read by Apache's logback.xml; logging here is set on the command line"

ADMIN_KEYS: Final[tuple[Key, ...]] = (
    Key("admin.enableServer", Kind.TEXT, "true", "The HTTP AdminServer; only the exact text `false` turns it off"),
    Key("admin.serverAddress", Kind.HOST, "0.0.0.0", "Its address"),
    Key("admin.serverPort", Kind.PORT, "8080", "Its port"),
    Key("admin.commandURL", Kind.TEXT, "/commands", "Path under which its commands are"),
    Key("admin.idleTimeout", Kind.INT, "30000", "Milliseconds after which an idle HTTP connection is closed"),
    Key("admin.httpVersion", Kind.INT, "11", "The HTTP version is always 1.1", _NO_EFFECT),
    Key("admin.portUnification", Kind.BOOL, "false", "Its port takes TLS and plain connections, with the ssl.quorum stores"),
    Key("admin.forceHttps", Kind.BOOL, "false", "Its port takes TLS only"),
    Key("admin.needClientAuth", Kind.BOOL, "false", "Its clients need a certificate"),
    Key("admin.snapshot.enabled", Kind.BOOL, "true", "The snapshot command"),
    Key("admin.restore.enabled", Kind.BOOL, "true", "The restore command"),
    Key("admin.rateLimiterIntervalInMS", Kind.LONG, "300000", "Milliseconds between two restores; snapshots may follow each other a thousand times faster"),
    Key("audit.enable", Kind.BOOL, "false", "The audit log"),
    Key("audit.impl.class", Kind.TEXT, "org.apache.zookeeper.audit.Slf4jAuditLogger", "No Java class can be loaded: it is always the audit logger that writes", _NO_EFFECT),
    Key("jmx.log4j.disable", Kind.BOOL, "false", _NO_JMX, _NO_EFFECT),
    Key("jmx.log4j.mbean", Kind.TEXT, "", _NO_JMX, _NO_EFFECT),
    *(
        Key(name, Kind.TEXT, "", _LOGBACK, _NO_EFFECT)
        for name in ("log.*", "console.threshold", "root.logger", "tracelog.*", "auditlog.*", "DOMAIN")
    ),
)  # fmt: skip
