"""Keys of the AdminServer, the audit log and logging."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment

_NO_EFFECT: Final = Treatment.NO_EFFECT
_NOT_YET: Final = Treatment.NOT_YET
_NO_JMX: Final = "There is no JMX"
_LOGBACK: Final = "Read by Apache's logback.xml; logging here is set on the command line"

ADMIN_KEYS: Final[tuple[Key, ...]] = (
    Key("admin.enableServer", Kind.TEXT, "true", "The HTTP AdminServer, which is not there yet; only the exact text `false` turns it off"),
    Key("admin.serverAddress", Kind.HOST, "0.0.0.0", "Its address", _NOT_YET),
    Key("admin.serverPort", Kind.PORT, "8080", "Its port", _NOT_YET),
    Key("admin.commandURL", Kind.TEXT, "/commands", "Path under which its commands are", _NOT_YET),
    Key("admin.idleTimeout", Kind.INT, "30000", "Milliseconds after which an idle HTTP connection is closed", _NOT_YET),
    Key("admin.httpVersion", Kind.INT, "11", "The HTTP version is always 1.1", _NO_EFFECT),
    Key("admin.portUnification", Kind.BOOL, "false", "Its port takes TLS and plain connections, with the ssl.quorum stores", _NOT_YET),
    Key("admin.forceHttps", Kind.BOOL, "false", "Its port takes TLS only", _NOT_YET),
    Key("admin.needClientAuth", Kind.BOOL, "false", "Its clients need a certificate", _NOT_YET),
    Key("admin.snapshot.enabled", Kind.BOOL, "true", "The snapshot command", _NOT_YET),
    Key("admin.restore.enabled", Kind.BOOL, "true", "The restore command", _NOT_YET),
    Key("admin.rateLimiterIntervalInMS", Kind.LONG, "300000", "Milliseconds between two restores; snapshots may follow each other a thousand times faster", _NOT_YET),
    Key("audit.enable", Kind.BOOL, "false", "The audit log", _NOT_YET),
    Key("audit.impl.class", Kind.TEXT, "org.apache.zookeeper.audit.Slf4jAuditLogger", "No Java class can be loaded: it is always the audit logger that writes", _NO_EFFECT),
    Key("jmx.log4j.disable", Kind.BOOL, "false", _NO_JMX, _NO_EFFECT),
    Key("jmx.log4j.mbean", Kind.TEXT, "", _NO_JMX, _NO_EFFECT),
    *(
        Key(name, Kind.TEXT, "", _LOGBACK, _NO_EFFECT)
        for name in ("log.*", "console.threshold", "root.logger", "tracelog.*", "auditlog.*", "DOMAIN")
    ),
)  # fmt: skip
