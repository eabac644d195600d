"""The AdminServer of a running server: its port, and what its commands ask of the process.

Snapshots are written, read and checked by threads; the event loop only hands them on, and does the moment in which a
restored database takes the place of the other one.
"""

import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from typing import Final

import trio
from attrs import evolve

from pyzoo.admin.host import SavedSnapshot
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ConfigError, StorageError
from pyzoo.persistence.names import snapshot_zxid
from pyzoo.persistence.restored import RestoredSnapshot, read_restored
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.console_samples import CounterLooks
from pyzoo.runtime.http import open_http, serve_http
from pyzoo.runtime.http_settings import AsgiApplication, HttpSettings, Message, Receive, Send, http_settings
from pyzoo.runtime.memory import give_back
from pyzoo.runtime.recipe_file import known_recipes
from pyzoo.runtime.saved_snapshot import SnapshotOfFile, without_disk
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.snapshotting import save_snapshot_beside
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.tls.contexts import admin_tls
from pyzoo.runtime.upload import UploadRoom, check_room_for_snapshot, room_for, spool
from pyzoo.runtime.workers import in_thread
from pyzoo.server.database import ZKDatabase, new_tree
from pyzoo.server.modes import READ_ONLY
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

NODES_AT_ONCE: Final = 2000


def open_admin(config: ServerConfig) -> tuple[socket.socket, HttpSettings] | None:
    """The port of the AdminServer; None where it is off, or cannot be opened: the database goes on without it."""
    admin = config.admin
    if not admin.enabled:
        return None
    try:
        tls = admin_tls(config)
        listener = open_http(admin.address, admin.port)
    except (OSError, ConfigError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        logger.error(
            "Problem starting AdminServer on address %s, port %d and command URL %s: %s. Choose another "
            "admin.serverPort, or set admin.enableServer=false",
            admin.address,
            admin.port,
            admin.command_url,
            reason,
        )
        return None
    if admin.console.enabled and admin.console.recipes_file:
        # The console is loaded when somebody looks at it; what is wrong is told now.
        known_recipes(config)
    return listener, evolve(http_settings(config), tls=tls, accepts_plain=not admin.force_https)


async def serve_admin(listener: socket.socket, settings: HttpSettings, host: "ServerHost") -> None:
    """Serve until cancelled."""
    config = host.server().config
    host_name, port = listener.getsockname()[:2]
    if config.admin.console.enabled and not config.admin.has_console:
        logger.warning("There is no console: admin.commandURL=%s leaves no place for it", config.admin.command_url)
    logger.info("Started AdminServer on %s:%d, commands are below %s", host_name, port, config.admin.command_url)

    def make() -> AsgiApplication:
        from pyzoo.admin.app import make_application
        from pyzoo.runtime.console_mount import AdminWithConsole

        commands = make_application(config, host, elapsed_ms())
        application: AsgiApplication = commands
        if config.admin.has_console:
            application = AdminWithConsole(commands, config, host, host.tasks, host.counters)
        return application if config.workers == 1 else looking_first(application, host.tasks)

    await serve_http(listener, settings, make)


def looking_first(application: AsgiApplication, tasks: ServerTasks) -> AsgiApplication:
    """The same, of all processes of a server."""

    async def of_all(scope: Message, receive: Receive, send: Send) -> None:
        await tasks.look(scope["path"])
        await application(scope, receive, send)

    return of_all


class ServerHost:
    """What the commands ask of a standalone server (an AdminHost); without storage nothing is on disk.

    `tasks` are those of the server, `counters` what it has counted in the last minutes, for the console.
    """

    def __init__(self, tasks: ServerTasks) -> None:
        self.tasks = tasks
        self.counters = CounterLooks(self.server)
        storage = tasks.storage
        self._storage = storage if storage is not None and storage.is_on_disk else None
        self._restoring = trio.Lock()

    def server(self) -> ZooKeeperServer:
        """The server that has the clients now. Its time moves on, what is due is left to the next turn."""
        server = self.tasks.front()
        server.now_ms = elapsed_ms()
        server.wall_ms = wall_ms() + self.tasks.loop.wall_ahead_ms
        return server

    def plain_accepted(self) -> None:
        """Count a connection without TLS on a port that has both."""
        self.server().metrics.insecure_admin_count += 1

    async def vouches_for(self, certificate: bytes) -> bool:
        """Whether the trust store of clients accepts a certificate."""
        from pyzoo.runtime.tls.trusted_clients import vouches_for

        return await trio.to_thread.run_sync(vouches_for, self.server().config.tls.trust_store, certificate)

    async def pause(self) -> None:
        """Let the clients go on."""
        await trio.lowlevel.checkpoint()

    # --- snapshots

    async def save_snapshot(self) -> SavedSnapshot:
        """Save a snapshot as the server does by itself, to be read from its file."""
        server = self.server()
        storage = self._storage
        if storage is None:
            return without_disk(server.database)
        if server.mode == READ_ONLY:
            raise StorageError("what a server without a quorum has may be taken back; ask one with a quorum")
        check_room_for_snapshot(server.config.admin, server.tree, storage.directories.snapshots)
        path = await save_snapshot_beside(storage, server.database, self.tasks.core, self.tasks.loop)
        if path is None:
            raise StorageError("this server changed its role meanwhile; try again")
        file = await trio.to_thread.run_sync(open, path, "rb")
        return SnapshotOfFile(file, snapshot_zxid(os.path.basename(path)))

    # --- restoring

    async def restore(self, body: AsyncIterator[bytes], announced: int) -> int:
        """Put a snapshot in the place of the database; see `admin.host`."""
        begun = elapsed_ms()
        if self._restoring.locked():
            raise StorageError("another snapshot is being restored")
        self._check_role()
        async with self._restoring:
            try:
                restored = await self._read_and_replace(body, announced)
            finally:
                await in_thread(give_back)
        self.server().metrics.restore_time.add(elapsed_ms() - begun)
        logger.info("Restored the snapshot of zxid 0x%x", restored.zxid)
        return restored.zxid

    async def _read_and_replace(self, body: AsyncIterator[bytes], announced: int) -> RestoredSnapshot:
        room = room_for(self.server().config.admin, self.server().tree, self._directory)
        restored = await self._read_body(body, announced, room)
        old = self.server().tree
        await self._replace_by(restored, room)
        if self.server().tree is not old:
            await let_go(old)
        return restored

    @property
    def _directory(self) -> str | None:
        """Where snapshots are; None where nothing is on disk."""
        return None if self._storage is None else self._storage.directories.snapshots

    def _check_role(self) -> None:
        """Raise StorageError where this server cannot restore anything, before anybody sends it a snapshot."""

    async def _read_body(self, body: AsyncIterator[bytes], announced: int, room: UploadRoom) -> RestoredSnapshot:
        """Everything of the body, checked; the server has not changed yet."""
        tree = new_tree(self.server().config)
        try:
            file = tempfile.TemporaryFile(dir=self._directory)
        except OSError as error:
            raise StorageError(f"the uploaded snapshot cannot be kept: {error.strerror or error}") from error
        with file:
            await spool(body, announced, room, file)
            return await in_thread(read_restored, file.read, tree, room.limit)

    async def _replace_by(self, restored: RestoredSnapshot, room: UploadRoom) -> None:
        """In one turn: what is logged until then is behind the snapshot, and what comes is after it."""
        storage = self._storage
        if storage is None:
            self._switch(restored)
            return
        async with storage.saving:
            await in_thread(write_beside, restored, storage, room)
            try:
                self._switch(restored)
            except StorageError:
                await in_thread(restored.let_go)
                raise

    def _switch(self, restored: RestoredSnapshot) -> None:
        server = self.server()
        restored.complete(max(int(server.sync_processor.next_zxid) - 1, restored.zxid) + 1)
        server.replace_database(ZKDatabase(restored.tree, restored.sessions))
        self.tasks.loop.wake()


def write_beside(restored: RestoredSnapshot, storage: Storage, room: UploadRoom) -> None:
    """Write a snapshot but for its end. Raises StorageError; nothing is left of it then, on disk or in memory."""
    try:
        room.check_disk(restored.size)
        restored.write_body(storage.snapshot_file(restored.zxid))
    except BaseException:
        restored.let_go()
        raise


async def let_go(tree: DataTree) -> None:
    """Give the memory of a tree back a little at a time: all at once would hold up whoever waits."""
    while tree.nodes.let_go(NODES_AT_ONCE):
        await trio.lowlevel.checkpoint()
