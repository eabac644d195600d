"""Runs a server: opens its storage and sockets, then lets the client port, the timers and the chores take turns.

Everything that touches the core runs in the event loop, one piece at a time; only the log and the bytes of
snapshots are written by threads.
"""

import gc
import logging
import math
import random
import resource
import signal
import socket
import sys
from contextlib import ExitStack

import trio
from attrs import define, evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import StorageError
from pyzoo.jute.primitives import set_field_limit
from pyzoo.runtime.admin_server import MemberHost, ServerHost, open_admin, serve_admin
from pyzoo.runtime.auditing import note_start, with_server_user
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.environment import SystemEnvironment
from pyzoo.runtime.listening import check_client_address, open_listener
from pyzoo.runtime.member import Member
from pyzoo.runtime.metrics_endpoint import open_metrics, serve_metrics
from pyzoo.runtime.pauses import watch_pauses
from pyzoo.runtime.peer_sasl import refuse_logins_of_clients
from pyzoo.runtime.service_manager import STOPPING, notify
from pyzoo.runtime.snapshotting import take_snapshots
from pyzoo.runtime.storage import Storage, open_in_memory, open_peer_storage, open_storage
from pyzoo.runtime.turn import ClientPort
from pyzoo.runtime.workers import in_thread
from pyzoo.server import slices
from pyzoo.server.core import Core
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger = logging.getLogger(__name__)

SECONDS_AN_HOUR = 3600
PLAIN_SLICE_UNITS = 2_000
SWITCH_SECONDS = 0.0005
NO_PORT = -1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@define
class RunningServer:
    """A server that is ready: where it listens, and how to stop it.

    `port` is -1 for a member of an ensemble without a client port; `admin_port` is that of the AdminServer, if any.
    """

    port: int
    server: Core
    admin_port: int | None
    cancel_scope: trio.CancelScope

    def stop(self) -> None:
        """Ask the server to end; `serve` then returns."""
        self.cancel_scope.cancel()


