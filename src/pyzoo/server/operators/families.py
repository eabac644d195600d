"""Samples of metrics by their families, as Prometheus knows them."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pyzoo.metric_table import BY_NAME, Metric

Labels = tuple[tuple[str, str], ...]
NO_LABELS: Final[Labels] = ()


class Sample(NamedTuple):
    """One number."""

    name: str
    labels: Labels
    value: float


class Family(NamedTuple):
    """A metric with all its samples, which may be very many."""

    metric: Metric
    samples: Iterable[Sample]

    @property
    def name(self) -> str:
        return self.metric.name


def family(name: str, samples: Iterable[Sample]) -> Family:
    """The samples of a metric of the table."""
    return Family(BY_NAME[name], samples)


def single(name: str, value: float) -> Family:
    """A metric with one number."""
    return family(name, [Sample(name, NO_LABELS, float(value))])
