"""Runs a server: opens its storage and sockets, then lets the turns, the timers and the chores take turns.

Everything that touches the core runs in the event loop, one piece at a time; only the log and the bytes of
snapshots are written by threads.
"""

import gc
import logging
import math
import random
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import trio
from attrs import define, evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.jute.primitives import set_field_limit, widen_field_limit
from pyzoo.persistence.disk import Disk
from pyzoo.runtime.admin_server import ServerHost, open_admin, serve_admin
from pyzoo.runtime.auditing import note_start, with_server_user
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.environment import SystemEnvironment
from pyzoo.runtime.file_limit import raise_file_limit
from pyzoo.runtime.listening import check_client_address, open_listener, open_secure_listener
from pyzoo.runtime.log_writer import ALONE, IN_ENSEMBLE, LogWriter
from pyzoo.runtime.logins.client_logins import with_client_login
from pyzoo.runtime.metrics_endpoint import MetricsPort, open_metrics, serve_metrics
from pyzoo.runtime.pauses import watch_pauses
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.service_manager import STOPPING, notify
from pyzoo.runtime.storage import Storage, open_in_memory, open_peer_storage, open_storage
from pyzoo.runtime.time_slice import take_short_turns
from pyzoo.runtime.tls.certificate_dates import settings_in_use, warn_about_certificates
from pyzoo.runtime.tls.contexts import client_tls, refuse_revoked
from pyzoo.runtime.tls.reload_stores import reload_client_stores
from pyzoo.runtime.transport.client_port import SECURE_PORT
from pyzoo.runtime.transport.client_tls import ClientTls, ServerContexts
from pyzoo.runtime.transport.handshakes import Handshakes
from pyzoo.runtime.transport.trio_poller import TrioPoller
from pyzoo.runtime.turn import TurnLoop
from pyzoo.runtime.workers import in_thread
from pyzoo.server import slices
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

if TYPE_CHECKING:
    from pyzoo.runtime.transport.link_faults import LinkFaults

logger = logging.getLogger(__name__)

SECONDS_AN_HOUR = 3600
PLAIN_SLICE_UNITS = 2_000
SWITCH_SECONDS = 0.0005
NO_PORT = -1
STOP_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
if sys.platform == "win32":
    # Ctrl-Break, and what closes the console.
    STOP_SIGNALS += (signal.SIGBREAK,)


@define
class RunningServer:
    """A server that is ready: where it listens, and how to stop it.

    `port` and `secure_port`, for clients that speak TLS, are -1 where there is none; `admin_port` is that of the
    AdminServer, if any. `tasks` leads to its parts, for those in its event loop.
    """

    port: int
    server: Core
    admin_port: int | None
    cancel_scope: trio.CancelScope
    tasks: ServerTasks
    secure_port: int = NO_PORT

    def stop(self) -> None:
        """Ask the server to end as on SIGTERM: a leader hands its office over first. `serve` then returns."""
        self.tasks.stop(self.cancel_scope)

    def break_off(self) -> None:
        """Ask the server to end at once."""
        self.cancel_scope.cancel()


