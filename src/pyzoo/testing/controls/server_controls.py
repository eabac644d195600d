"""ServerControls: what a test may do to a server of this process, beside looking at it.

All of it is done by the server's own code in its own event loop, between two turns.
"""

from collections.abc import Callable

from pyzoo.runtime.run import RunningServer
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.testing.controls.clock import (
    Step,
    connected_sessions,
    has_ended,
    may_sweep,
    step_sessions,
    sweep,
)
from pyzoo.testing.controls.expiry import expire_now
from pyzoo.testing.controls.references import SessionReference, session_id_of, session_text
from pyzoo.testing.controls.server_thread import Result, ServerThread
from pyzoo.testing.controls.view import WAIT_SECONDS, ServerView
from pyzoo.testing.errors import EmbeddedServerError, NoSuchSession
from pyzoo.testing.faults.full_disk import is_stalled
from pyzoo.testing.faults.request_faults import ErrorReference, code_of, opcodes_of


class ServerControls(ServerView):
    """Faults and controls of one server, standalone or a member.

    A fault lasts until `heal`, or until the server ends: after `restart` there is none.
    """

    def _do(self, change: Callable[[ZooKeeperServer], Result]) -> Result:
        """Change something at the server, at the present time, and let that have its consequences."""

        def between_turns(running: RunningServer) -> Result:
            running.tasks.turn()
            result = change(running.tasks.front())
            running.tasks.turn()
            return result

        return self._awake().call(between_turns)

    def _awake(self) -> ServerThread:
        """The thread of a server that does what it is asked for; raises EmbeddedServerError while it is paused."""
        thread = self._server_thread()
        if thread.is_paused:
            raise EmbeddedServerError("the server is paused, so that nothing can happen at it: call resume() first")
        return thread

    # --- sessions and connections

    def expire(self, session: SessionReference) -> None:
        """Let a session expire now: its ephemerals go, and its client is told when it comes back.

        Returns when that has happened. Raises NoSuchSession, and WaitTimeout where the close could not be logged.
        """
        session_id = session_id_of(session)
        self._do(lambda server: expire_now(server, session_id))
        self._poll(
            lambda: self._look(lambda server: session_id not in server.database.sessions),
            WAIT_SECONDS,
            lambda: f"the session {session_text(session_id)} could not be closed",
        )

    def drop(self, client: SessionReference) -> None:
        """Cut the connection of a client; its session lives on, and it may come back. Raises NoSuchSession."""
        session_id = session_id_of(client)

        def cut(server: ZooKeeperServer) -> None:
            cnxn = server.connections.by_session.get(session_id)
            if cnxn is None:
                raise NoSuchSession(f"no client is connected here with the session {session_text(session_id)}")
            cnxn.abort()

        self._do(cut)

    # --- the time

    def step_clock(self, seconds: float, *, silent: bool = False) -> None:
        """Let so much time pass at once: for sessions, nodes with a time to live, and containers.

        Sessions without a connection expire when their time is over. Clients that are connected count as heard of
        meanwhile; with `silent` nothing was heard of them either. All containers and TTL nodes go that may go then.
        New nodes get the later time. Returns when all that has happened; raises WaitTimeout where it cannot be logged.
        """
        self.step_clock_with(seconds, set() if silent else self.connected_sessions())

    def step_clock_with(self, seconds: float, alive: set[int]) -> None:
        """As `step_clock`; the clients of the `alive` sessions count as heard of."""
        if seconds < 0:
            raise ValueError(f"{seconds} s: time does not go back, give a positive number of seconds")
        step_ms = round(seconds * 1000)

        def step(running: RunningServer) -> Step:
            running.tasks.turn()
            running.tasks.loop.wall_ahead_ms += step_ms
            running.tasks.turn()
            begun = step_sessions(running.tasks.front(), step_ms, alive)
            running.tasks.turn()
            return begun

        begun = self._awake().call(step)
        while True:
            self._poll(
                lambda: self._look(lambda server: has_ended(server, begun)),
                WAIT_SECONDS,
                lambda: "what is over could not be deleted",
            )
            if not self._look(may_sweep):
                break
            self._do(lambda server: sweep(server, begun))

    def connected_sessions(self) -> set[int]:
        """The sessions whose clients are connected here."""
        return self._look(connected_sessions)

    # --- faults

    def delay(self, ms: float) -> None:
        """Let what clients send from now on arrive so many milliseconds later; 0 is no delay."""
        if ms < 0:
            raise ValueError(f"{ms} ms: nothing arrives before it is sent, give a positive number of milliseconds")
        thread = self._server_thread()
        thread.call(lambda running: thread.faults.delay(running, ms / 1000))

    def disk_full(self) -> None:
        """Let the disk be full: nothing can be logged, so no write is answered, until `heal`. Reads are answered.

        In memory it is the same.
        """
        thread = self._server_thread()
        thread.call(thread.faults.fill_disk)

    def refuse_writes(self) -> None:
        """Answer all writes of clients with NOTREADONLY, as a server does that is read-only, until `heal`.

        Sessions begin and end as before.
        """
        thread = self._server_thread()
        thread.call(thread.faults.refuse_writes)

    def fail_next(self, opcode: int | str, error: ErrorReference) -> None:
        """Answer the next request of a kind with an error, and do nothing else for it.

        `opcode` is a number or a name ("create", "setData", "multi"); create, getChildren and setWatches stand for all
        their kinds. `error` is a code (-101), a name ("NoNode", "NONODE"), or an exception of kazoo (NoNodeError).
        Several of them fail one request each, in their order. Raises ValueError for what there is not.
        """
        opcodes, code = opcodes_of(opcode), code_of(error)
        thread = self._server_thread()
        thread.call(lambda running: thread.faults.fail_next(running, opcodes, code))

    def heal(self) -> None:
        """End all faults: pause, delay, disk_full, refuse_writes, and what is left of fail_next."""
        thread = self._server_thread()
        thread.resume()
        thread.call(thread.faults.heal)
        self._poll(
            lambda: not thread.call(lambda running: is_stalled(running.tasks)),
            WAIT_SECONDS,
            lambda: "the log could not be written again",
        )

    # --- standing still

    def pause(self) -> None:
        """Let the server stand still, as SIGSTOP does with a process: connections stay open, nothing is answered."""
        self._server_thread().pause()

    def resume(self) -> None:
        """Go on after `pause`; sessions whose time is over have expired."""
        self._server_thread().resume()
