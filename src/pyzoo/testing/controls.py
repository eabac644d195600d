"""ServerControls: what a test may do to a server of this process, and what it may see of it.

All of it is done by the server's own code in its own event loop, between two turns.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from pyzoo.jute import opcodes as op
from pyzoo.runtime.run import RunningServer
from pyzoo.server.clients.request import internal_request
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.testing.errors import EmbeddedServerError, NoSuchSession, WaitTimeout
from pyzoo.testing.inspection import (
    NodeDict,
    SessionInfo,
    WatchInfo,
    ephemerals_of,
    node_dict,
    sessions_of,
    watches_of,
)
from pyzoo.testing.references import SessionReference, session_id_of, session_text
from pyzoo.testing.server_thread import Result, ServerThread

WAIT_SECONDS: Final = 10.0
SHORTEST_PAUSE_SECONDS: Final = 0.001
LONGEST_PAUSE_SECONDS: Final = 0.02


class ServerControls(ABC):
    """Faults, controls and inspection of one server, standalone or a member; `_server_thread` is all that they need."""

    @abstractmethod
    def _server_thread(self) -> ServerThread:
        """Where the server runs. Raises NotStarted."""

    def _look(self, look: Callable[[ZooKeeperServer], Result]) -> Result:
        """What the function sees of the server that has the clients now."""
        return self._server_thread().call(lambda running: look(running.tasks.front()))

    def _do(self, change: Callable[[ZooKeeperServer], Result]) -> Result:
        """Change something at the server, at the present time, and let that have its consequences."""

        def between_turns(running: RunningServer) -> Result:
            running.tasks.turn()
            result = change(running.tasks.front())
            running.tasks.turn()
            return result

        return self._server_thread().call(between_turns)

    # --- inspection

    def sessions(self) -> list[SessionInfo]:
        """All sessions that the server knows, the oldest first."""
        return self._look(sessions_of)

    def watches(self) -> list[WatchInfo]:
        """All watches that clients of this server have left."""
        return self._look(watches_of)

    def ephemerals(self) -> dict[int, list[str]]:
        """The paths of all ephemerals, by the ids of their sessions."""
        return self._look(ephemerals_of)

    def tree(self, path: str = "/") -> NodeDict:
        """A node with all below it: `tree()["children"]["app"]["data"]`. The system's /zookeeper is left out.

        Raises NoSuchNode.
        """
        return self._look(lambda server: node_dict(server.tree, path))

    def exists(self, path: str) -> bool:
        """Whether there is such a node."""
        return self._look(lambda server: server.tree.get_node(path) is not None)

    def wait_until(self, condition: str | Callable[[], object], timeout: float = WAIT_SECONDS) -> None:
        """Return when the node of this path exists, or when the function returns something true.

        The function is called again and again, in the thread of the caller. Raises WaitTimeout after so many seconds.
        """
        if isinstance(condition, str):
            path = condition
            self._poll(lambda: self.exists(path), timeout, lambda: self._look(lambda server: _missing(server, path)))
        else:
            name = getattr(condition, "__qualname__", repr(condition))
            self._poll(condition, timeout, lambda: f"{name} did not become true")

    def _poll(self, condition: Callable[[], object], timeout: float, complaint: Callable[[], str]) -> None:
        end = time.monotonic() + timeout
        pause = SHORTEST_PAUSE_SECONDS
        while not condition():
            if time.monotonic() >= end:
                hint = "; the server is paused, call resume()" if self._server_thread().is_paused else ""
                raise WaitTimeout(f"{complaint()} within {timeout:g} s{hint}")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    # --- sessions and connections

    def expire(self, session: SessionReference) -> None:
        """Let a session expire now: its ephemerals go, and its client is told when it comes back.

        Returns when that has happened. Raises NoSuchSession, and WaitTimeout where the close could not be logged.
        """
        session_id = session_id_of(session)
        if not self._do(lambda server: _begin_to_expire(server, session_id)):
            return
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

    # --- standing still

    def pause(self) -> None:
        """Let the server stand still, as SIGSTOP does with a process: connections stay open, nothing is answered."""
        self._server_thread().pause()

    def resume(self) -> None:
        """Go on after `pause`; sessions whose time is over have expired."""
        self._server_thread().resume()


def _begin_to_expire(server: ZooKeeperServer, session_id: int) -> bool:
    """Begin to close a session; False for one of this server alone, which is over at once."""
    local = server.local
    if local is not None and session_id in local.sessions:
        local.remove(session_id)
        server.connections.close_session(session_id)
        return False
    if session_id not in server.database.sessions:
        raise NoSuchSession(f"there is no session {session_text(session_id)}; sessions() has those that there are")
    if not server.tracks_sessions:
        raise EmbeddedServerError("sessions expire at the leader: call expire() there")
    if server.sessions.is_alive(session_id):
        server.sessions.set_closing(session_id)
        server.metrics.stale_sessions_expired += 1
        server.submit_write(internal_request(op.CLOSE_SESSION, session_id, server.now_ms))
    return True


def _missing(server: ZooKeeperServer, path: str) -> str:
    """What is there in place of a node that was waited for."""
    parent = path
    while parent != "/":
        parent = parent.rpartition("/")[0] or "/"
        node = server.tree.get_node(parent)
        if node is not None:
            names = [] if node.children is None else sorted(node.children.listing())
            return f"{path} did not appear: {parent} exists, with the children {names}, but the rest was not there"
    return f"{path} is no path: it did not appear"
