"""The effective settings, each with the place that decided about it."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Key, Source, Treatment
from pyzoo.config.membership import is_membership_key
from pyzoo.config.reader import ConfigReader
from pyzoo.config.redaction import redacted
from pyzoo.config.settings import ServerConfig

DEFAULT: Final = "default"
COMMAND_LINE: Final = "command line"
"""Of keys that no file holds: words of the command, or what a program has given in their place."""


@frozen
class Setting:
    """One key: its effective value, `given` where another text stands there, and `origin`: a place, or `default`.

    `treatment` is what pyzoo does with the key, None for one that it does not know.
    """

    key: str
    value: str
    origin: str
    given: str | None = None
    treatment: Treatment | None = Treatment.USED


def effective_settings(config: ServerConfig, reader: ConfigReader, places: Mapping[str, str]) -> list[Setting]:
    """All settings in the order of the table, unknown ones last; `places` says where each -D property was given."""
    settings: list[Setting] = []
    shown: set[str] = set()
    for _, keys in KEYS.sections:
        for key in keys:
            for name in _names_of(key, reader):
                shown.add(name if key.source is not Source.RAW else "-D" + name)
                settings.append(_setting(key, name, config, reader, places))
    settings += _members_elsewhere(config, reader)
    for name, entry in reader.entries.items():
        if name not in shown:
            settings.append(Setting(name, redacted(name, entry.value), _file_place(reader, entry.line), None, None))
    return settings


def _names_of(key: Key, reader: ConfigReader) -> list[str]:
    """The names under which a key is used: itself, or all that were given of its family."""
    if not key.is_family:
        return [key.name]
    names = dict.fromkeys(reader.entries)
    names |= dict.fromkeys(name.removeprefix("zookeeper.") for name in reader.properties)
    return [name for name in names if KEYS.find(name) is key]


def _setting(key: Key, name: str, config: ServerConfig, reader: ConfigReader, places: Mapping[str, str]) -> Setting:
    given, origin = _given(key, name, reader, places)
    value = _derived(config).get(name) if key.source is not Source.RAW else None
    warned = {warning.key for warning in reader.warnings}
    if value is None:
        # A text that cannot be used has been replaced by the default.
        value = key.default if given is None or (name in warned and _falls_back(key, reader, name)) else given
    if given is None and name in ("clientPort", "clientPortAddress"):
        origin = _member_place(config, reader) or origin
    other = None if given is None or given == value else redacted(name, given)
    return Setting(name, redacted(name, value), origin, other, key.treatment)


def _given(key: Key, name: str, reader: ConfigReader, places: Mapping[str, str]) -> tuple[str | None, str]:
    if key.source is not Source.RAW and name in reader.entries:
        return reader.entries[name].value, _file_place(reader, reader.entries[name].line)
    property_name = name if key.source is Source.RAW else "zookeeper." + name
    if key.source is not Source.FILE and property_name in reader.properties:
        return reader.properties[property_name], places.get(property_name, f"-D{property_name}")
    return None, DEFAULT


def _falls_back(key: Key, reader: ConfigReader, name: str) -> bool:
    """Whether the warning about a key says that its default is used."""
    return any(
        warning.key == name and warning.message.endswith(f"{key.default} is used") for warning in reader.warnings
    )


def _file_place(reader: ConfigReader, line: int) -> str:
    return COMMAND_LINE if reader.path is None else f"{reader.path}:{line}"


def _derived(config: ServerConfig) -> dict[str, str]:
    """Values that other settings decide about where they are not given."""
    values: dict[str, object] = {
        "dataDir": config.data_dir,
        "dataLogDir": config.data_log_dir,
        "minSessionTimeout": config.min_session_timeout_ms,
        "maxSessionTimeout": config.max_session_timeout_ms,
        "clientPort": config.client_port,
        "clientPortAddress": config.client_port_address,
        "connectToLearnerMasterLimit": config.quorum.connect_to_learner_master_limit or config.init_limit,
        "snapCount": config.snap_count,
        "commitLogCount": config.commit_log_count,
        "autopurge.snapRetainCount": config.autopurge_snap_retain_count,
        "jute.maxbuffer.extrasize": config.jute_max_buffer_extra,
        "largeRequestThreshold": config.large_request_threshold,
        "4lw.commands.whitelist": ",".join(sorted(config.four_letter_word_whitelist)),
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _member_place(config: ServerConfig, reader: ConfigReader) -> str | None:
    """Where the line stands that gives this server its client address; None without one."""
    me = config.membership.server(config.server_id) or next(iter(config.membership.servers), None)
    if me is None or me.client_port is None:
        return None
    entry = reader.entries.get(f"server.{me.id}")
    return reader.file_text("dynamicConfigFile") if entry is None else _file_place(reader, entry.line)


def _members_elsewhere(config: ServerConfig, reader: ConfigReader) -> list[Setting]:
    """The members of a dynamic file."""
    dynamic = reader.file_text("dynamicConfigFile")
    if dynamic is None:
        return []
    lines = (line.partition("=") for line in config.membership.lines())
    return [Setting(name, value, dynamic) for name, _, value in lines if is_membership_key(name)]
