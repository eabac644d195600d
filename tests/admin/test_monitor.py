"""The monitor command under each provider of metrics."""

import json

from pyzoo.admin.json_text import json_bytes
from pyzoo.admin.server_commands import monitor
from pyzoo.config.admin_settings import NULL, PROMETHEUS, MetricsSettings
from tests.support.dialogue import LoneServer


def answer_under(provider: str) -> dict[str, object]:
    server = LoneServer(metrics=MetricsSettings(provider=provider)).server
    found: dict[str, object] = json.loads(json_bytes(monitor(server, {})))
    return found


def test_prometheus_shows_its_samples_and_nothing_as_a_text() -> None:
    answer = answer_under(PROMETHEUS)
    assert (5.0, "NaN") == (answer["znode_count"], answer['readlatency{quantile="0.5"}'])


def test_the_null_provider_shows_no_metric() -> None:
    assert {"version", "server_state"} == set(answer_under(NULL))
