"""The hash of a path, and what goes with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.path_hash import hash_of_key, is_ascii

PLACES = 2048


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 8, 19, 500, 503, 504, 505, 507, 508, 511, 512, 2000])
def test_a_hash_depends_on_each_byte_and_on_the_length(length: int) -> None:
    key = bytes(range(1, 251)) * 9
    key = key[:length]
    others = [key + b"\0", *(key[:at] + b"\xff" + key[at + 1 :] for at in range(length))]
    assert hash_of_key(key) not in {hash_of_key(other) for other in others}
    assert all(0 <= hash_of_key(other) < 1 << 31 for other in others)


def test_names_that_count_up_do_not_fill_places_side_by_side() -> None:
    probes, names = 0, 12 * PLACES * 3 // 4
    for at in range(names):
        if at % (PLACES * 3 // 4) == 0:
            taken = [False] * PLACES
        place = hash_of_key(b"/fill/n%08d" % at) >> 20
        while taken[place % PLACES]:
            place += 1
            probes += 1
        taken[place % PLACES] = True
    # Of hashes by chance it is 1.5; of an unlucky secret and sums as they are it was 7.
    assert probes / names < 2.5


@given(st.binary(max_size=40) | st.text(max_size=30).map(str.encode) | st.from_regex(rb"[ -~]*", fullmatch=True))
def test_ascii_is_what_python_calls_so(key: bytes) -> None:
    assert key.isascii() == is_ascii(key)