async def serve(
    config: ServerConfig,
    *,
    in_memory: bool = False,
    embedded: bool = False,
    kept: ZKDatabase | None = None,
    wall_ahead_ms: int = 0,
    handle_signals: bool = False,
    own_disk: Disk | None = None,
    faults: "LinkFaults | None" = None,
    task_status: trio.TaskStatus[RunningServer] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a server until it is cancelled, stopped or, with `handle_signals`, told to by SIGTERM or SIGINT.

    An `embedded` server leaves the settings of its process alone. In memory it goes on with `kept`, the database of a
    server that has ended, if that is given; for its clients it is `wall_ahead_ms` later than for the machine.
    A member of an ensemble keeps its data on `own_disk` where that is given, and has the `faults` of its links.
    Raises ConfigError, StorageError or OSError when it cannot start, and StorageError when the log fails.
    """
    limit_fields = widen_field_limit if embedded else set_field_limit
    limit_fields(config.jute_max_buffer, config.jute_max_buffer_extra)
    config = with_slices(with_server_user(config))
    check_start(config, embedded)
    config = with_client_login(config)
    tls = client_tls(config)
    with ExitStack() as stack:
        with collector_at_rest(embedded):
            core, storage = open_core(config, in_memory, kept, own_disk)
        if storage is not None:
            stack.callback(storage.close)
        metrics_ports = open_metrics(config, stack)
        listeners, secure_listeners = open_listener(config), open_secure_listener(config)
        port, secure_port = port_of(listeners), port_of(secure_listeners)
        prepare_process(embedded)
        loop = open_loop(config, core, storage, tls)
        loop.wall_ahead_ms = wall_ahead_ms
        loop.clients.listen_on(listeners)
        loop.clients.listen_on(secure_listeners, SECURE_PORT)
        stack.callback(loop.close)
        if not embedded:
            loop.have_process(config.look_before_sleep)
        async with trio.open_nursery() as nursery:
            tasks = tasks_of(core, loop, storage, nursery, faults)
            on_disk = storage if storage is not None and storage.is_on_disk else None
            tasks.front().environment = SystemEnvironment(config, on_disk, port, secure_port)
            if handle_signals:
                await nursery.start(stop_on_signal, tasks, nursery.cancel_scope)
            nursery.start_soon(serve_clients, loop)
            nursery.start_soon(keep_time, loop)
            if storage is not None:
                nursery.start_soon(purge_regularly, storage)
            if config.client_cert_reload and loop.clients.tls is not None:
                nursery.start_soon(reload_client_stores, config, loop.clients.tls)
            if settings_in_use(config):
                nursery.start_soon(in_thread, warn_about_certificates, config)
            start_measuring(config, metrics_ports, tasks, nursery)
            begin(config, tasks, port, secure_port)
            note_start(config, stack)
            admin_port = start_admin(config, admin_host(tasks), nursery)
            task_status.started(RunningServer(port, core, admin_port, nursery.cancel_scope, tasks, secure_port))


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


def begin(config: ServerConfig, tasks: ServerTasks, port: int, secure_port: int) -> None:
    """Whatever comes before the first event; the processes beside a writer, if it is one, come soon after."""
    tasks.begin()
    if config.workers > 1:
        from pyzoo.runtime.worker_processes import WorkerProcesses
        from pyzoo.server.workers.writer import WriterZooKeeperServer

        assert isinstance(tasks.core, WriterZooKeeperServer)
        tasks.nursery.start_soon(WorkerProcesses(tasks.core, tasks, port, secure_port).run)


def port_of(listeners: list[socket.socket]) -> int:
    """Where clients connect to these."""
    port: int = listeners[0].getsockname()[1] if listeners else NO_PORT
    return port


def open_loop(config: ServerConfig, core: Core, storage: Storage | None, tls: ServerContexts | None) -> TurnLoop:
    """The turns of a server; with `tls` clients may speak that."""
    log: LogWriter | None = None
    if storage is not None:
        storage.log_thread.start()
        log = LogWriter(storage.log_thread, IN_ENSEMBLE if config.distributed else ALONE)
    keep_alive, patience_ms = config.client_tcp_keep_alive, config.sessionless_cnxn_timeout_ms
    if tls is None:
        return TurnLoop(core, log, keep_alive, patience_ms)
    handshakes = Handshakes(core.metrics, config.outstanding_handshake_limit, config.tls.handshake_detection_timeout_ms)
    settings = config.tls
    of_clients = ClientTls(
        tls,
        config.client_port_unification,
        checks_clients=settings.verifies_clients,
        by_jdk=settings.fips_mode,
        refuse_revoked=refuse_revoked(settings),
    )
    return TurnLoop(core, log, keep_alive, patience_ms, of_clients, handshakes)


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


def with_slices(config: ServerConfig) -> ServerConfig:
    """Plain Python gets as far in a slice as it can in the time that a compiled server takes for one."""
    if not str(slices.__file__).endswith(".py"):
        return config
    return evolve(config, slice_units=min(config.slice_units, PLAIN_SLICE_UNITS))


def start_measuring(config: ServerConfig, ports: list[MetricsPort], tasks: ServerTasks, nursery: trio.Nursery) -> None:
    """Offer the metrics, and watch for pauses, where that is wanted."""
    for port in ports:
        nursery.start_soon(serve_metrics, port, tasks.core, tasks.look)
    if config.pauses.enabled:
        nursery.start_soon(watch_pauses, config.pauses, tasks.core.metrics)


def start_admin(config: ServerConfig, host: ServerHost, nursery: trio.Nursery) -> int | None:
    """Serve the AdminServer too, where it is wanted and possible; returns its port."""
    opened = open_admin(config)
    if opened is None:
        return None
    listener, settings = opened
    port: int = listener.getsockname()[1]
    nursery.start_soon(serve_admin, listener, evolve(settings, plain_accepted=host.plain_accepted), host)
    if config.admin.has_console:
        nursery.start_soon(host.counters.run)
    return port


def admin_host(tasks: ServerTasks) -> ServerHost:
    """The server as its AdminServer knows it."""
    if isinstance(tasks.core, ZooKeeperServer):
        return ServerHost(tasks)
    from pyzoo.runtime.admin_member import MemberHost
    from pyzoo.runtime.member import MemberTasks

    assert isinstance(tasks, MemberTasks)
    return MemberHost(tasks)


def prepare_process(embedded: bool) -> None:
    """What a server that has its process to itself does for speed."""
    if not embedded:
        tune_interpreter()
        raise_file_limit()
        take_short_turns()


@contextmanager
def collector_at_rest(embedded: bool) -> Iterator[None]:
    """Keep the cyclic collector from what is being loaded, and stays, unless it is that of others too (`embedded`)."""
    if embedded:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaf_of(error: BaseException) -> BaseException:
    """What ended a server: the first single error of a group that came out of its nurseries."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def tune_interpreter() -> None:
    """Let the cyclic collector look at young objects only, and threads give way to each other soon.

    The tree has no cycles, and a full collection would stop the server for longer than its size allows. A
    thread that writes a snapshot must not keep the event loop waiting for the usual five milliseconds.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000_000)


async def stop_on_signal(
    tasks: ServerTasks, cancel_scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """End the server on SIGTERM or Ctrl-C; whoever asks again changes nothing, as with a JVM."""
    with trio.open_signal_receiver(*STOP_SIGNALS) as signals:
        for stop_signal in STOP_SIGNALS:
            signal.signal(stop_signal, partial(_hurry, tasks.loop, signal.getsignal(stop_signal)))
        task_status.started()
        async for number in signals:
            logger.info("Stopping on %s", signal.Signals(number).name)
            notify(STOPPING)
            # One that comes while the receiver closes would go to the handlers of before, which break off what ends.
            if sys.platform != "win32":
                signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            break
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    tasks.stop(cancel_scope)


def _hurry(loop: TurnLoop, receiver: object, number: int, frame: FrameType | None) -> None:
    """A busy loop would see the signal only when it has lingered enough."""
    loop.hurry()
    if callable(receiver):
        receiver(number, frame)


async def serve_clients(loop: TurnLoop) -> None:
    """A pass whenever some socket, or the log, has something."""
    poller = loop.endpoints.poller
    if isinstance(poller, TrioPoller):
        await poller.serve(partial(make_passes, loop))
    wait_readable = trio.lowlevel.wait_readable
    fd = poller.fileno()
    while True:
        await wait_readable(fd)
        make_passes(loop)


def make_passes(loop: TurnLoop) -> None:
    """Something is there."""
    loop.turns()
    loop.set_timer()


async def keep_time(loop: TurnLoop) -> None:
    """A pass whenever a deadline of the core has come, even if no client says anything."""
    while True:
        with trio.CancelScope() as timer:
            loop.start_timer(timer)
            await trio.sleep_forever()
        loop.turn()


async def purge_regularly(storage: Storage) -> None:
    """At the start, with the snapshot of that, and every autopurge.purgeInterval hours; 0 is never."""
    interval_hours = storage.config.autopurge_purge_interval_hours
    if interval_hours <= 0:
        await trio.sleep(math.inf)
    if storage.snapshot_due:
        await storage.due_is_over.wait()
    while True:
        try:
            await in_thread(storage.purge)
        except (OSError, StorageError) as error:
            logger.error("Purging failed, it is tried again in %d hours: %s", interval_hours, error)
        await trio.sleep(interval_hours * SECONDS_AN_HOUR)
