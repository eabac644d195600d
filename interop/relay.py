"""A network between members that can be cut: TCP relays on loopback, one per pair of members and port.

A cut holds back what is under way, as a network does: the connections stay, their bytes arrive after `heal`, and
nobody hears of a close. New connections over a cut are refused. `reset` ends connections and loses what was held.
"""

import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from attrs import define, field

HOST = "127.0.0.1"
PIECE_BYTES = 65536
#: How long a connection waits for a target that does not listen yet; no listener would refuse it at once.
PATIENCE_SECONDS = 1.0
POLL_SECONDS = 0.02


@define(eq=False)
class Network:
    """Who can reach whom, by sid; every new pair can."""

    _flows: dict[tuple[int, int], threading.Event] = field(factory=dict)
    _listeners: list[socket.socket] = field(factory=list)
    _connections: set[socket.socket] = field(factory=set)
    _lock: threading.Lock = field(factory=threading.Lock)

    def relay(self, source: int, target: int, address: tuple[str, int]) -> int:
        """Listen for connections of `source` to an address of `target`; returns the port."""
        for pair in ((source, target), (target, source)):
            self._flow(*pair)
        listener = socket.create_server((HOST, 0))
        self._listeners.append(listener)
        _thread(partial(self._accept, listener, source, target, address))
        port: int = listener.getsockname()[1]
        return port

    def cut_one_way(self, source: int, target: int) -> None:
        """Nothing that `source` sends reaches `target` any more."""
        self._flow(source, target).clear()

    def cut_off(self, sid: int) -> None:
        """No bytes between a member and any other."""
        for pair, flow in self._flows.items():
            if sid in pair:
                flow.clear()

    def heal(self) -> None:
        """Everybody reaches everybody again, and gets what was held back."""
        for flow in self._flows.values():
            flow.set()

    def reset(self) -> None:
        """End all connections; bytes that a cut holds back are lost."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _end(connection)

    def close(self) -> None:
        for listener in self._listeners:
            _end(listener)
            listener.close()
        self.reset()
        self.heal()

    def _flow(self, source: int, target: int) -> threading.Event:
        if (source, target) not in self._flows:
            self._flows[source, target] = threading.Event()
            self._flows[source, target].set()
        return self._flows[source, target]

    def _accept(self, listener: socket.socket, source: int, target: int, address: tuple[str, int]) -> None:
        there, back = self._flow(source, target), self._flow(target, source)
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if there.is_set() and back.is_set():
                _thread(partial(self._join, connection, address, there, back))
            else:
                connection.close()

    def _join(
        self, connection: socket.socket, address: tuple[str, int], there: threading.Event, back: threading.Event
    ) -> None:
        """Carry the bytes of one accepted connection in both directions until both ends have ended."""
        onward = _connected(address)
        if onward is None:
            connection.close()
            return
        pair = connection, onward
        with self._lock:
            self._connections.update(pair)
        for one in pair:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opposite = _thread(partial(_pump, onward, connection, back))
        _pump(connection, onward, there)
        opposite.join()
        with self._lock:
            self._connections.difference_update(pair)
        for one in pair:
            one.close()


def _connected(address: tuple[str, int]) -> socket.socket | None:
    """A connection to an address, which may take a moment to listen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(address)
        except OSError:
            time.sleep(POLL_SECONDS)
    return None


def _pump(source: socket.socket, target: socket.socket, flow: threading.Event) -> None:
    """Copy until the source ends; its end travels like its bytes."""
    try:
        while data := source.recv(PIECE_BYTES):
            flow.wait()
            target.sendall(data)
        flow.wait()
        target.shutdown(socket.SHUT_WR)
    except OSError:
        flow.wait()
        _end(source)
        _end(target)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _thread(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
