"""What two looks at counters tell, and how long that is kept."""

from pyzoo.console.samples import KEPT_MS, MOST_SAMPLES, SAMPLE_EVERY_MS, SampleRing, sample_of
from pyzoo.server.operators.counters import Counters
from pyzoo.zxid import first_zxid


def test_two_looks_make_rates_and_the_mean_of_what_was_in_between() -> None:
    before = Counters(10_000, 100, first_zxid(2) + 5, 3, 0, 1000, 50)
    now = Counters(15_000, 350, first_zxid(2) + 105, 4, 7, 1500, 150)
    assert (15_000, 50.0, 20.0, 5.0, 4, 7) == sample_of(before, now)


def test_counters_that_were_reset_begin_at_nothing() -> None:
    before = Counters(0, 1000, None, 1, 0, 9000, 900)
    sample = sample_of(before, Counters(1000, 30, None, 1, 0, 40, 20))
    assert (30.0, 2.0) == (sample.requests, sample.latency)


def test_a_new_epoch_counts_its_own_transactions() -> None:
    sample = sample_of(Counters(0, 0, first_zxid(1) + 900), Counters(2000, 0, first_zxid(2) + 10))
    assert 5.0 == sample.txns


def test_a_tree_that_went_back_made_no_transactions() -> None:
    assert 0 == sample_of(Counters(0, 0, first_zxid(1) + 9), Counters(1000, 0, first_zxid(1) + 3)).txns


def test_without_requests_there_is_no_latency() -> None:
    assert (
        sample_of(
            Counters(0, 5, latency_sum=9, latency_count=3), Counters(1, 5, latency_sum=9, latency_count=3)
        ).latency
        is None
    )


def test_who_tells_only_the_mean_since_its_start_gets_that() -> None:
    assert 1.5 == sample_of(Counters(0, 5), Counters(1000, 9, latency_avg=1.5)).latency


def test_a_ring_keeps_the_last_minutes() -> None:
    ring = SampleRing()
    for number in range(3 * MOST_SAMPLES):
        ring.look(Counters(number * SAMPLE_EVERY_MS, number))
    now_ms = 3 * MOST_SAMPLES * SAMPLE_EVERY_MS
    samples = ring.samples(now_ms)
    assert MOST_SAMPLES == len(samples)
    assert all(now_ms - KEPT_MS <= sample.at_ms <= now_ms for sample in samples)
    assert [] == ring.samples(now_ms + 2 * KEPT_MS)


def test_looks_that_follow_each_other_at_once_are_one() -> None:
    ring = SampleRing()
    for at_ms in (1000, 1001, 1500, 2000):
        ring.look(Counters(at_ms, at_ms))
    assert [2000] == [sample.at_ms for sample in ring.samples(2000)]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    ring = SampleRing()
    for at_ms in (100_000, 105_000, 50_000, 55_000):
        ring.look(Counters(at_ms, 10))
    assert [55_000] == [sample.at_ms for sample in ring.samples(60_000)]


def test_what_nobody_looked_at_for_long_is_no_sample() -> None:
    ring = SampleRing()
    for at_ms in (0, 5_000, 90_000, 95_000):
        ring.look(Counters(at_ms, at_ms))
    assert [5_000, 95_000] == [sample.at_ms for sample in ring.samples(95_000)]
