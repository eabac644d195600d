"""ServerView: what a test may see of a server of this process."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.testing.controls.inspection import (
    NodeDict,
    SessionInfo,
    WatchInfo,
    ephemerals_of,
    node_dict,
    sessions_of,
    watches_of,
)
from pyzoo.testing.controls.server_thread import Result, ServerThread
from pyzoo.testing.errors import WaitTimeout

WAIT_SECONDS: Final = 10.0
SHORTEST_PAUSE_SECONDS: Final = 0.001
LONGEST_PAUSE_SECONDS: Final = 0.02


class ServerView(ABC):
    """Inspection of one server, standalone or a member; `_server_thread` is all that it needs."""

    @abstractmethod
    def _server_thread(self) -> ServerThread:
        """Where the server runs. Raises NotStarted."""

    def _look(self, look: Callable[[ZooKeeperServer], Result]) -> Result:
        """What the function sees of the server that has the clients now."""
        return self._server_thread().call(lambda running: look(running.tasks.front()))

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
