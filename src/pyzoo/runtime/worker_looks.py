"""A look at all processes of a server before an HTTP request is answered."""

from collections.abc import Callable

import trio

from pyzoo.server.core import Core
from pyzoo.server.workers.hub import Look
from pyzoo.server.workers.writer import WriterZooKeeperServer


class AsyncLook(Look):
    """A task that waits for the reports of all workers."""

    def __init__(self, wants_watches: bool) -> None:
        super().__init__(wants_watches)
        self._event = trio.Event()

    def ended(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        """Return when they have come."""
        await self._event.wait()


async def look(core: Core, turn: Callable[[], None], path: str) -> None:
    """Let what is answered be true of all processes; `path` tells what is asked for, `turn` makes a pass."""
    if isinstance(core, WriterZooKeeperServer):
        looking = AsyncLook(path.rpartition("/")[2].startswith(("wch", "watch")))
        core.hub.look(looking)
        turn()
        await looking.wait()
