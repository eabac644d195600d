"""Real servers for tests: `with EmbeddedServer() as server: ...server.connect_string...`, or a LocalEnsemble."""

from importlib import import_module
from typing import TYPE_CHECKING

# pytest imports this package with the plugin, in every project: what a server needs is loaded by whoever names one.
if TYPE_CHECKING:
    from pyzoo.testing.embedded import AlreadyStarted, EmbeddedServer, EmbeddedServerError, NotStarted
    from pyzoo.testing.ensemble import EnsembleError, LocalEnsemble, Member, PortTaken

__all__ = [
    "AlreadyStarted",
    "EmbeddedServer",
    "EmbeddedServerError",
    "EnsembleError",
    "LocalEnsemble",
    "Member",
    "NotStarted",
    "PortTaken",
]


def __getattr__(name: str) -> object:
    for module in ("embedded", "ensemble") if name in __all__ else ():
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
