"""What a test asks of its servers: the options of pytest, over them the marks of its module and class, then its own.

@pytest.mark.zookeeper(preload={"/app": "red"}, properties={"snapCount": 1000}, nodes=3)
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, field, frozen

from pyzoo.config.python_settings import PropertyValue
from pyzoo.subtrees.document import SavedNode
from pyzoo.testing.embedded.server import TICK_TIME_MS
from pyzoo.testing.plugin.options import (
    number_option,
    port_option,
    preload_option,
    properties_option,
    shared_option,
    text_option,
)
from pyzoo.testing.preload import nodes_of
from pyzoo.testing.server_settings import AUDIT, super_digest

MARK: Final = "zookeeper"
NODES: Final = 3

_MEANINGS: Final[dict[str, tuple[type | tuple[type, ...], str]]] = {
    "preload": ((Mapping, str, os.PathLike), "a mapping of nodes, or the file that has them"),
    "properties": (Mapping, "a mapping of settings, as in a zoo.cfg"),
    "nodes": (int, "the number of members"),
    "tick_time_ms": (int, "milliseconds"),
    "shared": (bool, "True or False"),
}


@frozen
class Asked:
    """How the servers of a test shall be; `hosts` is a server that runs already, for clients alone.

    `ensemble` says whether a mark of the test has asked for an ensemble of `nodes` members.
    """

    port: int = 0
    tick_time_ms: int = TICK_TIME_MS
    nodes: int = NODES
    ensemble: bool = False
    hosts: str | None = None
    shared: bool = False
    properties: Mapping[str, PropertyValue] = field(factory=dict)
    preload: tuple[SavedNode, ...] = ()


def asked_by_options(config: pytest.Config) -> Asked:
    """Of servers for all tests. Raises pytest.UsageError and PreloadError."""
    return Asked(
        port=port_option(config),
        tick_time_ms=number_option(config, "tick_time", TICK_TIME_MS),
        nodes=number_option(config, "nodes", NODES),
        hosts=text_option(config, "hosts"),
        shared=shared_option(config),
        properties={**AUDIT, **properties_option(config)},
        preload=tuple(node for file in preload_option(config) for node in nodes_of(file, config.rootpath)),
    )


def for_sharing(asked: Asked) -> Asked:
    """The same for a server that tests share: each of them brings its own nodes to its own chroot."""
    return evolve(asked, properties={**super_digest(), **asked.properties}, preload=())


def asked_by_test(node: pytest.Item) -> Asked:
    """Of the servers of one test. Raises pytest.UsageError, PreloadError."""
    asked = asked_by_options(node.config)
    for mark in reversed(list(node.iter_markers(MARK))):
        asked = _with_mark(asked, given_by(mark, _MEANINGS), node.path.parent)
    return asked


def _with_mark(asked: Asked, given: Mapping[str, Any], directory: Path) -> Asked:
    changes = {name: given[name] for name in ("nodes", "tick_time_ms", "shared") if name in given}
    if "nodes" in given:
        changes["ensemble"] = True
    if "properties" in given:
        changes["properties"] = {**asked.properties, **given["properties"]}
    if "preload" in given:
        changes["preload"] = (*asked.preload, *nodes_of(given["preload"], directory))
    return evolve(asked, **changes)


def given_by(mark: pytest.Mark, meanings: Mapping[str, tuple[type | tuple[type, ...], str]]) -> Mapping[str, Any]:
    """The arguments of a mark, if they are those that it can have. Raises pytest.UsageError."""
    if mark.args:
        known = ", ".join(f"{name}=" for name in meanings)
        raise pytest.UsageError(f"@pytest.mark.{mark.name}: give its arguments by name ({known})")
    for name, value in mark.kwargs.items():
        if name not in meanings:
            near = difflib.get_close_matches(name, meanings, n=1)
            meant = f"did you mean {near[0]}?" if near else f"it knows {', '.join(meanings)}"
            raise pytest.UsageError(f"@pytest.mark.{mark.name}: {name} is not known; {meant}")
        kinds, words = meanings[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is int):
            raise pytest.UsageError(f"@pytest.mark.{mark.name}: {name}={value!r}: give {words}")
    return mark.kwargs
