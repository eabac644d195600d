"""A client that keeps writing while the ensemble goes through trouble, and knows what was acknowledged."""

import threading
import time

from attrs import define, field
from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, OperationTimeoutError, SessionExpiredError

ANSWER_SECONDS = 30.0
#: Pause between two writes while nobody waits for them, and how long there is none after somebody did: what happens to
#: the ensemble happens then, in the middle of writes.
PAUSE_SECONDS = 0.1
HURRY_SECONDS = 0.5
#: Outcomes that leave open whether the write took place.
UNKNOWN = (ConnectionLoss, ConnectionClosedError, OperationTimeoutError, SessionExpiredError)


def kazoo_client(hosts: str, session_seconds: float = 10.0) -> KazooClient:
    """A client that is not started yet and reconnects without long pauses."""
    # Without a backoff that outweighs it, kazoo's jitter shrinks the pauses to nothing.
    patience = {"max_tries": -1, "delay": 0.05, "backoff": 2, "max_delay": 0.05, "max_jitter": 0.2}
    return KazooClient(hosts, timeout=session_seconds, connection_retry=patience, randomize_hosts=False)


@define(eq=False)
class Writer:
    """Creates `top`/<number> and sets `top` to each number, one write after the other, on its own thread."""

    hosts: str
    top: str = "/writer"
    session_seconds: float = 10.0
    #: Numbers whose create, and the last number whose set, was acknowledged.
    created: list[int] = field(factory=list)
    last_set: int = -1
    sessions: set[int] = field(factory=set)
    problem: BaseException | None = None
    _client: KazooClient = field(init=False)
    _thread: threading.Thread = field(init=False)
    _progress: threading.Condition = field(factory=threading.Condition)
    _hurries_until: float = 0.0
    _ends: bool = False

    def start(self) -> None:
        self._client = kazoo_client(self.hosts, self.session_seconds)
        self._client.start(ANSWER_SECONDS)
        self._client.ensure_path(self.top)
        self._client.create(f"{self.top}/ephemeral", ephemeral=True)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for_more(self, count: int = 20, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until `count` further writes were acknowledged. Raises AssertionError when they are not in time."""
        goal, deadline = len(self.created) + count, time.monotonic() + seconds
        with self._progress:
            self._hurries_until = deadline
            self._progress.notify_all()
            while len(self.created) < goal:
                left = deadline - time.monotonic()
                if left <= 0 or self.problem is not None:
                    raise AssertionError(
                        f"{len(self.created)} of {goal} writes were acknowledged within {seconds} s; {self.problem!r}"
                    )
                self._progress.wait(left)
            self._hurries_until = time.monotonic() + HURRY_SECONDS

    def stop(self) -> None:
        """Let the write under way end; the session stays open until `close`."""
        self._end()
        self._thread.join(ANSWER_SECONDS + 5)
        assert not self._thread.is_alive(), "a write got no answer"
        assert self.problem is None, repr(self.problem)

    def close(self) -> None:
        self._end()
        self._client.stop()
        self._client.close()

    def assert_nothing_lost(self, hosts: str) -> None:
        """All acknowledged writes are seen through these hosts, after a sync."""
        client = kazoo_client(hosts)
        client.start(ANSWER_SECONDS)
        client.sync(self.top)
        present = set(client.get_children(self.top))
        lost = [number for number in self.created if _name(number) not in present]
        value = int(client.get(self.top)[0] or b"-1")
        client.stop()
        client.close()
        assert not lost, f"{len(lost)} of {len(self.created)} acknowledged creates are lost at {hosts}: {lost[:20]}"
        assert self.last_set <= value, f"{self.top} is {value} at {hosts}, after {self.last_set} was acknowledged"

    def assert_session_survived(self) -> None:
        assert 1 == len(self.sessions), f"the writer went through sessions {self.sessions}"
        assert self._client.client_id[0] in self.sessions
        owner = self._client.exists(f"{self.top}/ephemeral").ephemeralOwner
        assert self._client.client_id[0] == owner

    def _run(self) -> None:
        number = 0
        try:
            while not self._ends:
                self._write(number)
                number += 1
                with self._progress:
                    self._progress.wait_for(self._is_in_a_hurry, PAUSE_SECONDS)
        except BaseException as problem:
            self.problem = problem
        with self._progress:
            self._progress.notify_all()

    def _is_in_a_hurry(self) -> bool:
        return self._ends or time.monotonic() < self._hurries_until

    def _end(self) -> None:
        with self._progress:
            self._ends = True
            self._progress.notify_all()

    def _write(self, number: int) -> None:
        try:
            self._client.create_async(f"{self.top}/{_name(number)}", str(number).encode()).get(timeout=ANSWER_SECONDS)
            session = self._client.client_id
            if session is not None:  # kazoo tells none while it reconnects; the next answer does
                self.sessions.add(session[0])
            with self._progress:
                self.created.append(number)
                self._progress.notify_all()
            self._client.set_async(self.top, str(number).encode()).get(timeout=ANSWER_SECONDS)
            self.last_set = number
        except UNKNOWN:
            pass


def _name(number: int) -> str:
    return f"{number:010d}"
