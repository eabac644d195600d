"""-D properties: where they are given. What their values mean is the business of `reader`."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from pyzoo.config.key_table import KEYS
from pyzoo.errors import ConfigError

PREFIX: Final = "zookeeper."
# Options of the java command whose value is the next word.
_TAKES_A_WORD: Final = frozenset(
    {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens",
     "--add-exports", "--add-reads", "--upgrade-module-path", "--limit-modules", "-jar", "-m", "--module"}
)  # fmt: skip
_VARIABLES: Final = {
    "ZOO_LOG_DIR": "zookeeper.log.dir",
    "ZOO_LOG_FILE": "zookeeper.log.file",
    "ZOO_LOG4J_PROP": "zookeeper.root.logger",
}


@frozen
class JavaArguments:
    """The words of a java command line, sorted by who cares about them.

    `properties` are ZooKeeper's; `ignored` are JVM flags and properties of others; `arguments` is the rest.
    """

    properties: dict[str, str] = field(factory=dict)
    ignored: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def is_zookeeper_property(name: str) -> bool:
    """Whether a system property is one that a ZooKeeper server could read."""
    return name.startswith(PREFIX) or name in KEYS.raw_by_name


def parse_arguments(words: Sequence[str]) -> JavaArguments:
    """Sort the words of a command line; of two equal -D the last wins."""
    properties: dict[str, str] = {}
    ignored: list[str] = []
    arguments: list[str] = []
    waiting = False
    for word in words:
        name, _, value = word[2:].partition("=")
        if waiting:
            ignored.append(word)
            waiting = False
        elif word.startswith("-D") and is_zookeeper_property(name):
            properties[name] = value
        elif word.startswith("-") and word != "-":
            ignored.append(word)
            waiting = word in _TAKES_A_WORD
        else:
            arguments.append(word)
    return JavaArguments(properties, tuple(ignored), tuple(arguments))


def parse_jvm_flags(text: str, variable: str = "SERVER_JVMFLAGS") -> JavaArguments:
    """Sort the words of an environment variable such as JVMFLAGS, split like a shell does.

    Raises ConfigError, naming the variable, when a quote is left open.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"cannot be split into words ({error}): close every quote", variable) from None
    sorted_words = parse_arguments(words)
    return JavaArguments(sorted_words.properties, sorted_words.ignored + sorted_words.arguments)


def environment_properties(environment: Mapping[str, str]) -> JavaArguments:
    """The properties of SERVER_JVMFLAGS, then JVMFLAGS, in the order of zkServer.sh: the last wins.

    Variables that the scripts turn into properties come before them.
    """
    properties: dict[str, str] = {}
    ignored: tuple[str, ...] = ()
    for variable in ("SERVER_JVMFLAGS", "JVMFLAGS"):
        flags = parse_jvm_flags(environment.get(variable, ""), variable)
        properties |= flags.properties
        ignored += flags.ignored
    if environment.get("ZOO_DATADIR_AUTOCREATE_DISABLE"):
        properties["zookeeper.datadir.autocreate"] = "false"
    for variable, name in _VARIABLES.items():
        if environment.get(variable):
            properties.setdefault(name, environment[variable])
    return JavaArguments(properties, ignored)
