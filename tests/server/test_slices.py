"""Work that goes on over several turns."""

from pyzoo.server.slices import AT_ONCE, NEVER, REST_MS, SlicedWork, SliceQueue
from tests.support.dialogue import LoneServer


class Counting(SlicedWork):
    """Takes so many units; says in `steps` who did how much."""

    def __init__(self, name: str, units: int, steps: list[tuple[str, int]], stalls: bool = False) -> None:
        super().__init__()
        self.name = name
        self.left = units
        self.steps = steps
        self.stalls = stalls
        self.abandoned = 0

    def step(self, units: int) -> int:
        did = min(units, self.left)
        self.left -= did
        self.steps.append((self.name, did))
        self.is_done = self.left == 0
        self.is_stalled = self.stalls
        return did

    def abandon(self) -> None:
        self.abandoned += 1


def test_a_slice_is_as_large_as_the_queue_says_and_the_next_comes_after_a_rest() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    queue.add(Counting("a", 25, steps))
    queue.advance(100, 1)
    queue.advance(100 + REST_MS - 1, 2)
    assert ([("a", 10)], 100) == (steps, queue.next_ms)
    queue.advance(104, 3)
    queue.advance(108, 4)
    assert ([("a", 10), ("a", 10), ("a", 5)], NEVER) == (steps, queue.next_ms)


def test_where_nothing_else_happens_there_is_no_rest() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    queue.add(Counting("a", 25, steps))
    for _ in range(3):
        queue.advance(100, 1)
    assert [("a", 10), ("a", 10), ("a", 5)] == steps


def test_work_that_is_short_is_done_when_it_begins_unless_it_is_time_to_rest() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    queue.begin(Counting("a", 5, steps), 100)
    queue.begin(Counting("b", 10, steps), 101)
    queue.begin(Counting("c", 5, steps), 102)
    assert [("a", 5), ("b", 10)] == steps
    queue.advance(103, 1)
    assert [("a", 5), ("b", 10), ("c", 5)] == steps


def test_pieces_of_work_take_turns() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    for name, units in (("a", 15), ("b", 12), ("c", 3)):
        queue.add(Counting(name, units, steps))
    for now_ms in range(0, 100, REST_MS):
        queue.advance(now_ms, now_ms)
    assert [("a", 10), ("b", 10), ("c", 3), ("a", 5), ("b", 2)] == steps


def test_stalled_work_waits_until_it_is_told_to_go_on() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    work = Counting("a", 20, steps, stalls=True)
    queue.add(work)
    queue.advance(0, 1)
    assert NEVER == queue.next_ms
    queue.advance(10, 10)
    queue.go_on(work)
    queue.advance(20, 20)
    assert [("a", 10), ("a", 10)] == steps
    queue.go_on(work)
    assert NEVER == queue.next_ms


def test_dropped_work_is_abandoned_once_and_finished_work_never() -> None:
    steps: list[tuple[str, int]] = []
    queue = SliceQueue(10)
    works = [Counting(name, 10, steps, stalls=name == "b") for name in "abc"]
    works[1].left = 20
    for work in works:
        queue.add(work)
    queue.advance(0, 1)
    queue.advance(10, 10)
    queue.drop(works[0])
    queue.drop_all()
    queue.drop_all()
    assert [0, 1, 1] == [work.abandoned for work in works]
    assert NEVER == queue.next_ms


def test_a_server_does_a_slice_in_a_turn_and_wants_the_next_turn_soon() -> None:
    world = LoneServer(slice_units=10)
    steps: list[tuple[str, int]] = []
    world.server.slices.add(Counting("a", 15, steps))
    assert world.server.next_deadline_ms() <= world.now_ms
    world.turn()
    assert [("a", 10)] == steps
    assert world.server.next_deadline_ms() <= world.now_ms
    world.pass_time(REST_MS)
    assert [("a", 10), ("a", 5)] == steps
    assert world.server.next_deadline_ms() > world.now_ms + 100


def test_a_server_that_sends_its_clients_away_abandons_its_work(world: LoneServer) -> None:
    work = Counting("a", 1_000_000, [])
    world.server.slices.add(work)
    world.server.shutdown()
    assert 1 == work.abandoned


def test_there_is_more_to_do_at_once_where_nothing_else_happens() -> None:
    queue = SliceQueue(10)
    queue.add(Counting("a", 100, []))
    found = []
    for progress in (1, 1, 2, 2):
        queue.advance(100 * progress, progress)
        found.append(queue.next_ms)
    assert [100, AT_ONCE, 200, AT_ONCE] == found


def test_nothing_goes_on_at_once_while_it_is_held() -> None:
    queue = SliceQueue(10)
    queue.add(Counting("a", 100, []))
    for _ in range(2):
        queue.advance(100, 1)
    queue.is_held = True
    assert queue.next_ms == NEVER
    queue.is_held = False
    assert queue.next_ms == AT_ONCE
