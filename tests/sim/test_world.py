"""Events in virtual time."""

from pyzoo.sim.world import World


def test_events_of_one_moment_happen_in_the_order_in_which_they_were_planned() -> None:
    world = World(1)
    happened: list[str] = []
    world.after(5, lambda: happened.append("first"))
    world.after(5, lambda: happened.append("second"))
    world.after(1, lambda: happened.append("before"))
    world.run_until(5)
    assert happened == ["before", "first", "second"]


def test_a_cancelled_event_does_not_happen() -> None:
    world = World(1)
    happened: list[int] = []
    world.after(1, lambda: happened.append(1)).cancel()
    world.run_until(10)
    assert happened == []


def test_one_seed_draws_the_same_numbers_again() -> None:
    drawn = [[world.draw(1000) for _ in range(10)] for world in (World(7), World(7), World(8))]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_trace_keeps_the_last_lines_with_their_time() -> None:
    world = World(1)
    world.run_until(1500)
    world.note("something")
    assert list(world.trace) == ["    1.500 something"]
