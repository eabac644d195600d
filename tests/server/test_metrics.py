"""Summaries, statistics, and how their numbers are written."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from pyzoo.config.java_numbers import double_text
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.stats import ServerStats
from pyzoo.summaries import RESERVOIR_SIZE, AdvancedSummary, BasicSummary, average


def test_a_summary_without_values_is_all_zeros() -> None:
    summary = BasicSummary()
    assert (0.0, 0, 0, 0, 0) == (summary.avg, summary.min, summary.max, summary.count, summary.sum)


def test_an_average_is_rounded_half_up_to_four_places() -> None:
    summary = BasicSummary()
    for value in (1, 9, 0):
        summary.add(value)
    assert (3.3333, 0, 9, 3, 10) == (summary.avg, summary.min, summary.max, summary.count, summary.sum)
    for value in (1, 0, 0, 0, 0):
        summary.add(value)
    assert 1.375 == summary.avg


@given(integers(-(2**63), 2**63), integers(1, 2**63))
def test_an_average_is_rounded_as_decimal_numbers_are(total: int, count: int) -> None:
    exactly = Decimal(total / count).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert float(exactly) == average(total, count)


def test_percentiles_are_interpolated_and_rounded() -> None:
    summary = AdvancedSummary()
    assert [0, 0] == summary.percentiles([0.5, 0.999])
    for value in (1, 2, 3, 4):
        summary.add(value)
    assert [3, 4, 1] == summary.percentiles([0.5, 0.95, 0.01])


def test_percentiles_of_many_values_come_from_a_sample_of_all_of_them() -> None:
    summary = AdvancedSummary()
    for value in range(10 * RESERVOIR_SIZE):
        summary.add(value)
    median = summary.percentiles([0.5])[0]
    assert 4 * RESERVOIR_SIZE < median < 6 * RESERVOIR_SIZE


def test_bytes_are_counted_for_the_first_component_of_the_path() -> None:
    metrics = ServerMetrics()
    metrics.path_read("/app/config", 5)
    metrics.path_read("/app", 0)
    metrics.path_written("/", 100)
    read = metrics.read_per_namespace.summaries["app"]
    assert (2, 11 + 5 + 68 + 4 + 68) == (read.count, read.sum)
    assert {} == metrics.write_per_namespace.summaries


def test_keys_outlive_a_reset() -> None:
    metrics = ServerMetrics()
    metrics.path_written("/app", 5)
    metrics.reset()
    assert {"app": 0} == {key: one.count for key, one in metrics.write_per_namespace.summaries.items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.0", 0.0),
        ("3.3333", 3.3333),
        ("1.0E7", 1e7),
        ("1.23456789E8", 123456789.0),
        ("9999999.5", 9999999.5),
        ("2.0E-4", 0.0002),
        ("-2.5E-4", -0.00025),
        ("1.0E20", 1e20),
        ("1.5E16", 1.5e16),
    ],
)
def test_floats_are_written_as_in_java(text: str, value: float) -> None:
    assert text == double_text(value)


def test_latencies_of_reads_and_updates_are_seen_together() -> None:
    stats = ServerStats(1000, ServerMetrics())
    assert (0, 0.0, 0) == (stats.min_latency, stats.avg_latency, stats.max_latency)
    stats.update_answered(4)
    stats.update_answered(9)
    assert (4, 6.5, 9) == (stats.min_latency, stats.avg_latency, stats.max_latency)
    stats.read_answered(1)
    assert (1, 4.6667, 9) == (stats.min_latency, stats.avg_latency, stats.max_latency)


def test_sizes_of_replies_are_minus_one_before_the_first() -> None:
    stats = ServerStats(1000, ServerMetrics())
    sizes = (stats.last_response_size, stats.min_response_size, stats.max_response_size)
    assert (-1, -1, -1) == sizes
    for size in (30, 16, 20):
        stats.packet_sent(size)
    sizes = (stats.last_response_size, stats.min_response_size, stats.max_response_size)
    assert (20, 16, 30) == sizes
    assert 3 == stats.packets_sent


def test_a_reset_keeps_the_start_the_trace_mask_and_failed_authentications() -> None:
    stats = ServerStats(1000, ServerMetrics())
    stats.trace_mask = 2
    stats.auth_failed = 3
    stats.packet_sent(16)
    stats.read_answered(5)
    stats.reset()
    assert (0, -1, 0) == (stats.packets_sent, stats.last_response_size, stats.max_latency)
    assert (2, 3, 500) == (stats.trace_mask, stats.auth_failed, stats.uptime_ms(1500))
