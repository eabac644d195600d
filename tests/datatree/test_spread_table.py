"""A table of paths that becomes many small ones says the same as a dict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree import spread_table
from pyzoo.datatree.spread_table import FEW, SpreadTable

STEPS = st.lists(st.tuples(st.sampled_from(("put", "pop", "take")), st.integers(0, 40)), max_size=200)


def filled(count: int) -> SpreadTable:
    table = SpreadTable()
    for at in range(count):
        table.put(f"/{at}", at)
    return table


@given(STEPS, st.sampled_from((0, FEW - 20)))
def test_it_says_the_same_as_a_dict(steps: list[tuple[str, int]], others: int) -> None:
    table = filled(others)
    expected: dict[str, object] = {f"/{at}": at for at in range(others)}
    for step, at in steps:
        path = f"/x{at}"
        if step == "put":
            table.put(path, at)
            expected[path] = at
        elif step == "pop":
            assert table.pop(path) == expected.pop(path, None)
        elif expected:
            taken, value = table.take()
            assert expected.pop(taken) == value
        assert (path in table, table.get(path)) == (path in expected, expected.get(path))
    assert table.size == len(expected)
    assert sorted(table.paths()) == sorted(expected)
    assert dict(table.pairs()) == expected


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 3 * FEW])
def test_all_that_is_in_it_can_be_taken_out(count: int) -> None:
    table = filled(count)
    taken = [table.take()[0] for _ in range(count)]
    assert (sorted(taken), table.size) == (sorted(f"/{at}" for at in range(count)), 0)
    assert table.paths() == []


def test_very_many_paths_are_spread_over_small_dicts() -> None:
    table = filled(FEW + 1)
    assert max(len(part) for part in table._parts) < FEW // (spread_table.PARTS // 8)