async def serve(
    config: ServerConfig,
    *,
    in_memory: bool = False,
    embedded: bool = False,
    handle_signals: bool = False,
    task_status: trio.TaskStatus[RunningServer] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a server until it is cancelled, stopped or, with `handle_signals`, told to by SIGTERM or SIGINT.

    An `embedded` server leaves the settings of its process alone.
    Raises ConfigError, StorageError or OSError when it cannot start, and StorageError when the log fails.
    """
    set_field_limit(config.jute_max_buffer, config.jute_max_buffer_extra)
    config = with_slices(with_server_user(config))
    check_client_address(config)
    refuse_logins_of_clients(config)
    if config.distributed:
        await serve_member(config, embedded, handle_signals, task_status)
        return
    storage: Storage | None = None
    if in_memory:
        database = open_in_memory(config)
    else:
        storage, database = open_storage(config)
    with ExitStack() as stack:
        if storage is not None:
            stack.callback(storage.close)
        server = ZooKeeperServer(config, database, elapsed_ms(), wall_ms(), random.randrange)
        if storage is not None:
            storage.load_times.count(server.stats.metrics)
        metrics_listener = open_metrics(config, stack)
        listeners = open_listener(config)
        port: int = listeners[0].getsockname()[1]
        server.environment = SystemEnvironment(config, storage, port)
        prepare_process(embedded)
        log_thread = None if storage is None else storage.log_thread
        if log_thread is not None:
            log_thread.start()
        client_port = ClientPort(
            server,
            listeners,
            log_thread,
            config.client_tcp_keep_alive,
            trio.Event(),
            config.sessionless_cnxn_timeout_ms,
        )
        stack.callback(client_port.close)
        if not embedded:
            client_port.have_process(config.look_before_sleep)
        async with trio.open_nursery() as nursery:
            if handle_signals:
                await nursery.start(stop_on_signal, nursery.cancel_scope)
            nursery.start_soon(serve_clients, client_port)
            nursery.start_soon(keep_time, client_port)
            start_measuring(config, metrics_listener, server, nursery)
            if storage is not None:
                nursery.start_soon(take_snapshots, client_port, storage, lambda: server.database)
                nursery.start_soon(purge_regularly, storage)
            note_start(config, stack)
            admin_port = start_admin(config, ServerHost(client_port, storage), nursery)
            task_status.started(RunningServer(port, server, admin_port, nursery.cancel_scope))


def with_slices(config: ServerConfig) -> ServerConfig:
    """Plain Python gets as far in a slice as it can in the time that a compiled server takes for one."""
    if not str(slices.__file__).endswith(".py"):
        return config
    return evolve(config, slice_units=min(config.slice_units, PLAIN_SLICE_UNITS))


async def serve_member(
    config: ServerConfig,
    embedded: bool,
    handle_signals: bool,
    task_status: trio.TaskStatus[RunningServer],
) -> None:
    """Run a member of an ensemble; as `serve`."""
    storage, files = open_peer_storage(config)
    with ExitStack() as stack:
        stack.callback(storage.close)
        peer = QuorumPeer(config, files, elapsed_ms(), wall_ms(), random.randrange)
        metrics_listener = open_metrics(config, stack)
        listeners = open_listener(config)
        port: int = listeners[0].getsockname()[1] if listeners else NO_PORT
        peer.front.environment = SystemEnvironment(config, storage, port)
        prepare_process(embedded)
        storage.log_thread.start()
        client_port = ClientPort(
            peer,
            listeners,
            storage.log_thread,
            config.client_tcp_keep_alive,
            trio.Event(),
            config.sessionless_cnxn_timeout_ms,
        )
        stack.callback(client_port.close)
        if not embedded:
            client_port.have_process(config.look_before_sleep)
        async with trio.open_nursery() as nursery:
            member = Member(peer, client_port, storage, nursery)
            client_port.peers = member.ports
            if handle_signals:
                await nursery.start(stop_on_signal, nursery.cancel_scope)
            nursery.start_soon(serve_clients, client_port)
            nursery.start_soon(keep_time, client_port)
            nursery.start_soon(take_snapshots, client_port, storage, lambda: peer.database)
            nursery.start_soon(purge_regularly, storage)
            start_measuring(config, metrics_listener, peer, nursery)
            member.begin()
            note_start(config, stack)
            admin_port = start_admin(config, MemberHost(member, client_port, storage), nursery)
            task_status.started(RunningServer(port, peer, admin_port, nursery.cancel_scope))


def start_measuring(config: ServerConfig, listener: socket.socket | None, core: Core, nursery: trio.Nursery) -> None:
    """Offer the metrics, and watch for pauses, where that is wanted."""
    if listener is not None:
        nursery.start_soon(serve_metrics, listener, core)
    if config.pauses.enabled:
        nursery.start_soon(watch_pauses, config.pauses, core.metrics)


def start_admin(config: ServerConfig, host: ServerHost, nursery: trio.Nursery) -> int | None:
    """Serve the AdminServer too, where it is wanted and possible; returns its port."""
    opened = open_admin(config)
    if opened is None:
        return None
    listener, settings = opened
    port: int = listener.getsockname()[1]
    nursery.start_soon(serve_admin, listener, evolve(settings, plain_accepted=host.plain_accepted), host)
    return port


def prepare_process(embedded: bool) -> None:
    """What a server that has its process to itself does for speed."""
    if not embedded:
        tune_interpreter()
        raise_file_limit()


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


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us, as a JVM does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            logger.info("The limit of open files stays at %d: %s", soft, error)


async def stop_on_signal(
    cancel_scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """End the server on SIGTERM or Ctrl-C; whoever asks again changes nothing, as with a JVM."""
    with trio.open_signal_receiver(*STOP_SIGNALS) as signals:
        task_status.started()
        async for number in signals:
            logger.info("Stopping on %s", signal.Signals(number).name)
            notify(STOPPING)
            # One that comes while the receiver closes would go to the handlers of before, which break off what ends.
            signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            break
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    cancel_scope.cancel()


async def serve_clients(client_port: ClientPort) -> None:
    """A pass whenever some socket, or the log, has something."""
    wait_readable = trio.lowlevel.wait_readable
    fd = client_port.epoll.fileno()
    while True:
        await wait_readable(fd)
        client_port.turns()
        client_port.set_timer()


async def keep_time(client_port: ClientPort) -> None:
    """A pass whenever a deadline of the core has come, even if no client says anything."""
    while True:
        with trio.CancelScope() as timer:
            client_port.start_timer(timer)
            await trio.sleep_forever()
        client_port.turn()


async def purge_regularly(storage: Storage) -> None:
    """At the start and every autopurge.purgeInterval hours; 0 is never."""
    interval_hours = storage.config.autopurge_purge_interval_hours
    if interval_hours <= 0:
        await trio.sleep(math.inf)
    while True:
        try:
            await in_thread(storage.purge)
        except (OSError, StorageError) as error:
            logger.error("Purging failed, it is tried again in %d hours: %s", interval_hours, error)
        await trio.sleep(interval_hours * SECONDS_AN_HOUR)
