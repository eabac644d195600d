"""Settings for operators: the AdminServer, the metrics provider, what both allow over HTTP, and the pause monitor."""

import re
from typing import Final

from attrs import field, frozen

from pyzoo.config.reader import ConfigReader
from pyzoo.config.tls_settings import TlsSettings, read_metrics_tls

DEFAULT: Final = "default"
NULL: Final = "null"
PROMETHEUS: Final = "prometheus"
CONSOLE_PATH: Final = "/console"
"""Below it is all of the console but the overview."""
LARGEST_PORT: Final = 65535

_METRICS: Final = "org.apache.zookeeper.metrics."
_PROVIDERS: Final = {
    _METRICS + "impl.DefaultMetricsProvider": DEFAULT,
    _METRICS + "impl.NullMetricsProvider": NULL,
    _METRICS + "prometheus.PrometheusMetricsProvider": PROMETHEUS,
}
_WITHOUT_COMMAS: Final = ("digest", "ip", "sasl", "world")
_BETWEEN_IDS: Final = re.compile(r",(?=\s*(?:[A-Za-z][A-Za-z0-9]*:|,|$))")


@frozen
class ConsoleSettings:
    """The console of the AdminServer; without `remote` it is for this machine alone.

    `readers` and `writers` are pairs of scheme and id, as in an ACL; `hosts` are names in small letters.
    """

    enabled: bool = True
    remote: bool = False
    hosts: frozenset[str] = frozenset()
    readers: tuple[tuple[str, str], ...] = (("world", "anyone"),)
    writers: tuple[tuple[str, str], ...] = ()
    recipes_file: str = ""


@frozen
class AdminSettings:
    """The HTTP AdminServer; `rate_limiter_interval` is ms for restores and microseconds for snapshots.

    `restore_max_bytes` is 0 for a multiple of the present database, the `min_free_bytes` -1 for a part of the disk.
    """

    enabled: bool = True
    address: str = "0.0.0.0"
    port: int = 8080
    command_url: str = "/commands"
    idle_timeout_ms: int = 30_000
    port_unification: bool = False
    force_https: bool = False
    need_client_auth: bool = False
    snapshot_enabled: bool = True
    restore_enabled: bool = True
    restore_max_bytes: int = 0
    restore_min_free_bytes: int = -1
    snapshot_min_free_bytes: int = -1
    rate_limiter_interval: int = 300_000
    console: ConsoleSettings = field(factory=ConsoleSettings)

    @property
    def commands_at(self) -> str:
        """The path of the commands, with a slash at its beginning and none at its end, or `/` alone."""
        return "/" + self.command_url.strip("/")

    @property
    def has_console(self) -> bool:
        """Whether there is a console; commands win, so there is none where they are everywhere, or in its place."""
        return self.console.enabled and self.commands_at not in ("/", CONSOLE_PATH)


@frozen
class MetricsSettings:
    """Where metrics go: `provider` is default, null or prometheus; the rest is for the last.

    One of the two ports is there; if both are one, it takes TLS and plain connections.
    """

    provider: str = DEFAULT
    http_host: str = "0.0.0.0"
    http_port: int | None = 7000
    export_jvm_info: bool = True
    https_port: int | None = None
    tls: TlsSettings | None = None


@frozen
class HttpLimits:
    """What clients of the AdminServer, and of the endpoint for Prometheus, may use up.

    `header_timeout_ms` is for the head of a request, from its first byte; `min_data_rate` is bytes a second, of bodies
    both ways, and `max_header_bytes` for request line and header together. 0 is no limit of the rate or of connections.
    """

    header_timeout_ms: int = 10_000
    min_data_rate: int = 16_384
    max_connections: int = 64
    max_connections_per_address: int = 16
    max_header_bytes: int = 8192


@frozen
class PauseSettings:
    """What watches for pauses of the process; a pause above a threshold is logged, all times in ms."""

    enabled: bool = False
    info_threshold_ms: int = 1000
    warn_threshold_ms: int = 10_000
    sleep_ms: int = 500


