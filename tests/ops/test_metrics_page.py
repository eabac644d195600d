"""docs/metrics.md says of every metric what it means, once."""

import re
from collections import Counter
from pathlib import Path

import yaml
from exports import leader_families

from pyzoo.config.admin_settings import PROMETHEUS, MetricsSettings
from pyzoo.config.parse import parse_config_text
from pyzoo.server.metric_names import ADVANCED, BASIC, COUNTERS
from pyzoo.server.metrics import ServerMetrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text()
TABLES = PAGE[PAGE.index("## What every metric means here") :]
IDLE = TABLES[TABLES.index("### What stays 0") :]


def named(text: str) -> list[str]:
    """What stands in the first column of the tables."""
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_the_page_has_every_metric_and_no_other() -> None:
    exported = {family.name for family in leader_families()}
    assert {name for name in exported if not name.startswith(("process_", "pyzoo_"))} == set(named(TABLES))


def test_what_is_not_apaches_is_on_the_page() -> None:
    for family in leader_families():
        if family.name.startswith(("process_", "pyzoo_")):
            assert f"`{family.name}`" in PAGE


def test_no_metric_is_explained_twice() -> None:
    # Leaders have this one, and observer masters.
    assert {"synced_observers"} == {name for name, count in Counter(named(TABLES)).items() if count > 1}


def test_what_is_said_to_stay_0_is_what_nothing_counts() -> None:
    names = {*COUNTERS, *BASIC, *ADVANCED}
    metrics = ServerMetrics()
    counted = {*metrics.counters(), *metrics.registry.basics, *metrics.registry.advanceds}
    # The tree counts the first; the others are other names of what requests take.
    counted |= {"digest_mismatches_count", "read_commitproc_time_ms", "write_commitproc_time_ms"}
    assert names - counted == names & set(named(IDLE))


def test_the_settings_of_the_page_turn_the_endpoint_on() -> None:
    [snippet] = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    config, warnings = parse_config_text(f"dataDir=/data\nclientPort=2181\n{snippet}", "/zoo.cfg", {}, {})
    assert [] == warnings
    assert MetricsSettings(PROMETHEUS, "0.0.0.0", 7000) == config.metrics
    for host, port in re.findall(r"http://([\d.]+):(\d+)/metrics", PAGE):
        assert ("127.0.0.1", config.metrics.http_port) == (host, int(port))


def test_the_files_that_the_page_names_are_there() -> None:
    names = set(re.findall(r"`(ops/[^`]+)`", PAGE))
    assert {"ops/alerts.yml", "ops/grafana/zookeeper.json"} == names
    assert all((ROOT / name).is_file() for name in names)
    [snippet] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert yaml.safe_load(snippet)["scrape_configs"][0]["job_name"].startswith("zookeeper")
