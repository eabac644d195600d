"""Small graphs as SVG: paths for the template, drawn without a script, coloured by the stylesheet."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from pyzoo.console.samples import KEPT_MS, MOST_APART_MS

WIDTH: Final = 180
HEIGHT: Final = 40
MARGIN: Final = 2
Point = tuple[int, float | None]


@frozen
class Graph:
    """One graph: `line` and `area` are the `d` of two paths, `text` says the same in words.

    `dot` is where the newest value is, None without one.
    """

    title: str
    line: str
    area: str
    text: str
    latest: str
    highest: str
    dot: tuple[float, float] | None = None
    width: int = WIDTH
    height: int = HEIGHT


def number_text(value: float) -> str:
    """A number for people: as many digits as say something, thousands apart."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def draw(title: str, unit: str, points: Sequence[Point], now_ms: int) -> Graph:
    """The points of the last minutes, times in ms; the scale begins at 0 and ends at the highest value."""
    known = [(at, value) for at, value in points if value is not None and now_ms - KEPT_MS <= at <= now_ms]
    if not known:
        return Graph(title, "", "", f"{title}: nothing is known yet", "", "")
    top = max(value for _, value in known)
    placed = [[_place(at, value, now_ms, top) for at, value in run] for run in _runs(known)]
    latest, highest = number_text(known[-1][1]) + unit, number_text(top) + unit
    line = "".join(_line(run) for run in placed)
    area = "".join(f"{_line(run)}V{HEIGHT}H{run[0][0]:g}Z" for run in placed)
    text = f"{title}: {latest} now, at most {highest} in the last {_minutes(now_ms - known[0][0])}"
    return Graph(title, line, area, text, latest, highest, placed[-1][-1])


def _minutes(span_ms: int) -> str:
    minutes = max(round(span_ms / 60_000), 1)
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _runs(points: list[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """The points that belong together: those further apart are not joined, for nobody looked in between."""
    runs: list[list[tuple[int, float]]] = []
    for at, value in points:
        if runs and at - runs[-1][-1][0] <= MOST_APART_MS:
            runs[-1].append((at, value))
        else:
            runs.append([(at, value)])
    return runs


def _place(at_ms: int, value: float, now_ms: int, top: float) -> tuple[float, float]:
    x = WIDTH - MARGIN - (now_ms - at_ms) / KEPT_MS * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - (value / top if top > 0 else 0) * (HEIGHT - 2 * MARGIN)
    return round(x, 1), round(y, 1)


def _line(run: list[tuple[float, float]]) -> str:
    """A path through the places; a single one is a short line, to be seen at all."""
    places = run if len(run) > 1 else [run[0], (run[0][0] + 1, run[0][1])]
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in places)
