"""Small graphs as SVG: paths for the template, drawn without a script, coloured by the stylesheet."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from pyzoo.console.samples import KEPT_MS, MOST_APART_MS

WIDTH: Final = 1800
HEIGHT: Final = 400
MARGIN: Final = 20
Point = tuple[int, float | None]


@frozen
class Graph:
    """One graph: `line` and `area` are the `d` of two paths, `text` says the same in words."""

    title: str
    line: str
    area: str
    text: str
    latest: str
    highest: str
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
    runs = [_places(run, now_ms, top) for run in _runs(known)]
    latest, highest = number_text(known[-1][1]) + unit, number_text(top) + unit
    lines = ["M" + "L".join(run) for run in runs]
    areas = [f"{line}V{HEIGHT}H{run[0].partition(',')[0]}Z" for line, run in zip(lines, runs, strict=True)]
    text = f"{title}: {latest} now, at most {highest} in the last {_minutes(now_ms - known[0][0])}"
    return Graph(title, "".join(lines), "".join(areas), text, latest, highest)


def _minutes(span_ms: int) -> str:
    minutes = max(round(span_ms / 60_000), 1)
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _runs(points: list[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """The points that belong together: those further apart are not joined, for nobody looked in between."""
    runs: list[list[tuple[int, float]]] = []
    last = -MOST_APART_MS
    for point in points:
        if not runs or point[0] - last > MOST_APART_MS:
            runs.append([])
        runs[-1].append(point)
        last = point[0]
    return runs


def _places(run: list[tuple[int, float]], now_ms: int, top: float) -> list[str]:
    """Where the points of a run are, as whole numbers; a single one is a short line, to be seen at all."""
    per_ms = (WIDTH - 2 * MARGIN) / KEPT_MS
    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN
    # Parts of the highest value: what a tiny one would have to be multiplied by may be too large for a number.
    parts = [(at, value / top if top > 0 else 0.0) for at, value in run]
    places = [
        f"{int(right - (now_ms - at) * per_ms)},{int(bottom - part * (HEIGHT - 2 * MARGIN))}" for at, part in parts
    ]
    if len(places) == 1:
        x, _, y = places[0].partition(",")
        return [f"{int(x) - MARGIN},{y}", places[0]]
    return places
