"""Which kind of server a configuration asks for: one alone, one with workers beside it, or a member of an ensemble.

Each has a core, tasks beside its turns, and a host for its AdminServer; what only another kind needs is not imported.
"""

import random
from typing import TYPE_CHECKING

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.persistence.disk import Disk
from pyzoo.runtime.admin_server import ServerHost
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.listening import check_client_address
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.storage import Storage, open_in_memory, open_peer_storage, open_storage
from pyzoo.runtime.turn import TurnLoop
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

if TYPE_CHECKING:
    from pyzoo.runtime.transport.link_faults import LinkFaults


def check_start(config: ServerConfig, embedded: bool) -> None:
    """Raise ConfigError for what would not become right by starting again."""
    check_client_address(config)
    if config.workers > 1:
        from pyzoo.runtime.worker_processes import check_workers

        check_workers(config, embedded)


def open_core(
    config: ServerConfig, in_memory: bool, kept: ZKDatabase | None = None, own_disk: Disk | None = None
) -> tuple[Core, Storage | None]:
    """A server, or a member of an ensemble, with its data, and where that is on disk; raises StorageError."""
    if config.distributed:
        # All of the quorum; a server that is alone is there sooner without it.
        from pyzoo.server.member.peer import QuorumPeer

        storage, files = open_peer_storage(config, own_disk)
        try:
            return QuorumPeer(config, files, elapsed_ms(), wall_ms(), random.randrange), storage
        except BaseException:
            storage.close()
            raise
    if config.workers > 1:
        return open_writer(config, in_memory)
    if in_memory:
        database = open_in_memory(config) if kept is None else kept
        return ZooKeeperServer(config, database, elapsed_ms(), wall_ms(), random.randrange), None
    storage, database = open_storage(config)
    server = ZooKeeperServer(config, database, elapsed_ms(), wall_ms(), random.randrange)
    storage.load_times.count(server.metrics)
    return server, storage


def open_writer(config: ServerConfig, in_memory: bool) -> tuple[Core, Storage | None]:
    """A server that has workers beside it, which this does not begin."""
    from pyzoo.server.workers.writer import WriterZooKeeperServer

    storage, database = (None, open_in_memory(config)) if in_memory else open_storage(config)
    server = WriterZooKeeperServer(config, database, elapsed_ms(), wall_ms(), random.randrange)
    if storage is not None:
        storage.load_times.count(server.metrics)
    return server, storage


def tasks_of(
    core: Core, loop: TurnLoop, storage: Storage | None, nursery: trio.Nursery, faults: "LinkFaults | None"
) -> ServerTasks:
    """What is done beside the turns; raises ConfigError."""
    if isinstance(core, ZooKeeperServer):
        return ServerTasks(core, loop, storage, nursery)
    from pyzoo.runtime.member import MemberTasks
    from pyzoo.server.member.peer import QuorumPeer

    assert isinstance(core, QuorumPeer)
    assert storage is not None
    return MemberTasks(core, loop, storage, nursery, faults)


def begin(config: ServerConfig, tasks: ServerTasks, port: int, secure_port: int) -> None:
    """Whatever comes before the first event; the processes beside a writer, if it is one, come soon after."""
    tasks.begin()
    if config.workers > 1:
        from pyzoo.runtime.worker_processes import WorkerProcesses
        from pyzoo.server.workers.writer import WriterZooKeeperServer

        assert isinstance(tasks.core, WriterZooKeeperServer)
        tasks.nursery.start_soon(WorkerProcesses(tasks.core, tasks, port, secure_port).run)


def admin_host(tasks: ServerTasks) -> ServerHost:
    """The server as its AdminServer knows it."""
    if isinstance(tasks.core, ZooKeeperServer):
        return ServerHost(tasks)
    from pyzoo.runtime.admin_member import MemberHost
    from pyzoo.runtime.member import MemberTasks

    assert isinstance(tasks, MemberTasks)
    return MemberHost(tasks)
