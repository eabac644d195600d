"""Reading single values: where each comes from, what is wrong with it, and what is used instead.

Two kinds of keys, as in Apache's server: a wrong value of a file key stops the start (`file_*` raise
ConfigError), a wrong value of a property falls back to its default. Java does the latter in silence; here a
ConfigWarning tells.
"""

from collections.abc import Callable, Mapping
from typing import Final, final

from attrs import frozen

from pyzoo.config.hosts import bare_host
from pyzoo.config.java_numbers import decode_integer, parse_boolean, parse_decimal, parse_float
from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Key, Kind, Source
from pyzoo.config.properties import Property
from pyzoo.errors import ConfigError

_BITS: Final = {Kind.LONG: 64}


@frozen
class ConfigWarning:
    """Something in the configuration that works otherwise than its author may think."""

    message: str
    path: str | None = None
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        return str(ConfigError(self.message, self.path, self.line))


@final
class ConfigReader:
    """The values of one file over the -D properties; collects warnings while it is asked."""

    def __init__(self, entries: Mapping[str, Property], path: str | None, properties: Mapping[str, str]) -> None:
        self.path: Final = path
        self.entries: Final = dict(entries)
        self.properties: Final = dict(properties)
        self.warnings: list[ConfigWarning] = []

    # --- where a value stands

    def error(self, message: str, name: str | None = None) -> ConfigError:
        """The error for a key, with the place where its value was given."""
        return ConfigError(message, *self.place(name), name)

    def warn(self, message: str, name: str | None = None) -> None:
        """Note a warning for a key, with the place where its value was given."""
        warning = ConfigWarning(message, *self.place(name), name)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def given(self, name: str) -> str | None:
        """The text that decides about a key, None when nobody gave one."""
        key = KEYS.by_name.get(name) or KEYS.find(name)
        if name in self.entries:
            return self.entries[name].value
        if key is None or key.source is not Source.FILE:
            return self.properties.get("zookeeper." + name)
        return None

    def effective_properties(self) -> dict[str, str]:
        """All system properties as they stand after the file: its keys override -D."""
        merged = dict(self.properties)
        for name, entry in self.entries.items():
            key = KEYS.find(name)
            if key is None or key.source is Source.PROPERTY or name.startswith("server."):
                merged["zookeeper." + name] = entry.value
        return merged

    def place(self, name: str | None) -> tuple[str | None, int | None]:
        """Where the value of a key was given: a path and a line, or -D; without one, the file."""
        if name is None:
            return self.path, None
        if name in self.entries:
            return self.path, self.entries[name].line
        property_name = name if name in self.properties else "zookeeper." + name
        return (f"-D{property_name}", None) if property_name in self.properties else (self.path, None)

    # --- keys of the file: wrong values raise

    def file_text(self, name: str) -> str | None:
        """A text of the file; an empty one counts as missing."""
        return self.given(name) or None

    def file_integer(self, name: str) -> int:
        """A number of the file, or of a property with which Apache is as strict (Integer.parseInt)."""
        key = KEYS.by_name[name]
        text = self.given(name)
        if text is None:
            return int(key.default)
        number = parse_decimal(text, _BITS.get(key.kind, 32))
        if number is None:
            raise self.error(f"{name}={text}: it must be a whole number" + _such_as(key), name)
        return self._refused_outside(name, number, key)

    def file_boolean(self, name: str) -> bool:
        """A boolean of the file."""
        text = self.given(name)
        if text is None:
            return KEYS.by_name[name].default == "true"
        if text.lower() not in ("true", "false"):
            raise self.error(f"{name}={text}: choose true or false", name)
        return text.lower() == "true"

    def file_port(self, name: str) -> int | None:
        """A port of the file; 0 is one too."""
        if self.given(name) is None:
            return None
        port = self.file_integer_of(name)
        if not 0 <= port <= 65535:
            raise self.error(f"{name}={port}: a port must be between 0 and 65535", name)
        return port

    def file_integer_of(self, name: str) -> int:
        """A number of the file whose key has no default."""
        text = self.given(name) or ""
        number = parse_decimal(text)
        if number is None:
            raise self.error(f"{name}={text}: it must be a whole number", name)
        return number

    # --- properties: wrong values fall back

    def text(self, name: str) -> str:
        """A text, or its default."""
        text = self.given(name)
        return KEYS.by_name[name].default if text is None else text

    def host(self, name: str) -> str:
        """A host without brackets, or its default; a value that cannot be one raises."""
        text = self.text(name).strip()
        try:
            return bare_host(text)
        except ValueError as error:
            raise self.error(f"{name}={text}: {error}, for example {name}=[::1]", name) from None

    def boolean(self, name: str) -> bool:
        """True for `true` in any case; anything else is false, with a warning unless it is `false`."""
        return self._boolean(name, self.given(name), KEYS.by_name[name])

    def word(self, name: str, word: str, opposite: str) -> bool:
        """Whether the value is exactly that word; others than its opposite get a warning."""
        text = self.text(name)
        if text not in (word, opposite):
            self.warn(f"{name}={text} counts as {opposite}: choose {word} or {opposite}", name)
        return text == word

    def integer(self, name: str, otherwise: int | None = None) -> int:
        """A number. One outside its range gives `otherwise`, or else the default; no number the default."""
        key = KEYS.by_name[name]
        return self._fitting(name, self._number(name, self.given(name), key, otherwise), key, otherwise)

    def raw_integer(self, name: str) -> int:
        """A number that only -D gives, without a prefix."""
        key = KEYS.raw_by_name[name]
        return self._fitting(name, self._number(name, self.properties.get(name), key, None), key, None)

    def bounded_integer(self, name: str) -> int:
        """A number where Apache's server ends with one outside the range: that raises, no number gives the default."""
        key = KEYS.by_name[name]
        return self._refused_outside(name, self._number(name, self.given(name), key, None), key)

    def raw_text(self, name: str) -> str:
        """A text that only -D gives, without a prefix."""
        return self.properties.get(name, KEYS.raw_by_name[name].default)

    def raw_boolean(self, name: str) -> bool:
        """A boolean that only -D gives, without a prefix."""
        return self._boolean(name, self.properties.get(name), KEYS.raw_by_name[name])

    def port(self, name: str) -> int:
        """A port of a property."""
        port = self.integer(name)
        if not 0 <= port <= 65535:
            raise self.error(f"{name}={port}: a port must be between 0 and 65535", name)
        return port

    def ratio(self, name: str, accepted: Callable[[float], bool]) -> float:
        """A fraction; one that is not accepted, or no number, gives the default."""
        text = self.given(name)
        default = float(KEYS.by_name[name].default)
        if text is None:
            return default
        number = parse_float(text)
        if number is not None and accepted(number):
            return number
        self.warn(f"{name}={text} cannot be used: {default} is used", name)
        return default

    def names(self, name: str) -> tuple[str, ...]:
        """A comma list without its blanks and empty items."""
        items = (item.strip() for item in self.text(name).split(","))
        return tuple(item for item in items if item)

    def property_boolean(self, name: str) -> bool:
        """A boolean by the property alone, of a key that is for the file otherwise."""
        return self._boolean(name, self.properties.get("zookeeper." + name), KEYS.by_name[name])

    def _boolean(self, name: str, text: str | None, key: Key) -> bool:
        if text is None:
            return key.default == "true"
        if text.lower() not in ("true", "false"):
            self.warn(f"{name}={text} counts as false: choose true or false", name)
        return parse_boolean(text)

    def _number(self, name: str, text: str | None, key: Key, otherwise: int | None) -> int:
        default = int(key.default) if key.default else otherwise or 0
        if text is None:
            return default
        number = decode_integer(text, _BITS.get(key.kind, 32))
        if number is None:
            self.warn(f"{name}={text} is not a whole number: {default} is used", name)
            return default
        return number

    def _fitting(self, name: str, number: int, key: Key, otherwise: int | None) -> int:
        fault = key.fault_of(number)
        if fault is None:
            return number
        instead = int(key.default or 0) if otherwise is None else otherwise
        size = "small" if fault.startswith("at least") else "large"
        self.warn(f"{name}={number} is too {size}, {fault} is needed: {instead} is used", name)
        return instead

    def _refused_outside(self, name: str, number: int, key: Key) -> int:
        fault = key.fault_of(number)
        if fault is not None:
            raise self.error(f"{name}={number}: it must be {fault}" + _such_as(key), name)
        return number


def _such_as(key: Key) -> str:
    return f", for example {key.name}={key.default}" if key.default else ""
