"""What a run of the benchmarks produces, as values: cells of the load table, and single measures."""

import json
import statistics
from pathlib import Path

import attrs
from attrs import Factory, define, frozen

from benchmarks.zkload import Figures


@frozen
class Cell:
    """One row of the load table: an operation, connections, requests in flight on each of them.

    `size` are the bytes of a znode, and `busy` other processes want a processor all the time. The connections are `at`
    that member of an ensemble, or spread over all of them.
    """

    op: str
    conns: int
    depth: int
    size: int = 100
    busy: int = 0
    at: str = ""

    def __str__(self) -> str:
        size = "" if self.size == 100 else f" size={self.size}"
        busy = "" if self.busy == 0 else f" busy={self.busy}"
        at = "" if self.at == "" else f" at={self.at}"
        return f"{self.op} conns={self.conns} depth={self.depth}{size}{busy}{at}"

    @property
    def title(self) -> str:
        """The operation with what is unusual of it."""
        size = "" if self.size == 100 else f" {self.size:,} B"
        busy = "" if self.busy == 0 else f", {self.busy} busy beside"
        at = "" if self.at == "" else f" at the {self.at}"
        return f"{self.op}{size}{busy}{at}"


@define
class CellResult:
    """The median figures of each server; a server whose runs all failed is missing."""

    cell: Cell
    figures: dict[str, Figures] = Factory(dict)
    runs: dict[str, list[Figures]] = Factory(dict)


@define
class Results:
    """Everything measured, with where and when. `measures` is by server, then by measure."""

    date: str
    machine: dict[str, str]
    servers: dict[str, str]
    settings: dict[str, float]
    cells: list[CellResult] = Factory(list)
    measures: dict[str, Figures] = Factory(dict)
    failures: list[str] = Factory(list)

    def measured(self, server: str, figures: Figures) -> None:
        self.measures.setdefault(server, {}).update(figures)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(attrs.asdict(self), indent=1) + "\n")


def median_of(runs: list[Figures]) -> Figures:
    """The median of each figure over the runs."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}
