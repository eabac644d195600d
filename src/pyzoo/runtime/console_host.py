"""What the console asks of a running server (a ConsoleHost)."""

import platform
import secrets
from collections.abc import AsyncIterator
from typing import Final

import trio

from pyzoo.admin.host import AdminHost, SavedSnapshot
from pyzoo.console.audit import END_SESSION, note_visitor
from pyzoo.console.host import Body, ChangeFailed
from pyzoo.console.session_end import check_may_end_sessions
from pyzoo.console.top import TopLooks
from pyzoo.console.viewers import Viewers
from pyzoo.console.visitor import Visitor
from pyzoo.jute.primitives import InputArchive
from pyzoo.recipes.pattern import Pattern
from pyzoo.runtime.console_clients import ANSWER_SECONDS, NO_ANSWER, ConsoleClients
from pyzoo.runtime.console_looks import ConsoleLooks
from pyzoo.runtime.console_past import FilesOfThePast
from pyzoo.runtime.console_samples import CounterLooks
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.server.roles.session_ending import begin_to_close, is_session
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

RANDOM_BYTES: Final = 32
LOOK_SECONDS: Final = 0.02


class ServerConsoleHost:
    """As ServerHost, and what is the console's alone.

    `tasks` are the server's, `recipes` those of its settings, `counters` what it has counted in the last minutes.
    """

    def __init__(
        self,
        host: AdminHost,
        tasks: ServerTasks,
        recipes: tuple[Pattern, ...] = (),
        counters: CounterLooks | None = None,
    ) -> None:
        self.recipes = recipes
        self._host = host
        self._tasks = tasks
        self._clients = ConsoleClients(tasks)
        self._pausing = trio.Lock()
        self.looks = ConsoleLooks(tasks.front().config, counters or CounterLooks(host.server))
        self.top = TopLooks()
        self.viewers = Viewers()
        self.past = FilesOfThePast(tasks)

    # --- what the commands have too

    def server(self) -> ZooKeeperServer:
        """The server that has the clients now, with the time of now."""
        return self._host.server()

    async def vouches_for(self, certificate: bytes) -> bool:
        """Whether the trust store of clients accepts a certificate."""
        return await self._host.vouches_for(certificate)

    async def pause(self) -> None:
        """Let the clients go on; of all that pause one goes on after each pass, so many cost no more than one."""
        async with self._pausing:
            await self._host.pause()

    async def save_snapshot(self) -> SavedSnapshot:
        """Save a snapshot."""
        return await self._host.save_snapshot()

    async def restore(self, body: AsyncIterator[bytes], announced: int) -> int:
        """Put a snapshot in the place of the database."""
        return await self._host.restore(body, announced)

    # --- what the machine has

    def random_text(self) -> str:
        """A text that nobody can guess."""
        return secrets.token_urlsafe(RANDOM_BYTES)

    def machine_name(self) -> str:
        """What the system calls this machine."""
        return platform.node()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await trio.sleep(seconds)

    # --- changes

    async def submit(self, visitor: Visitor, opcode: int, body: Body) -> InputArchive:
        """Send a request as a client would."""
        return await self._clients.submit(visitor, opcode, body)

    def leave(self, visitor: Visitor) -> None:
        """The visitor has logged out."""
        self._clients.leave(visitor.key)

    async def end_session(self, visitor: Visitor, session_id: int) -> None:
        """Close a session, and wait for that."""
        server = self.server()
        check_may_end_sessions(server, visitor)
        begin_to_close(server, session_id)
        note_visitor(server, END_SESSION, visitor, session_id)
        self._tasks.turn()
        with trio.move_on_after(ANSWER_SECONDS):
            while is_session(self.server(), session_id):
                await trio.sleep(LOOK_SECONDS)
            return
        raise ChangeFailed(NO_ANSWER)
