"""The ways to a ServerConfig: the text of a configuration file, the words of a command line, or nothing.

No file is read here: `files_needed` says which ones the caller has to read and pass along.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from pyzoo.config import ensemble_settings
from pyzoo.config.admin_settings import read_admin, read_http, read_metrics, read_pauses
from pyzoo.config.dynamic_files import next_path
from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Kind, Source
from pyzoo.config.log_settings import read_logs
from pyzoo.config.membership import (
    Membership,
    QuorumServer,
    is_membership_key,
    members_of_text,
    parse_membership,
    parse_version,
)
from pyzoo.config.properties import Property, parse_properties
from pyzoo.config.read_access import with_access
from pyzoo.config.read_server import with_requests, with_storage, with_throttles
from pyzoo.config.reader import ConfigReader, ConfigWarning
from pyzoo.config.refusals import refuse_contradictions
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tuning import read_tuning
from pyzoo.config.unused import warn_about_unused
from pyzoo.errors import ConfigError

USAGE: Final = "give one configuration file, or: port datadir [ticktime] [maxcnxns]"
_SERVE_TICK_MS: Final = 2000
_ANY_HOSTS: Final = (ANY_HOST, "::")
_NOTHING: Final[Mapping[str, str]] = {}


@frozen
class NeededFiles:
    """Paths that belong to a configuration; of these only `dynamic_config` (when named) has to exist.

    There is no place for `my_id` without dataDir.
    """

    my_id: str | None
    dynamic_config: str | None = None
    next_dynamic_config: str | None = None

    def paths(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(path for path in (self.my_id, self.dynamic_config, self.next_dynamic_config) if path is not None)


def files_needed(text: str, path: str) -> NeededFiles:
    """The files, in ISO-8859-1, that `parse_config_text` wants; raises ConfigError for a broken escape."""
    reader = ConfigReader(parse_properties(text, path), path, {})
    dynamic = reader.file_text("dynamicConfigFile")
    data_dir = reader.file_text("dataDir")
    my_id = None if data_dir is None else my_id_path(data_dir)
    return NeededFiles(my_id, dynamic, None if dynamic is None else next_path(path))


def parse_config_text(
    text: str, path: str, properties: Mapping[str, str] = _NOTHING, files: Mapping[str, str] = _NOTHING
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings of a configuration file over -D properties, and what its author should know.

    `files` holds the text of `files_needed` by path, without those that do not exist. Raises ConfigError for
    the first value that is wrong. Ask the result whether it is `distributed` before a server runs alone.
    """
    reader = ConfigReader(parse_properties(text, path), path, properties)
    return build_config(reader, text, files)


