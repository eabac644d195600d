"""Orders of large hash tables, made a piece at a time."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.java_order import table_order
from pyzoo.datatree.sliced_order import (
    SlicedOrder,
    hash_map_slices,
    session_slices,
    slices_of_pieces,
    sorted_slices,
    table_slices,
)

TEXTS = st.lists(st.text("AaBb01/", max_size=12), unique=True, max_size=200)


@given(TEXTS, st.sampled_from([16, 256, 8192]), st.integers(1, 50))
def test_the_order_in_slices_is_that_of_the_table(texts: list[str], buckets: int, most: int) -> None:
    order = SlicedOrder(list(texts), 0, buckets)
    while not order.is_distributed:
        order.distribute(most)
    found = []
    while order.has_more:
        found += order.next_bin()
    assert table_order(texts, 0, buckets) == found
    assert found == [text for some in table_slices(list(texts), buckets) for text in some]


def test_no_slice_of_many_texts_is_long() -> None:
    slices = list(hash_map_slices([f"/node-{at}" for at in range(50_000)]))
    assert 50_000 == len({text for some in slices for text in some})
    assert max(len(some) for some in slices) < 2000
    assert 50 == sum(1 for some in slices if not some)


def test_sessions_are_in_the_order_of_a_concurrent_hash_map() -> None:
    assert [1, 2, 3] == [id for some in session_slices([3, 1, 2]) for id in some]
    assert [16, 1, 17] == [id for some in session_slices([16, 1, 17]) for id in some]


def test_no_slice_of_many_sessions_is_long() -> None:
    ids = [(1 << 56) + at * 7 for at in range(20_000)]
    slices = list(session_slices(ids))
    assert sorted(ids) == sorted(id for some in slices for id in some)
    assert max(len(some) for some in slices) < 3000


def test_texts_that_come_in_pieces_have_the_order_of_all_of_them() -> None:
    texts = [f"/node-{at}" for at in range(3_000)]
    pieces = (texts[at : at + 100] for at in range(0, len(texts), 100))
    assert [text for some in hash_map_slices(texts) for text in some] == [
        text for some in slices_of_pieces(pieces) for text in some
    ]


def test_a_piece_is_not_taken_before_its_turn() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[list[str]]:
        for at in range(3):
            taken.append(at)
            yield [f"/{at}"]

    slices = slices_of_pieces(pieces())
    assert ([], [0]) == (next(slices), taken)
    assert ([], [0, 1]) == (next(slices), taken)


def test_numbers_are_sorted_a_few_at_a_time() -> None:
    numbers = [(at * 7919) % 5_003 for at in range(5_003)]
    slices = list(sorted_slices(numbers))
    assert list(range(5_003)) == [number for some in slices for number in some]
    assert max(map(len, slices)) <= 1_000
