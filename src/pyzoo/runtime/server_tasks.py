"""ServerTasks: what a server does beside its turns, and where it differs with and without an ensemble."""

import logging
from typing import Final

import trio

from pyzoo.errors import SaslFailure, StorageError
from pyzoo.runtime.snapshotting import save_snapshot_beside
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.turn import ErrandRunner, TurnLoop
from pyzoo.server.core import Core
from pyzoo.server.effects import Errands, SaslStep
from pyzoo.server.roles.sasl_steps import sasl_done
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

SASL_THREADS: Final = 4
"""Logins of clients that go on at the same time; what else waits for threads does not wait for them."""
SASL_SECONDS: Final = 10
SASL_RETRY_SECONDS: Final = 0.01


class ServerTasks(ErrandRunner):
    """The tasks of one server; without storage nothing is on disk."""

    def __init__(self, core: Core, loop: TurnLoop, storage: Storage | None, nursery: trio.Nursery) -> None:
        self.loop = loop
        self.storage = storage
        self.nursery = nursery
        self.core = core
        self._sasl_threads = trio.CapacityLimiter(SASL_THREADS)
        loop.runner = self

    def front(self) -> ZooKeeperServer:
        """The server that has the clients now."""
        assert isinstance(self.core, ZooKeeperServer)
        return self.core

    def begin(self) -> None:
        """Whatever comes before the first event."""
        if self.storage is not None and self.storage.snapshot_due:
            self._begin_snapshot(self.storage)

    def stop(self, cancel_scope: trio.CancelScope) -> None:
        """End by cancelling, as soon as nobody loses by it."""
        cancel_scope.cancel()

    async def look(self, path: str) -> None:
        """Before an HTTP request is answered: let what is shown be true of all processes of this server."""
        if self.front().config.workers > 1:
            from pyzoo.runtime.worker_looks import look

            await look(self.core, self.turn, path)

    def turn(self) -> None:
        """A pass after something that no socket has told of."""
        self.loop.turn()
        self.loop.set_timer()

    def run(self, errands: Errands) -> None:
        for step in errands.sasl_steps:
            self.nursery.start_soon(self._take_sasl_step, step)
        if errands.starts_snapshot and self.storage is not None:
            self._begin_snapshot(self.storage)

    def _begin_snapshot(self, storage: Storage) -> None:
        self.core.snapshot_began()
        self.nursery.start_soon(self._take_snapshot, storage)

    async def _take_sasl_step(self, step: SaslStep) -> None:
        """Find the answer to a token in a thread, and wait until its connection has a place for it."""
        self.loop.steps_beside += 1
        try:
            with trio.fail_after(SASL_SECONDS):
                await trio.to_thread.run_sync(step.run, limiter=self._sasl_threads, abandon_on_cancel=True)
        except trio.TooSlowError:
            step = SaslStep(step.cnxn, step.server, step.xid, step.token)
            step.failure = SaslFailure(f"it took more than {SASL_SECONDS} s to look at a token")
        except Exception:
            logger.exception("A token of SASL led to an internal error")
            step.failure = SaslFailure("an internal error")
        finally:
            self.loop.steps_beside -= 1
        while not sasl_done(self.front(), step):
            await trio.sleep(SASL_RETRY_SECONDS)
        self.turn()

    async def _take_snapshot(self, storage: Storage) -> None:
        """Save a snapshot of the running server: slices here, the writing in a thread."""
        failed = False
        try:
            await save_snapshot_beside(storage, self.front().database, self.core, self.loop)
        except StorageError as error:
            failed = True
            logger.error("%s", error)
        finally:
            self.core.snapshot_ended(failed)
            storage.due_is_over.set()
