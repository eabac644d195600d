"""What the benchmarks of pyzoo.testing share: every server measured once, a column for each, and aims beside."""

import logging
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.options import Wanted
from benchmarks.report import table
from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError
from benchmarks.zkload import Figures

log = logging.getLogger(__name__)


@frozen
class Row:
    """A line of the report: what it is called, its figure, and what that may be at most, if there is an aim."""

    title: str
    figure: str
    aim: float | None = None


def measure_all(wanted: Wanted, sizes: Any, measure: Callable[[Contestant, Path], Figures]) -> Results:
    """Measure one server after the other; one that fails is told of in the results."""
    results = wanted.results(None, sizes)
    with wanted.workplace(results) as workplace:
        for contestant in wanted.contestants:
            log.info("%s", contestant.name)
            try:
                results.measured(contestant.name, measure(contestant, workplace))
            except (ServerError, subprocess.SubprocessError) as failure:
                results.failures.append(f"{contestant.name}: {failure}")
            wanted.save(results)
    return results


def markdown(
    results: Results, title: str, unit: str, rows: Sequence[Row], text_of: Callable[[float], str], note: str
) -> str:
    """The whole report; `unit` stands above the names of the figures, `note` below the table."""
    lines = [f"# {title}, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    servers = list(results.measures)
    cells = [
        [row.title, "" if row.aim is None else f"{row.aim:g}"]
        + [_cell(results.measures[server].get(row.figure), row.aim, server, text_of) for server in servers]
        for row in rows
    ]
    lines += ["", *table((unit, "aim", *servers), cells), "", note]
    if results.failures:
        lines += ["", "## Failed", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"


def _cell(value: float | None, aim: float | None, server: str, text_of: Callable[[float], str]) -> str:
    if value is None:
        return "-"
    text = text_of(value)
    return f"**{text}**" if aim is not None and value > aim and server != "real" else text
