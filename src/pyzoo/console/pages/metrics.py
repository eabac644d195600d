"""Metrics: all of them with what they mean, and a filter."""

from typing import Any

from starlette.responses import Response

from pyzoo.console.metric_rows import MetricRow, metric_rows
from pyzoo.console.page import Action, Page, PageRequest

PATH = "/console/metrics"


async def show(asked: PageRequest) -> Response:
    """The page."""
    rows, total = await _rows(asked)
    with_idle = asked.parameters.get("idle", "") == "true"
    idle = sum(row.is_idle for row in rows)
    shown = rows if with_idle else [row for row in rows if not row.is_idle]
    wanted = asked.parameters.get("filter", "")
    return asked.page("metrics.html", rows=shown, total=total, idle=idle, wanted=wanted, with_idle=with_idle)


async def as_json(asked: PageRequest) -> Response:
    """The same for programs."""
    rows, _ = await _rows(asked)
    return asked.json({"metrics": [row_json(row) for row in rows]})


async def _rows(asked: PageRequest) -> tuple[list[MetricRow], int]:
    """The metrics that match, and how many there are; others go on in between."""
    wanted = asked.parameters.get("filter", "").strip().lower()
    rows: list[MetricRow] = []
    total = 0
    for row in metric_rows(asked.server()):
        if row is None:
            await asked.host.pause()
            continue
        total += 1
        if not wanted or row.matches(wanted):
            rows.append(row)
    return rows, total


def row_json(row: MetricRow) -> dict[str, Any]:
    """One metric; a value without a label is the only one."""
    single = len(row.values) == 1 and not row.values[0][0]
    return {
        "name": row.name,
        "kind": row.kind,
        "meaning": row.meaning,
        "value": row.values[0][1] if single else dict(row.values),
        "is_idle": row.is_idle,
    }


PAGE = Page((Action(PATH, show), Action("/console/api/metrics", as_json)), "Metrics")
