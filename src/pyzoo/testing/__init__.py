"""Real servers for tests: `with EmbeddedServer() as server: ...server.connect_string...`, or a LocalEnsemble."""

from pyzoo.testing.embedded import EmbeddedServer
from pyzoo.testing.ensemble import LocalEnsemble

__all__ = ["EmbeddedServer", "LocalEnsemble"]
