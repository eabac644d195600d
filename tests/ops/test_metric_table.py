"""The table of metrics, what counts them, and what shows them agree, name by name."""

from collections import Counter

import pytest

from pyzoo.metric_table import BY_NAME, METRICS, Kind, Owner, names_of
from pyzoo.quorum.quorum_metrics import QuorumMetrics
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.operators.measurements import advanced_summaries, basic_summaries, counter_values, gauge_values
from pyzoo.summaries import SummaryRegistry
from tests.support.exports import leader_families, lone_leader

SUMMARIES = (Kind.BASIC, Kind.BASIC_SET, Kind.ADVANCED, Kind.ADVANCED_SET)


def of(owner: Owner, *kinds: Kind) -> set[str]:
    return {metric.name for metric in METRICS if metric.owner is owner and metric.kind in kinds}


def summaries_of(registry: SummaryRegistry) -> dict[Kind, set[str]]:
    """What was asked of a registry, by kind."""
    return {
        Kind.BASIC: set(registry.basics),
        Kind.BASIC_SET: set(registry.basic_sets),
        Kind.ADVANCED: set(registry.advanceds),
        Kind.ADVANCED_SET: set(registry.advanced_sets),
    }


def test_every_metric_is_in_the_table_once() -> None:
    assert [] == [name for name, count in Counter(metric.name for metric in METRICS).items() if count > 1]
    assert [] == [metric.name for metric in METRICS if not metric.meaning]


def test_the_exported_metrics_are_those_of_the_table() -> None:
    assert set(BY_NAME) == {family.name for family in leader_families()}


@pytest.mark.parametrize(("owner", "counting"), [(Owner.SERVER, ServerMetrics), (Owner.QUORUM, QuorumMetrics)])
def test_a_counter_of_the_table_is_a_number_of_its_owner(owner: Owner, counting: type) -> None:
    metrics = ServerMetrics()
    owned = metrics if counting is ServerMetrics else metrics.quorum
    numbers = {name for name in dir(owned) if not name.startswith("_") and isinstance(getattr(owned, name), int)}
    # How often acknowledgements are timed is no metric.
    assert of(owner, Kind.COUNTER) == numbers - {"ack_logging_frequency"} - of(Owner.STATE, Kind.GAUGE)


def test_a_summary_of_the_table_is_one_that_its_owner_adds_to() -> None:
    registry = SummaryRegistry(False, 0)
    QuorumMetrics(registry)
    quorum, both = summaries_of(registry), summaries_of(ServerMetrics().registry)
    assert {kind: of(Owner.QUORUM, kind) for kind in SUMMARIES} == quorum
    assert {kind: of(Owner.SERVER, kind) for kind in SUMMARIES} == {kind: both[kind] - quorum[kind] for kind in both}


def test_a_reset_sets_every_counter_to_0() -> None:
    metrics = ServerMetrics()
    for name in of(Owner.SERVER, Kind.COUNTER):
        setattr(metrics, name, 7)
    for name in of(Owner.QUORUM, Kind.COUNTER):
        setattr(metrics.quorum, name, 7)
    assert {7} == set(metrics.counters().values())
    metrics.reset()
    assert {0} == set(metrics.counters().values())
    assert of(Owner.SERVER, Kind.COUNTER) | of(Owner.QUORUM, Kind.COUNTER) == set(metrics.counters())


def test_what_mntr_shows_is_of_its_kind_in_the_table() -> None:
    server = lone_leader().front
    assert set(names_of(Kind.GAUGE)) == set(gauge_values(server))
    assert set(names_of(Kind.COUNTER)) == set(counter_values(server))
    assert set(names_of(Kind.BASIC)) == set(basic_summaries(server))
    assert set(names_of(Kind.ADVANCED)) == set(advanced_summaries(server))
