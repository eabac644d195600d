"""Where the console is on the port of the AdminServer: what is no command is the console's, if it has that.

Only who asks for the console loads it, in a thread: commands need neither its templates nor what fills them in.
"""

from typing import Final

import trio

from pyzoo.admin.host import AdminHost
from pyzoo.config.admin_settings import CONSOLE_PATH
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.console_samples import CounterLooks
from pyzoo.runtime.http_settings import AsgiApplication, Message, Receive, Send
from pyzoo.runtime.server_tasks import ServerTasks

ROOT: Final = "/"
_METHODS: Final = ("GET", "HEAD", "POST")


class AdminWithConsole:
    """Both applications as one."""

    def __init__(
        self,
        commands: AsgiApplication,
        config: ServerConfig,
        host: AdminHost,
        tasks: ServerTasks,
        counters: CounterLooks,
    ) -> None:
        self._commands = commands
        self._config = config
        self._host = host
        self._tasks = tasks
        self._counters = counters
        self._url = config.admin.commands_at
        self._loading = trio.Lock()
        self._console: AsgiApplication | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        application = await self._load() if self._is_for_console(scope["method"], scope["path"]) else self._commands
        await application(scope, receive, send)

    def _is_for_console(self, method: str, path: str) -> bool:
        if path == self._url or path.startswith(self._url + "/"):
            return False
        if path == ROOT:
            return method in _METHODS[:2]
        return method in _METHODS and (path == CONSOLE_PATH or path.startswith(CONSOLE_PATH + "/"))

    async def _load(self) -> AsgiApplication:
        async with self._loading:
            if self._console is None:
                self._console = await trio.to_thread.run_sync(self._make)
        return self._console

    def _make(self) -> AsgiApplication:
        from pyzoo.console.app import make_console
        from pyzoo.runtime.console_host import ServerConsoleHost
        from pyzoo.runtime.recipe_file import known_recipes

        recipes = known_recipes(self._config)
        return make_console(self._config, ServerConsoleHost(self._host, self._tasks, recipes, self._counters))
