"""What docs/metrics.md says of the endpoint and of files; its tables are the business of tests/docs/test_tables.py."""

import re
from pathlib import Path

import yaml

from pyzoo.config.admin_settings import PROMETHEUS, MetricsSettings
from pyzoo.config.parse import parse_config_text

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text()


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
