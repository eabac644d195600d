"""ServerFactory: as many servers as a test wants, all stopped when it is over."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, final

from kazoo.client import KazooClient

from pyzoo.config.python_settings import PropertyValue
from pyzoo.testing.clients import end_client, preload, start_client
from pyzoo.testing.embedded.server import EmbeddedServer
from pyzoo.testing.plugin.marks import Asked
from pyzoo.testing.preload import Preload, nodes_of
from pyzoo.testing.server_log import watch

if TYPE_CHECKING:
    from pyzoo.testing.embedded.ensemble import EmbeddedEnsemble


class Server(Protocol):
    """A server or an ensemble."""

    @property
    def connect_string(self) -> str: ...


AnyServer = TypeVar("AnyServer", bound=Server)


@final
class ServerFactory:
    """Makes started servers, ensembles and clients, such as the options and marks ask for where no argument does.

    Names of files to preload from are relative to `directory`.
    """

    def __init__(self, asked: Asked, directory: Path) -> None:
        self.asked = asked
        self._directory = directory
        self._stack = ExitStack()

    def __call__(
        self,
        *,
        preload: Preload | None = None,
        port: int = 0,
        data_dir: str | os.PathLike[str] | None = None,
        tick_time_ms: int | None = None,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> EmbeddedServer:
        """One more server, which answers. Raises what keeps it from starting, ConfigError, PreloadError."""
        server = EmbeddedServer(
            port=port,
            data_dir=data_dir,
            tick_time_ms=self.asked.tick_time_ms if tick_time_ms is None else tick_time_ms,
            properties={**self.asked.properties, **(properties or {})},
        )
        watch(server)
        self._stack.enter_context(server)
        return self._begun(server, preload)

    def ensemble(
        self,
        nodes: int | None = None,
        observers: int = 0,
        *,
        preload: Preload | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        tick_time_ms: int | None = None,
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> "EmbeddedEnsemble":
        """An ensemble that serves. Raises EnsembleError, ConfigError, PreloadError."""
        # What members need takes a while to load: not for tests that have none.
        from pyzoo.testing.embedded.ensemble import EmbeddedEnsemble

        ensemble = EmbeddedEnsemble(
            nodes=self.asked.nodes if nodes is None else nodes,
            observers=observers,
            data_dir=data_dir,
            tick_time_ms=self.asked.tick_time_ms if tick_time_ms is None else tick_time_ms,
            properties={**self.asked.properties, **(properties or {})},
        )
        watch(ensemble)
        self._stack.enter_context(ensemble)
        return self._begun(ensemble, preload)

    def _begun(self, server: AnyServer, nodes: Preload | None) -> AnyServer:
        preload(server.connect_string, self.asked.preload if nodes is None else nodes_of(nodes, self._directory))
        return server

    def client(self, hosts: str, **options: Any) -> KazooClient:
        """A client that is connected, with options of KazooClient; closed before the servers are stopped.

        Raises NoClient.
        """
        client = start_client(hosts, **options)
        self._stack.callback(end_client, client)
        return client

    def close(self) -> None:
        """End all that was made, the latest first. Raises what ended a server before its time."""
        self._stack.close()
