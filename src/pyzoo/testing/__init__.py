"""Real servers for tests: `with EmbeddedServer() as server: ...server.connect_string...`, or a LocalEnsemble."""

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
