"""What this server's counters said in the last minutes, for graphs: a look every few seconds, asked for or not.

Nothing of the console is loaded for it.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import trio

from pyzoo.server.operators.counters import Counters, counters_of
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

SAMPLE_SECONDS: Final = 5
FIRST_SAMPLE_SECONDS: Final = 1.2
MOST_LOOKS: Final = 15 * 60 // SAMPLE_SECONDS + 1


class CounterLooks:
    """The looks of the last 15 minutes; `server` gives the server that has the clients, with the time of now.

    `taken` counts all looks, so that who has seen some of them knows which are new. `slow_syncs` are what
    ServerEnvironment.slow_syncs() said at each look.
    """

    def __init__(self, server: Callable[[], ZooKeeperServer]) -> None:
        self.server = server
        self.taken = 0
        self.looks: deque[Counters] = deque(maxlen=MOST_LOOKS)
        self.slow_syncs: deque[int] = deque(maxlen=MOST_LOOKS)

    async def run(self) -> None:
        """Look until cancelled; the first two looks follow each other soon, so that there is something to see."""
        self.look()
        await trio.sleep(FIRST_SAMPLE_SECONDS)
        while True:
            self.look()
            await trio.sleep(SAMPLE_SECONDS)

    def look(self) -> None:
        """Look once."""
        server = self.server()
        self.looks.append(counters_of(server, int(server.wall_ms)))
        self.slow_syncs.append(server.environment.slow_syncs())
        self.taken += 1

    def newer_than(self, taken: int) -> list[Counters]:
        """The looks that came after so many, as far as they are kept."""
        new = min(self.taken - taken, len(self.looks))
        return list(self.looks)[len(self.looks) - new :]

    @property
    def recent_slow_syncs(self) -> int:
        """How many syncs of the log were slow in the last minutes."""
        return self.slow_syncs[-1] - self.slow_syncs[0] if self.slow_syncs else 0
