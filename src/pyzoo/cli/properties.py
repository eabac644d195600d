"""The -D properties of a command line and of the environment, with the place of each."""

import os
from collections.abc import Mapping

from attrs import field, frozen

from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Source
from pyzoo.config.system_properties import environment_properties, parse_arguments


@frozen
class GivenProperties:
    """`values` by name; `places` says where each was given; `ignored` are words that mean something to a JVM only."""

    values: dict[str, str] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)
    ignored: tuple[str, ...] = ()

    def misplaced(self) -> list[str]:
        """A warning for each -D that does nothing, and was probably meant for ZooKeeper."""
        return [message for flag in self.ignored if (message := _misplaced(flag)) is not None]


def given_properties(definitions: tuple[str, ...], environment: Mapping[str, str] = os.environ) -> GivenProperties:
    """What -D options, the texts of `definitions`, set over JVMFLAGS and SERVER_JVMFLAGS; raises ConfigError."""
    from_environment = environment_properties(environment)
    given = parse_arguments([f"-D{definition}" for definition in definitions])
    places = {name: _variable(name, value, environment) for name, value in from_environment.properties.items()}
    places |= {name: f"-D{name}" for name in given.properties}
    return GivenProperties(
        from_environment.properties | given.properties, places, from_environment.ignored + given.ignored
    )


def _misplaced(flag: str) -> str | None:
    name = flag.removeprefix("-D").partition("=")[0]
    key = KEYS.find(name) if flag.startswith("-D") else None
    if key is None:
        return None
    where = "write it into a zoo.cfg" if key.source is Source.FILE else f"write -D{key.property_name}"
    return f"-D{name} has no effect: {where if not key.is_family else 'write -Dzookeeper.' + name}"


def _variable(name: str, value: str, environment: Mapping[str, str]) -> str:
    """The variable that gave a property its value; the last one that could wins."""
    definition = f"-D{name}={value}"
    if definition in environment.get("JVMFLAGS", ""):
        return "JVMFLAGS"
    return "SERVER_JVMFLAGS" if definition in environment.get("SERVER_JVMFLAGS", "") else "environment"
