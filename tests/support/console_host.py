"""A console's host in the event loop of a server of this process, for tests without a browser."""

import queue
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pyzoo.console.visitor import Role, Visitor
from pyzoo.jute.records import Id
from pyzoo.runtime.admin_server import ServerHost
from pyzoo.runtime.console_host import ServerConsoleHost
from pyzoo.runtime.run import RunningServer
from pyzoo.testing import EmbeddedMember, EmbeddedServer

Result = TypeVar("Result")
SECONDS = 60
ADDRESS = "192.0.2.7"


def writer(name: str = "", ids: list[Id] | None = None) -> Visitor:
    """Somebody who may change something, as far as ACLs allow it to these ids."""
    return Visitor([Id("ip", ADDRESS), *(ids or [])], Role.WRITER, ADDRESS, name, "", name)


class HostOf:
    """Runs coroutines with the host of a server: `HostOf(server).run(lambda host: host.submit(...))`."""

    def __init__(self, server: EmbeddedServer | EmbeddedMember) -> None:
        self._server = server
        self._host = server._awake().call(host_of)

    def run(self, ask: Callable[[ServerConsoleHost], Awaitable[Result]]) -> Result:
        """What the coroutine returns or raises."""
        answers: queue.SimpleQueue[Result | Exception] = queue.SimpleQueue()

        async def run() -> None:
            try:
                answers.put(await ask(self._host))
            except Exception as error:
                answers.put(error)

        self._server._awake().call(lambda running: running.tasks.nursery.start_soon(run))
        answer = answers.get(timeout=SECONDS)
        if isinstance(answer, Exception):
            raise answer
        return answer


def host_of(running: RunningServer) -> ServerConsoleHost:
    return ServerConsoleHost(ServerHost(running.tasks), running.tasks)
