"""Runs a server: opens its storage and sockets, then lets the turns, the timers and the chores take turns.

Everything that touches the core runs in the event loop, one piece at a time; only the log and the bytes of
snapshots are written by threads.
"""

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import trio
from attrs import define, evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.primitives import set_field_limit, widen_field_limit
from pyzoo.persistence.disk import Disk
from pyzoo.runtime.admin_server import ServerHost, open_admin, serve_admin
from pyzoo.runtime.auditing import note_start, with_server_user
from pyzoo.runtime.datadir_cleanup_manager import purge_regularly
from pyzoo.runtime.environment import SystemEnvironment
from pyzoo.runtime.listening import open_listener, open_secure_listener
from pyzoo.runtime.logins.client_logins import with_client_login
from pyzoo.runtime.metrics_endpoint import MetricsPort, open_metrics, serve_metrics
from pyzoo.runtime.pauses import watch_pauses
from pyzoo.runtime.process_tuning import collector_at_rest, prepare_process, with_slices
from pyzoo.runtime.server_kinds import admin_host, begin, check_start, open_core, tasks_of
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.stop_signals import stop_on_signal
from pyzoo.runtime.tls.certificate_dates import settings_in_use, warn_about_certificates
from pyzoo.runtime.tls.contexts import client_tls
from pyzoo.runtime.tls.reload_stores import reload_client_stores
from pyzoo.runtime.transport.client_port import SECURE_PORT
from pyzoo.runtime.turn_tasks import keep_time, open_loop, serve_clients
from pyzoo.runtime.workers import in_thread
from pyzoo.server.core import Core
from pyzoo.server.database import ZKDatabase

if TYPE_CHECKING:
    from pyzoo.runtime.transport.link_faults import LinkFaults

NO_PORT = -1


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


def port_of(listeners: list[socket.socket]) -> int:
    """Where clients connect to these."""
    port: int = listeners[0].getsockname()[1] if listeners else NO_PORT
    return port


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


def leaf_of(error: BaseException) -> BaseException:
    """What ended a server: the first single error of a group that came out of its nurseries."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