def read_admin(reader: ConfigReader) -> AdminSettings:
    """The `admin.` keys."""
    enabled = reader.text("admin.enableServer")
    if enabled not in ("true", "false"):
        reader.warn(f"admin.enableServer={enabled} leaves it on: only the exact text false turns it off",
                    "admin.enableServer")  # fmt: skip
    return AdminSettings(
        enabled=enabled != "false",
        address=reader.host("admin.serverAddress"),
        port=reader.port("admin.serverPort"),
        command_url=reader.text("admin.commandURL"),
        idle_timeout_ms=reader.integer("admin.idleTimeout"),
        port_unification=reader.boolean("admin.portUnification"),
        force_https=reader.boolean("admin.forceHttps"),
        need_client_auth=reader.boolean("admin.needClientAuth"),
        snapshot_enabled=reader.boolean("admin.snapshot.enabled"),
        restore_enabled=reader.boolean("admin.restore.enabled"),
        restore_max_bytes=reader.integer("admin.restore.maxBytes"),
        snapshot_min_free_bytes=reader.integer("admin.snapshot.minFreeBytes"),
        restore_min_free_bytes=reader.integer("admin.restore.minFreeBytes"),
        rate_limiter_interval=reader.integer("admin.rateLimiterIntervalInMS"),
        console=_read_console(reader),
    )


def _read_console(reader: ConfigReader) -> ConsoleSettings:
    """The `admin.console` keys; raises ConfigError for a list of ids that is none."""
    return ConsoleSettings(
        enabled=reader.boolean("admin.console"),
        remote=reader.boolean("admin.console.remote"),
        hosts=frozenset(name.lower() for name in reader.names("admin.console.hosts")),
        readers=_ids(reader, "admin.console.readers"),
        writers=_ids(reader, "admin.console.writers"),
        recipes_file=reader.text("admin.console.recipes"),
    )


def _ids(reader: ConfigReader, name: str) -> tuple[tuple[str, str], ...]:
    """A comma list of scheme:id, whose ids may have commas too. One that is misread would let in the wrong people."""
    found: list[tuple[str, str]] = []
    for item in filter(None, map(str.strip, _BETWEEN_IDS.split(reader.text(name)))):
        scheme, _, id = item.partition(":")
        if not scheme or not id or ("," in id and scheme in _WITHOUT_COMMAS):
            raise reader.error(
                f"{name}: {item} is no scheme:id, such as digest:alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=", name
            )
        found.append((scheme, id))
    return tuple(found)


def read_metrics(reader: ConfigReader) -> MetricsSettings:
    """The `metricsProvider.` keys; raises ConfigError for a class that is not there."""
    name = "metricsProvider.className"
    provider = _PROVIDERS.get(reader.text(name))
    if provider is None:
        raise reader.error(f"{name}={reader.text(name)}: there are only {', '.join(_PROVIDERS)}", name)
    port, https_port = reader.file_port("metricsProvider.httpPort"), _https_port(reader)
    is_secure = provider == PROMETHEUS and https_port is not None
    return MetricsSettings(
        provider=provider,
        http_host=reader.host("metricsProvider.httpHost"),
        http_port=7000 if port is None and https_port is None else port,
        export_jvm_info=reader.file_boolean("metricsProvider.exportJvmInfo"),
        https_port=https_port,
        tls=read_metrics_tls(reader) if is_secure else None,
    )


def _https_port(reader: ConfigReader) -> int | None:
    name = "metricsProvider.httpsPort"
    port = reader.file_integer(name)
    if port > LARGEST_PORT:
        raise reader.error(f"{name}={port}: a port must be between 0 and {LARGEST_PORT}", name)
    return None if port < 0 else port


def read_http(reader: ConfigReader) -> HttpLimits:
    """The `http.` keys."""
    return HttpLimits(
        header_timeout_ms=reader.integer("http.headerTimeout"),
        min_data_rate=reader.integer("http.minDataRate"),
        max_connections=reader.integer("http.maxConnections"),
        max_connections_per_address=reader.integer("http.maxConnectionsPerAddress"),
        max_header_bytes=reader.integer("http.maxHeaderBytes"),
    )


def read_pauses(reader: ConfigReader) -> PauseSettings:
    """The `jvm.pause.` keys."""
    return PauseSettings(
        enabled=reader.file_boolean("jvm.pause.monitor"),
        info_threshold_ms=reader.file_integer("jvm.pause.info-threshold.ms"),
        warn_threshold_ms=reader.file_integer("jvm.pause.warn-threshold.ms"),
        sleep_ms=max(reader.file_integer("jvm.pause.sleep.time.ms"), 1),
    )
