"""ServerFaults: the faults of one run of a server; a new run has none."""

from pyzoo.runtime.run import RunningServer
from pyzoo.testing.faults.full_disk import fill, make_room
from pyzoo.testing.faults.request_faults import InjectedFaults
from pyzoo.testing.faults.slow_network import DelayLine


class ServerFaults:
    """Everything here is called in the server's event loop, between two turns."""

    def __init__(self) -> None:
        self._requests = InjectedFaults()
        self._line: DelayLine | None = None

    def delay(self, running: RunningServer, seconds: float) -> None:
        """What clients send arrives so much later."""
        if self._line is None:
            self._line = DelayLine(running.tasks)
        self._line.set(seconds)

    def fill_disk(self, running: RunningServer) -> None:
        """Nothing is written any more."""
        fill(running.tasks)

    def refuse_writes(self, running: RunningServer) -> None:
        """Writes of clients are answered with NOTREADONLY."""
        self._requests.refuses_writes = True
        running.tasks.front().admission.fail_requests(self._requests)

    def fail_next(self, running: RunningServer, opcodes: frozenset[int], code: int) -> None:
        """The next request of one of these opcodes is answered with this code."""
        self._requests.fail_next(opcodes, code)
        running.tasks.front().admission.fail_requests(self._requests)

    def heal(self, running: RunningServer) -> None:
        """Undo all that."""
        self._requests.heal()
        running.tasks.front().admission.fail_requests(None)
        if self._line is not None:
            self._line.set(0.0)
        make_room(running.tasks)
