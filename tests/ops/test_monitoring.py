"""The alert rules and the dashboard: every metric in them is one that pyzoo exports, and Apache, too."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pyzoo.metric_table import METRICS, Kind, names_of
from tests.support.exports import leader_families

ROOT = Path(__file__).parents[2]
RULES = [
    rule for group in yaml.safe_load((ROOT / "ops" / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops" / "grafana" / "zookeeper.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
CAPTURES = ROOT / "tests" / "fixtures" / "captures"

#: Of Prometheus itself, and what every client library exports.
GENERAL = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}
OPERATORS = {"and", "or", "unless", "offset", "bool"}
LISTS = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")
NAME = re.compile(r"(?<![\w.$])[A-Za-z_]\w*(?!\w*\s*\()")


def metrics_in(expression: str) -> set[str]:
    """The metrics of an expression: names that are no function, label, operator or duration."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", expression)
    return set(NAME.findall(LISTS.sub(" ", bare))) - OPERATORS


@cache
def exported_names() -> set[str]:
    """Sample names of pyzoo."""
    return {sample.name for family in leader_families() for sample in family.samples} | set(names_of(Kind.GAUGE_SET))


def apaches_names() -> set[str]:
    """Sample names of real servers, from what their mntr says, alone and in an ensemble."""
    captured = "".join(path.read_text() for path in CAPTURES.glob("4lw-*.txt"))
    numbers = set(re.findall(r"^zk_(\w+)\t", captured, re.MULTILINE))
    summaries = [metric.name for metric in METRICS if metric.kind.type == "summary"]
    return (
        numbers
        | {f"{name}{part}" for name in summaries for part in ("", "_count", "_sum")}
        | set(names_of(Kind.GAUGE_SET))
    )


def test_names_are_told_from_functions_labels_and_durations() -> None:
    expression = 'sum by (job) (rate(a_sum{x="b", y=~"c"}[5m])) / on (z) f * 1e6 unless max(g offset 1d) > 0.2'
    assert {"a_sum", "f", "g"} == metrics_in(expression)


EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    (panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]
]


@pytest.mark.parametrize(("title", "expression"), EXPRESSIONS)
def test_every_metric_exists_in_pyzoo_and_in_apache(title: str, expression: str) -> None:
    wanted = metrics_in(expression) - GENERAL
    assert metrics_in(expression)
    assert set() == wanted - exported_names()
    assert set() == {name for name in wanted if not name.startswith("pyzoo_")} - apaches_names()


def test_what_only_pyzoo_exports_is_named_so() -> None:
    for title, expression in EXPRESSIONS:
        assert "pyzoo" in title.lower() or not any(name.startswith("pyzoo_") for name in metrics_in(expression))


def test_every_alert_says_how_grave_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_panels_have_a_place_of_their_own_and_choose_job_and_server() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        assert panel["description"]
        assert all('job="$job"' in target["expr"] for target in panel["targets"])
    assert ["datasource", "job", "instance"] == [one["name"] for one in DASHBOARD["templating"]["list"]]
