"""Warnings about keys that do nothing: unknown, given in the wrong place, or without meaning in pyzoo."""

from typing import Final

from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Key, Kind, Source, Treatment
from pyzoo.config.reader import ConfigReader

# Set by the scripts and by pyzoo itself, or handed to the logging of Java.
_SILENT_PROPERTIES: Final = frozenset({"zookeeper.version", "zookeeper.configuration"})


def warn_about_unused(reader: ConfigReader) -> None:
    """Add a warning for every entry and property that will not do what it seems to say."""
    for name in reader.entries:
        _warn_about_entry(reader, name)
    for property_name, value in reader.properties.items():
        prefix, _, name = property_name.partition(".")
        if prefix != "zookeeper" or property_name in _SILENT_PROPERTIES or name in reader.entries:
            raw = KEYS.raw_by_name.get(property_name)
            if raw is not None:
                _warn_about_effect(reader, raw, property_name, value)
            continue
        _warn_about_property(reader, name, value)


def _warn_about_entry(reader: ConfigReader, name: str) -> None:
    key = KEYS.find(name)
    if key is not None:
        _warn_about_effect(reader, key, name, reader.entries[name].value)
    elif name in KEYS.raw_by_name:
        reader.warn(f"{name} has no effect in the file: give it as -D{name}=...", name)
    elif name.startswith("zookeeper.") and (name[10:] in KEYS.raw_by_name or KEYS.find(name[10:])):
        reader.warn(f"{name} has no effect: write {name[10:]}, without the prefix", name)
    else:
        reader.warn(_unknown(name), name)


def _warn_about_property(reader: ConfigReader, name: str, value: str) -> None:
    key = KEYS.find(name)
    if key is None and name in KEYS.raw_by_name:
        reader.warn(f"it has no effect with the prefix: give -D{name}=...", name)
    elif key is None:
        reader.warn(_unknown(name), name)
    elif key.source is Source.FILE:
        if not (name in ("observer.syncEnabled",) or name.startswith("multiAddress.")):
            reader.warn(f"{name} has no effect as a property: write it into the configuration file", name)
    else:
        _warn_about_effect(reader, key, name, value)


def _warn_about_effect(reader: ConfigReader, key: Key, name: str, value: str) -> None:
    same = value.lower() == key.default if key.kind is Kind.BOOL else value == key.default
    if key.treatment is Treatment.NO_EFFECT and not same:
        reader.warn(f"{name} has no effect here. {key.meaning}", name)
    elif key.treatment is Treatment.NOT_YET and not same:
        reader.warn(f"{name} has no effect yet: this version does not offer it", name)


def _unknown(name: str) -> str:
    near = KEYS.closest(name)
    meant = f"; did you mean {near}?" if near else ""
    return f"{name} is not a known key: it only becomes the property zookeeper.{name}{meant}"
