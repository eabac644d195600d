"""Whether other processes want the processor."""

import pytest

from pyzoo.runtime.contention import LONG_NS, LONGEST_NS, SHORTEST_NS, Contention

NOW_NS = 1_000_000_000


def test_nobody_is_there_until_somebody_is_found() -> None:
    contention = Contention()
    assert not contention.is_high(NOW_NS)
    contention.found(NOW_NS)
    assert contention.is_high(NOW_NS)
    assert contention.is_high(NOW_NS + SHORTEST_NS - 1)
    assert not contention.is_high(NOW_NS + SHORTEST_NS)


def test_whoever_is_found_again_and_again_is_believed_in_for_longer() -> None:
    contention = Contention()
    now_ns, lengths = NOW_NS, []
    for _ in range(8):
        contention.found(now_ns)
        begun_ns = now_ns
        while contention.is_high(now_ns):
            now_ns += SHORTEST_NS
        lengths.append(now_ns - begun_ns)
    assert [SHORTEST_NS, 2 * SHORTEST_NS, 4 * SHORTEST_NS] == lengths[:3]
    assert LONGEST_NS == lengths[-1]


def test_after_a_quiet_time_it_begins_anew() -> None:
    contention = Contention()
    contention.found(NOW_NS)
    later_ns = NOW_NS + 10 * SHORTEST_NS
    contention.found(later_ns)
    assert not contention.is_high(later_ns + SHORTEST_NS)


@pytest.mark.parametrize(("took_ns", "is_found"), [(LONG_NS, False), (LONG_NS + 1, True)])
def test_a_long_wait_for_the_processor_tells_of_others(took_ns: int, is_found: bool) -> None:
    contention = Contention()
    contention.gave_way(NOW_NS, NOW_NS + took_ns)
    assert is_found == contention.is_high(NOW_NS + took_ns)
