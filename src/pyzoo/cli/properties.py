"""The -D properties of a command line and of the environment, with the place of each."""

import os
from collections.abc import Mapping

from attrs import field, frozen

from pyzoo.config.system_properties import environment_properties, parse_arguments


@frozen
class GivenProperties:
    """`values` by name; `places` says where each was given; `ignored` are words that mean something to a JVM only."""

    values: dict[str, str] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)
    ignored: tuple[str, ...] = ()


def given_properties(definitions: tuple[str, ...], environment: Mapping[str, str] = os.environ) -> GivenProperties:
    """What -D options, the texts of `definitions`, set over JVMFLAGS and SERVER_JVMFLAGS; raises ConfigError."""
    from_environment = environment_properties(environment)
    given = parse_arguments([f"-D{definition}" for definition in definitions])
    places = {name: _variable(name, value, environment) for name, value in from_environment.properties.items()}
    places |= {name: f"-D{name}" for name in given.properties}
    return GivenProperties(
        from_environment.properties | given.properties, places, from_environment.ignored + given.ignored
    )


def _variable(name: str, value: str, environment: Mapping[str, str]) -> str:
    """The variable that gave a property its value; the last one that could wins."""
    definition = f"-D{name}={value}"
    if definition in environment.get("JVMFLAGS", ""):
        return "JVMFLAGS"
    return "SERVER_JVMFLAGS" if definition in environment.get("SERVER_JVMFLAGS", "") else "environment"
