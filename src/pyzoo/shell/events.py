"""Events are shown by a thread of their own: a reader of the output that stands still must not stop the session."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from attrs import frozen


@frozen
class Event:
    """What happened: the state of the session, the type, the node (None for the session itself), the zxid."""

    state: str
    type: str
    path: str | None
    zxid: int


class EventThread:
    """Hands events on in their order; if `held`, from `release` on. Lives until `end`."""

    def __init__(self, show: Callable[[Event], None], held: bool = False) -> None:
        self._show = show
        self._queue: SimpleQueue[Event | threading.Event | None] = SimpleQueue()
        self._came = 0
        self._shown = 0
        self._ended = False
        self._counting = threading.Lock()
        self._released = threading.Event()
        if not held:
            self._released.set()
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def put(self, state: str, type: str, path: str | None, zxid: int) -> None:
        """Returns at once; after the end events go nowhere."""
        with self._counting:
            if not self._ended:
                self._came += 1
                self._queue.put(Event(state, type, path, zxid))

    def release(self) -> None:
        """Show what came so far, and from now on all that comes."""
        self._released.set()

    def settle(self) -> None:
        """Release, and wait until all that came so far is shown."""
        self.release()
        if self._shown == self._came:
            return
        reached = threading.Event()
        self._queue.put(reached)
        reached.wait()

    def end(self) -> None:
        """Returns at once: the thread ends when what came so far is shown, and nobody may settle any more."""
        with self._counting:
            self._ended = True
            self._queue.put(None)
        self.release()

    def _run(self) -> None:
        self._released.wait()
        while (item := self._queue.get()) is not None:
            if isinstance(item, Event):
                # Where nobody reads any more, the main thread finds out by itself.
                with suppress(OSError):
                    self._show(item)
                self._shown += 1
            else:
                item.set()
