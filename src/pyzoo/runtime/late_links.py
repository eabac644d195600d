"""LateLinks: acts on the faults of a member's links, and lets it hear what these have delayed."""

from collections.abc import Callable

import trio

from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.transport.link_faults import LinkFaults
from pyzoo.runtime.transport.peer_port import PeerPort


class LateLinks:
    """For one member, whose `turn` follows on what it has heard."""

    def __init__(self, faults: LinkFaults, port: PeerPort, turn: Callable[[], None]) -> None:
        self._faults = faults
        self._port = port
        self._turn = turn
        self._news = trio.Event()
        faults.changed = self._changed
        faults.came_late = self._news_came

    def _changed(self) -> None:
        self._port.apply_faults()
        self._news.set()
        self._turn()

    def _news_came(self) -> None:
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due_ms = self._faults.due_ms
            with trio.move_on_after(float("inf") if due_ms is None else max(due_ms - elapsed_ms(), 0) / 1000):
                await self._news.wait()
            self._news = trio.Event()
            if due_ms is not None:
                self._port.hear_late()
                self._turn()
