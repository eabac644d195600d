"""A worker: `python -m pyzoo.runtime.worker_process FD`, as WorkerProcesses begins it.

FD is its end of the connection to the writer. It lives as long as that.
"""

import json
import logging
import pickle
import random
import signal
import socket
import sys
from contextlib import ExitStack
from typing import Final

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.primitives import set_field_limit
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.listening import open_listener, open_secure_listener
from pyzoo.runtime.log_lines import EXTRAS
from pyzoo.runtime.logins.client_logins import with_client_login
from pyzoo.runtime.process_tuning import prepare_process, with_slices
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.tls.contexts import client_tls
from pyzoo.runtime.tls.reload_stores import reload_client_stores
from pyzoo.runtime.transport.client_port import SECURE_PORT
from pyzoo.runtime.transport.worker_link import WorkerEndpoint
from pyzoo.runtime.turn import TurnLoop
from pyzoo.runtime.turn_tasks import keep_time, open_loop, serve_clients
from pyzoo.server.effects import Errands
from pyzoo.server.workers.server import WorkerZooKeeperServer
from pyzoo.server.workers.worker import WorkerCore

logger: Final = logging.getLogger("pyzoo.runtime.worker_process")


class LineHandler(logging.Handler):
    """Each record as a line of JSON on stderr, for the writer to log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
            if record.exc_info:
                message += "\n" + logging.Formatter().formatException(record.exc_info)
            extra = {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
            sys.stderr.write(json.dumps([record.name, record.levelno, message, extra]) + "\n")
            sys.stderr.flush()
        except Exception:  # whatever it is, the server has to go on
            self.handleError(record)


class WorkerTasks(ServerTasks):
    """What a worker does beside its turns."""

    core: WorkerCore

    def __init__(self, core: WorkerCore, loop: TurnLoop, nursery: trio.Nursery) -> None:
        super().__init__(core, loop, None, nursery)

    def front(self) -> WorkerZooKeeperServer:
        return self.core.front

    def run(self, errands: Errands) -> None:
        super().run(errands)
        if errands.opens_client_ports:
            config, clients = self.core.config, self.loop.clients
            clients.listen_on(open_listener(config))
            clients.listen_on(open_secure_listener(config), SECURE_PORT)
            logger.info("Worker %d serves clients", config.worker_number)
        if errands.ends:
            self.nursery.cancel_scope.cancel()


async def work(config: ServerConfig, sock: socket.socket) -> None:
    """Serve until the connection to the writer ends."""
    set_field_limit(config.jute_max_buffer, config.jute_max_buffer_extra)
    config = with_client_login(with_slices(config))
    core = WorkerCore(config, config.worker_number, elapsed_ms(), wall_ms(), random.randrange)
    prepare_process(False)
    with ExitStack() as stack:
        loop = open_loop(config, core, None, client_tls(config))
        stack.callback(loop.close)
        loop.have_process(config.look_before_sleep)
        async with trio.open_nursery() as nursery:
            tasks = WorkerTasks(core, loop, nursery)
            link = WorkerEndpoint(loop.endpoints, sock, core.link, core)
            loop.endpoints.add(link)
            core.read_link = link.read_now
            nursery.start_soon(serve_clients, loop)
            nursery.start_soon(keep_time, loop)
            if config.client_cert_reload and loop.clients.tls is not None:
                nursery.start_soon(reload_client_stores, config, loop.clients.tls)
            core.begin()
            tasks.turn()


def main() -> None:
    """Take what the writer gives, and work."""
    # Ctrl-C is for the writer, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    config, level = pickle.load(sys.stdin.buffer)
    root = logging.getLogger()
    root.addHandler(LineHandler())
    root.setLevel(level)
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.setblocking(False)
    trio.run(work, config, sock)


if __name__ == "__main__":
    main()
