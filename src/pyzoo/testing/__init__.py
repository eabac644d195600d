"""A real server inside a test process: `with EmbeddedServer() as server: ...server.connect_string...`."""

from pyzoo.testing.embedded import EmbeddedServer

__all__ = ["EmbeddedServer"]