def config_from_arguments(
    port: int | str,
    data_dir: str,
    tick_time: int | str | None = None,
    max_cnxns: int | str | None = None,
    properties: Mapping[str, str] = _NOTHING,
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings of `port datadir [ticktime] [maxcnxns]` (ZooKeeperServerMain): no limit of connections.

    An empty data_dir is for servers that keep nothing on disk.
    """
    given = {
        "clientPort": port,
        "dataDir": data_dir,
        "tickTime": tick_time,
        "maxClientCnxns": max_cnxns or 0,
    }
    return config_from_values({name: str(value) for name, value in given.items() if value is not None}, properties)


def config_from_words(
    words: Sequence[str], properties: Mapping[str, str] = _NOTHING
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """`config_from_arguments` for the two to four words of a command line."""
    if not 2 <= len(words) <= 4:
        raise ConfigError(f"{len(words)} arguments are wrong: {USAGE}")
    port, data_dir, *rest = words
    tick_time, max_cnxns = [*rest, None, None][:2]
    return config_from_arguments(port, data_dir, tick_time, max_cnxns, properties=properties)


def default_config(
    data_dir: str, client_port: int = 2181, properties: Mapping[str, str] = _NOTHING
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings without any file or argument: those of Apache's sample file (ticks of 2 s)."""
    values = {"clientPort": str(client_port), "dataDir": data_dir, "tickTime": str(_SERVE_TICK_MS)}
    return config_from_values(values, properties)


def config_from_values(
    values: Mapping[str, str], properties: Mapping[str, str]
) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings of keys that no file holds: the AdminServer is off unless some of them is about it."""
    entries = {name: Property(name, value, 0) for name, value in values.items()}
    config, warnings = build_config(ConfigReader(entries, None, properties), "", {})
    if not any(name.removeprefix("zookeeper.").startswith("admin.") for name in (*entries, *properties)):
        config = evolve(config, admin=evolve(config.admin, enabled=False))
    return config, warnings


def build_config(reader: ConfigReader, text: str, files: Mapping[str, str]) -> tuple[ServerConfig, list[ConfigWarning]]:
    """The settings of what `reader` holds; as `parse_config_text`."""
    _check_all_file_values(reader)
    warn_about_unused(reader)
    config = _basics(reader, text)
    config = _with_last_seen(_with_ensemble(config, reader, files), reader, files)
    _check_ports(config, reader)
    config = with_throttles(with_requests(with_storage(config, reader), reader), reader)
    config = evolve(
        config,
        admin=read_admin(reader),
        metrics=read_metrics(reader),
        http=read_http(reader),
        pauses=read_pauses(reader),
        logs=read_logs(reader),
        audit_enabled=reader.boolean("audit.enable"),
        tuning=read_tuning(reader, config.distributed),
        properties=reader.effective_properties(),
        source=reader,
    )
    config = with_access(config, reader)
    refuse_contradictions(config, reader)
    return config, reader.warnings


def _check_all_file_values(reader: ConfigReader) -> None:
    """File keys have to be right even when nothing here uses them (QuorumPeerConfig.parseProperties)."""
    for name in reader.entries:
        key = KEYS.by_name.get(name)
        if key is None or key.source is not Source.FILE:
            continue
        if key.kind in (Kind.INT, Kind.LONG):
            reader.file_integer(name)
        elif key.kind is Kind.BOOL:
            reader.file_boolean(name)
        elif key.kind is Kind.PORT:
            reader.file_port(name)


def _basics(reader: ConfigReader, text: str) -> ServerConfig:
    data_dir = _data_dir(reader)
    data_log_dir = reader.file_text("dataLogDir") or data_dir
    for name in ("dataDir", "dataLogDir", "dynamicConfigFile"):
        given = reader.file_text(name)
        if given and reader.path is not None and not given.startswith(("/", ".")):
            reader.warn(
                f"{name}={given} depends on where the server is started: write ./{given} if it is meant so",
                name,
            )
    tick = reader.file_integer("tickTime")
    shortest, longest = (reader.file_integer(name) for name in ("minSessionTimeout", "maxSessionTimeout"))
    shortest, longest = 2 * tick if shortest == -1 else shortest, 20 * tick if longest == -1 else longest
    if shortest > longest:
        name = "minSessionTimeout" if "minSessionTimeout" in reader.entries else "maxSessionTimeout"
        raise reader.error(
            f"minSessionTimeout ({shortest} ms) must not be larger than maxSessionTimeout ({longest} ms)",
            name,
        )
    return ServerConfig(
        data_dir=data_dir,
        data_log_dir=data_log_dir,
        client_port=reader.file_port("clientPort"),
        client_port_address=reader.host("clientPortAddress") or None,
        secure_client_port=reader.file_port("secureClientPort"),
        secure_client_port_address=reader.host("secureClientPortAddress") or None,
        client_port_listen_backlog=reader.file_integer("clientPortListenBacklog"),
        tick_time_ms=tick,
        min_session_timeout_ms=shortest,
        max_session_timeout_ms=longest,
        config_path=reader.path,
        initial_config=text,
        standalone_enabled=reader.file_boolean("standaloneEnabled"),
        reconfig_enabled=reader.file_boolean("reconfigEnabled"),
        init_limit=reader.file_integer("initLimit"),
        sync_limit=reader.file_integer("syncLimit"),
        quorum=ensemble_settings.read_quorum(reader),
    )


def _data_dir(reader: ConfigReader) -> str:
    data_dir = reader.given("dataDir")
    if not data_dir and (data_dir is None or reader.path is not None):
        raise reader.error("dataDir is not set: write dataDir=/a/directory", "dataDir")
    return data_dir


def my_id_path(data_dir: str) -> str:
    """Where a server's own number stands."""
    return data_dir.rstrip("/") + "/myid"


def _with_ensemble(config: ServerConfig, reader: ConfigReader, files: Mapping[str, str]) -> ServerConfig:
    """Add the members; a single one may bring the client port (QuorumPeerConfig.setupClientPort)."""
    for name in ("clientPort", "secureClientPort"):
        if reader.file_text(name + "Address") is not None and reader.file_text(name) is None:
            raise reader.error(f"{name}Address is set but {name} is not set", name + "Address")
    members = _members(reader, files)
    ensemble_settings.check_membership(reader, members, config.standalone_enabled)
    my_id = _my_id(files.get(my_id_path(config.data_dir)), my_id_path(config.data_dir))
    config = evolve(config, membership=members)
    me = None if my_id is None else members.server(my_id)
    if config.distributed:
        ensemble_settings.check_distributed(reader, config.quorum, members, my_id)
        assert my_id is not None
        config = evolve(config, server_id=my_id)
    elif me is None and members.servers:
        me = members.servers[0]
    return config if me is None or me.client_port is None else _with_client_address(config, reader, me)


def _with_last_seen(config: ServerConfig, reader: ConfigReader, files: Mapping[str, str]) -> ServerConfig:
    """Add the members of a `.next` file, unless they became the current ones before it was deleted."""
    if not config.reconfig_enabled or reader.path is None or reader.file_text("dynamicConfigFile") is None:
        return config
    path = next_path(reader.path)
    if path not in files:
        return config
    members = members_of_text(files[path], config.quorum.multi_address_enabled, path)
    return evolve(config, last_seen_membership=members) if members.version > config.membership.version else config


def _with_client_address(config: ServerConfig, reader: ConfigReader, me: QuorumServer) -> ServerConfig:
    """Take the client address of the member line; one in the static file must not contradict it."""
    static_host, static_port = config.client_port_address or ANY_HOST, config.client_port
    hosts_agree = static_host in (*_ANY_HOSTS, me.client_host)
    # A port of 0 leaves the choice, here to the member line.
    if static_port and (static_port != me.client_port or not hosts_agree):
        raise reader.error(
            f"the client address is {static_host}:{static_port} here but {me.client_host}:{me.client_port} "
            f"in the line of server.{me.id}: remove clientPort and clientPortAddress",
            "clientPort",
        )
    host = None if me.client_host == ANY_HOST else me.client_host
    return evolve(config, client_port=me.client_port, client_port_address=host)


def _members(reader: ConfigReader, files: Mapping[str, str]) -> Membership:
    """The member list, of the file itself or of the dynamic file that it names."""
    multi_address = ensemble_settings.multi_address_enabled(reader)
    dynamic = reader.file_text("dynamicConfigFile")
    static = [entry for entry in reader.entries.values() if is_membership_key(entry.key)]
    if dynamic is None:
        return parse_membership(static, reader.path, 0, multi_address)
    if static:
        raise reader.error(f"{static[0].key} must stand in the dynamic file {dynamic}, not here", static[0].key)
    if dynamic not in files:
        raise reader.error(f"dynamicConfigFile: the file {dynamic} is missing", "dynamicConfigFile")
    inside = parse_properties(files[dynamic], dynamic).get("version")
    if inside is not None:
        raise ConfigError(
            "version must not stand here: it is the end of the file's name", dynamic, inside.line, "version"
        )
    return evolve(members_of_text(files[dynamic], multi_address, dynamic), version=_version_of(dynamic))


def _version_of(dynamic_path: str) -> int:
    """The version that a dynamic file has in its name, in hex after the last dot; 0 without one."""
    _, dot, end = dynamic_path.rpartition(".")
    return (parse_version(end) or 0) if dot else 0


def _my_id(text: str | None, path: str) -> int | None:
    if text is None:
        return None
    first_line = text.split("\n", 1)[0].strip()
    number = parse_decimal(first_line, 64)
    if number is None:
        raise ConfigError(f"the server id {first_line!r} is not a number", path, 1, "myid")
    return number


def _check_ports(config: ServerConfig, reader: ConfigReader) -> None:
    if config.client_port is None and config.secure_client_port is None:
        reader.warn("no client can connect: set clientPort or secureClientPort")
