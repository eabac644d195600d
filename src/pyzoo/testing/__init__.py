"""Real servers for tests: `with EmbeddedServer() as server: ...server.connect_string...`, or a LocalEnsemble."""

from importlib import import_module
from typing import TYPE_CHECKING

# pytest imports this package with the plugin, in every project: what a server needs is loaded by whoever names one.
if TYPE_CHECKING:
    from pyzoo.testing.cases import SharedZooKeeperTestCase, ZooKeeperTestCase
    from pyzoo.testing.clients import NoClient
    from pyzoo.testing.embedded import EmbeddedServer
    from pyzoo.testing.embedded_ensemble import EmbeddedEnsemble
    from pyzoo.testing.embedded_member import EmbeddedMember
    from pyzoo.testing.ensemble import EnsembleError, LocalEnsemble, Member, PortTaken
    from pyzoo.testing.errors import (
        AlreadyStarted,
        EmbeddedServerError,
        NoSuchNode,
        NoSuchSession,
        NotStarted,
        WaitTimeout,
    )
    from pyzoo.testing.factory import ServerFactory
    from pyzoo.testing.inspection import NodeDict, SessionInfo, WatchInfo
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

_MODULES = (
    "errors",
    "ensemble",
    "embedded",
    "embedded_member",
    "embedded_ensemble",
    "inspection",
    "clients",
    "preload",
    "factory",
    "cases",
)


def __getattr__(name: str) -> object:
    for module in _MODULES if name in __all__ else ():
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
