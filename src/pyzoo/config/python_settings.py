"""Settings that a program gives: keys of a zoo.cfg and system properties by name, with values of Python."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from attrs import field, frozen

from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Source
from pyzoo.config.membership import is_membership_key
from pyzoo.errors import ConfigError

_VALUES: Final = "text, a number, True or False, or a path"
PREFIX: Final = "zookeeper."


class _Path(Protocol):
    """What pathlib has."""

    def __fspath__(self) -> str: ...


PropertyValue = str | int | float | bool | _Path
"""What a setting may be given as: True is the text "true"."""


@frozen
class GivenSettings:
    """The same as text: `entries` are what a zoo.cfg would hold, `properties` what -D would set."""

    entries: dict[str, str] = field(factory=dict)
    properties: dict[str, str] = field(factory=dict)

    def lines(self) -> list[str]:
        """The entries that only a file can give."""
        return [f"{name}={value}" for name, value in self.entries.items() if _is_of_file(name)]

    def all_properties(self) -> dict[str, str]:
        """All others as -D sets them."""
        return {PREFIX + name: value for name, value in self.entries.items() if not _is_of_file(name)} | self.properties

    def concern(self, prefix: str) -> bool:
        """Whether some key begins so, given in either way."""
        return any(name.removeprefix(PREFIX).startswith(prefix) for name in (*self.entries, *self.properties))


def given_settings(given: Mapping[str, PropertyValue], arguments: Mapping[str, str]) -> GivenSettings:
    """Sort what a program has given; `arguments` says which parameter stands for a key that is none of these.

    A name is that of a key as in a zoo.cfg ("snapCount"), or of a system property ("zookeeper.snapCount"). Raises
    ConfigError, which names the nearest right one, for a name that means nothing, and for values of other types.
    """
    settings = GivenSettings()
    for name, value in given.items():
        if name in arguments:
            raise ConfigError(f"{name} is not given here: use {arguments[name]}", key=name)
        refuse_unknown(name)
        is_property = name.startswith(PREFIX) or name in KEYS.raw_by_name
        (settings.properties if is_property else settings.entries)[name] = text_of(name, value)
    return settings


def _is_of_file(name: str) -> bool:
    key = KEYS.find(name)
    return key is not None and key.source is Source.FILE


def refuse_unknown(name: str) -> None:
    """Raise ConfigError unless the name does something, in the way that it is written."""
    short = name.removeprefix(PREFIX)
    key = KEYS.find(short)
    if is_membership_key(short):
        raise ConfigError(f"{name} is not given here: LocalEnsemble makes the members", key=name)
    if short in KEYS.raw_by_name and key is None:
        if name != short:
            raise ConfigError(f"{name} means nothing: write {short}, without the prefix", key=name)
    elif key is None:
        raise ConfigError(f"{name} is not a known setting{_meant(name)}", key=name)
    elif key.source is Source.FILE and name != short:
        raise ConfigError(f"{name} means nothing: write {short}, without the prefix", key=name)


def _meant(name: str) -> str:
    """The question whether the nearest known name was meant, written the same way."""
    short = name.removeprefix(PREFIX)
    near = KEYS.closest(short)
    if near is None:
        near = next(iter(_near(short, KEYS.raw_by_name)), None)
        return "; `pyzoo config keys` lists all" if near is None else f"; did you mean {near}?"
    prefix = PREFIX if name != short and KEYS.by_name[near].source is not Source.FILE else ""
    return f"; did you mean {prefix}{near}?"


def _near(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.8)


def text_of(name: str, value: PropertyValue) -> str:
    """A value as a zoo.cfg has it. Raises ConfigError for what has no such text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if not hasattr(value, "__fspath__"):
        raise ConfigError(f"{name}={value!r}: give {_VALUES}", key=name)
    return value.__fspath__()
