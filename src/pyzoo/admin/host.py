"""AdminHost: what the commands ask of the process around the server."""

from collections.abc import AsyncIterator
from typing import Protocol

from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


class SavedSnapshot:
    """A snapshot that can be read: the zxid in its name, and its size in bytes."""

    def __init__(self, zxid: int, size: int) -> None:
        self.zxid = zxid
        self.size = size

    async def read(self) -> bytes:
        """The next bytes, without blocking the event loop; none at the end."""
        raise NotImplementedError

    def close(self) -> None:
        """It is not needed any more."""
        raise NotImplementedError


class AdminHost(Protocol):
    """Nothing here blocks the event loop for long."""

    def server(self) -> ZooKeeperServer:
        """The server that has the clients now, with the time of now."""
        ...

    async def vouches_for(self, certificate: bytes) -> bool:
        """Whether the trust store of clients accepts a certificate, DER, that this port has accepted."""
        ...

    async def pause(self) -> None:
        """Let everybody else go on before a long answer does."""
        ...

    async def save_snapshot(self) -> SavedSnapshot:
        """Save a snapshot; raises StorageError."""
        ...

    async def restore(self, body: AsyncIterator[bytes], announced: int) -> int:
        """Replace the database by a snapshot; returns its zxid. Raises StorageError; nothing has changed then.

        `announced` is the size of the body in bytes, 0 where it is not known.
        """
        ...
