"""Real servers for tests: `with EmbeddedServer() as server: ...server.connect_string...`, or a LocalEnsemble.

plugin        for pytest: options, marks, fixtures; nothing outside of it knows pytest
cases         for unittest
kazoo         for projects that use kazoo's harness
clients       kazoo's clients, for all three; beside them preload, server_log, server_settings
embedded      servers and ensembles in threads of this process: how they start, end, and go on
controls      what a test sees of such a server and does to it: sessions, nodes, watches, time, pauses
faults        what can be wrong with it: requests that fail, a slow network, a full disk
errors        what all of these raise
"""

from importlib import import_module
from typing import TYPE_CHECKING

# pytest imports this package with the plugin, in every project: what a server needs is loaded by whoever names one.
if TYPE_CHECKING:
    from pyzoo.runtime.ensemble_plan import EnsembleError, PortTaken
    from pyzoo.runtime.local_ensemble import LocalEnsemble
    from pyzoo.runtime.local_member import Member
    from pyzoo.testing.cases import SharedZooKeeperTestCase, ZooKeeperTestCase
    from pyzoo.testing.clients import NoClient
    from pyzoo.testing.controls.inspection import NodeDict, SessionInfo, WatchInfo
    from pyzoo.testing.embedded.ensemble import EmbeddedEnsemble
    from pyzoo.testing.embedded.member import EmbeddedMember
    from pyzoo.testing.embedded.server import EmbeddedServer
    from pyzoo.testing.errors import (
        AlreadyStarted,
        EmbeddedServerError,
        NoSuchNode,
        NoSuchSession,
        NotStarted,
        WaitTimeout,
    )
    from pyzoo.testing.plugin.factory import ServerFactory
    from pyzoo.testing.preload import PreloadError

__all__ = [
    "AlreadyStarted",
    "EmbeddedEnsemble",
    "EmbeddedMember",
    "EmbeddedServer",
    "EmbeddedServerError",
    "EnsembleError",
    "LocalEnsemble",
    "Member",
    "NoClient",
    "NoSuchNode",
    "NoSuchSession",
    "NodeDict",
    "NotStarted",
    "PortTaken",
    "PreloadError",
    "ServerFactory",
    "SessionInfo",
    "SharedZooKeeperTestCase",
    "WaitTimeout",
    "WatchInfo",
    "ZooKeeperTestCase",
]

_HOMES = {
    "AlreadyStarted": "pyzoo.testing.errors",
    "EmbeddedEnsemble": "pyzoo.testing.embedded.ensemble",
    "EmbeddedMember": "pyzoo.testing.embedded.member",
    "EmbeddedServer": "pyzoo.testing.embedded.server",
    "EmbeddedServerError": "pyzoo.testing.errors",
    "EnsembleError": "pyzoo.runtime.ensemble_plan",
    "LocalEnsemble": "pyzoo.runtime.local_ensemble",
    "Member": "pyzoo.runtime.local_member",
    "NoClient": "pyzoo.testing.clients",
    "NoSuchNode": "pyzoo.testing.errors",
    "NoSuchSession": "pyzoo.testing.errors",
    "NodeDict": "pyzoo.testing.controls.inspection",
    "NotStarted": "pyzoo.testing.errors",
    "PortTaken": "pyzoo.runtime.ensemble_plan",
    "PreloadError": "pyzoo.testing.preload",
    "ServerFactory": "pyzoo.testing.plugin.factory",
    "SessionInfo": "pyzoo.testing.controls.inspection",
    "SharedZooKeeperTestCase": "pyzoo.testing.cases",
    "WaitTimeout": "pyzoo.testing.errors",
    "WatchInfo": "pyzoo.testing.controls.inspection",
    "ZooKeeperTestCase": "pyzoo.testing.cases",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
