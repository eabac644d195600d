"""The mark zookeeper_faults: what is wrong with the servers of a test while its body runs, and not before or after it.

@pytest.mark.zookeeper_faults(fail_next={"create": "ConnectionLoss"}, delay=20)
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import pytest

from pyzoo.runtime.ensemble_controls import EnsembleControls
from pyzoo.testing.controls.server_controls import ServerControls
from pyzoo.testing.errors import NotStarted
from pyzoo.testing.plugin.marks import given_by

MARK: Final = "zookeeper_faults"
LEADER: Final = "leader"
_OF_SERVERS: Final[dict[str, tuple[type | tuple[type, ...], str]]] = {
    "delay": ((int, float), "milliseconds"),
    "disk_full": (bool, "True"),
    "refuse_writes": (bool, "True"),
    "pause": (bool, "True"),
    "fail_next": (Mapping, "a mapping of requests and errors"),
}
_OF_ENSEMBLES: Final[dict[str, tuple[type | tuple[type, ...], str]]] = {
    "partition": ((int, tuple), "a member, or two groups of members"),
    "kill": ((int, str), 'a member, or "leader"'),
}


def begin_faults(item: pytest.Item, servers: Iterable[Any]) -> None:
    """Do to the servers what the marks of a test say. Raises pytest.UsageError, and ValueError for errors unknown."""
    given: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers(MARK))):
        given |= given_by(mark, {**_OF_SERVERS, **_OF_ENSEMBLES})
    if not given:
        return
    found = [each for each in servers if isinstance(each, ServerControls | EnsembleControls)]
    if not found:
        raise pytest.UsageError(f"@pytest.mark.{MARK}: the test has no server; ask for a fixture such as zookeeper")
    if given.keys() & _OF_ENSEMBLES and not any(isinstance(each, EnsembleControls) for each in found):
        raise pytest.UsageError(f"@pytest.mark.{MARK}: partition and kill need the fixture zookeeper_ensemble")
    for server in found:
        _begin(server, given)


def _begin(server: Any, given: Mapping[str, Any]) -> None:
    is_ensemble = isinstance(server, EnsembleControls)
    if is_ensemble and "partition" in given:
        groups = given["partition"]
        server.partition(*(groups if isinstance(groups, tuple) else (groups,)))
    if is_ensemble and "kill" in given:
        server.kill(server.find_leader().sid if given["kill"] == LEADER else given["kill"])
    for each in _controls(server):
        if "delay" in given:
            each.delay(given["delay"])
        for opcode, error in given.get("fail_next", {}).items():
            each.fail_next(opcode, error)
        for name in ("disk_full", "refuse_writes", "pause"):
            if given.get(name):
                getattr(each, name)()


def _controls(server: Any) -> Iterator[ServerControls]:
    """A server, or those members of an ensemble that run in this process."""
    if isinstance(server, ServerControls):
        yield server
    elif isinstance(server, EnsembleControls):
        members: list[Any] = server.members
        yield from (each for each in members if each.is_running and isinstance(each, ServerControls))


def end_faults(servers: Iterable[Any]) -> None:
    """Heal what runs, so that clients can be closed and servers stopped."""
    for server in servers:
        if isinstance(server, EnsembleControls):
            server.heal()
        for each in _controls(server):
            # A test may have stopped it.
            with suppress(NotStarted):
                each.heal()
