"""The endpoint of PrometheusMetricsProvider over HTTP."""

import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse

import pytest
import trio
from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families

from pyzoo.config.admin_settings import NULL, PROMETHEUS, MetricsSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.environment import SystemEnvironment
from pyzoo.runtime.metrics_endpoint import open_metrics, serve_metrics
from pyzoo.runtime.run import serve
from pyzoo.runtime.storage import open_in_memory
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

HOST = "127.0.0.1"
CONFIG = ServerConfig(
    data_dir=".",
    client_port=0,
    client_port_address=HOST,
    metrics=MetricsSettings(provider=PROMETHEUS, http_host=HOST, http_port=0),
)

Ask = Callable[..., Awaitable[tuple[HTTPResponse, str]]]


@pytest.fixture
def endpoint(nursery: trio.Nursery) -> Callable[..., Ask]:
    """Serves the metrics of a new server; gives a function that asks for a path."""

    def start(config: ServerConfig = CONFIG, namespaces: int = 0) -> Ask:
        server = ZooKeeperServer(config, open_in_memory(config), 0, 0, lambda _n: 0)
        for at in range(namespaces):
            server.metrics.path_read(f"/namespace-{at}", at)
        server.environment = SystemEnvironment(config, None, 2181)
        (opened,) = open_metrics(config, ExitStack())
        port = opened.listener.getsockname()[1]
        nursery.start_soon(serve_metrics, opened, server)

        def ask_here(path: str, method: str, body: bytes | None) -> tuple[HTTPResponse, str]:
            connection = HTTPConnection(HOST, port, timeout=60)
            connection.request(method, path, body)
            response = connection.getresponse()
            text = response.read().decode()
            connection.close()
            return response, text

        async def ask(
            path: str = "/metrics", method: str = "GET", body: bytes | None = None
        ) -> tuple[HTTPResponse, str]:
            return await trio.to_thread.run_sync(ask_here, path, method, body)

        return ask

    return start


async def test_the_answer_is_the_text_format_of_prometheus(endpoint: Callable[..., Ask]) -> None:
    response, text = await endpoint()()
    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (response.status, response.getheader("Content-Type"))
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert 5 == families["znode_count"].samples[0].value


async def test_very_many_namespaces_come_in_chunks(endpoint: Callable[..., Ask]) -> None:
    response, text = await endpoint(namespaces=3000)()
    assert "chunked" == response.getheader("Transfer-Encoding")
    [family] = [family for family in text_string_to_metric_families(text) if family.name == "read_per_namespace"]
    assert {f"namespace-{at}" for at in range(3000)} == {sample.labels["key"] for sample in family.samples}


async def test_the_process_is_described_in_the_names_of_client_libraries(endpoint: Callable[..., Ask]) -> None:
    _, text = await endpoint()()
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(("process_", "pyzoo_build"))
    }
    assert 0 < found["process_cpu_seconds_total"]
    assert 1_700_000_000 < found["process_start_time_seconds"]
    assert 0 < found["process_open_fds"] <= found["process_max_fds"]
    assert 0 < found["process_resident_memory_bytes"] < found["process_virtual_memory_bytes"]
    assert 1 == found["pyzoo_build_info"]


async def test_the_process_is_left_away_where_that_is_wanted(endpoint: Callable[..., Ask]) -> None:
    _, text = await endpoint(evolve(CONFIG, metrics=evolve(CONFIG.metrics, export_jvm_info=False)))()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert "pyzoo_turn_seconds" in names
    assert not {"process_open_fds", "pyzoo_build_info", "pyzoo_disk_free_bytes"} & names


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (200, "HEAD", "/metrics"),
        (200, "POST", "/metrics"),
        (404, "GET", "/"),
        (404, "GET", "/metrics/x"),
        (405, "DELETE", "/metrics"),
        (403, "TRACE", "/metrics"),
    ],
)
async def test_other_requests_are_answered_as_by_apache(
    endpoint: Callable[..., Ask], status: int, method: str, path: str
) -> None:
    response, _ = await endpoint()(path, method)
    assert status == response.status


async def test_a_body_is_left_alone(endpoint: Callable[..., Ask]) -> None:
    response, _ = await endpoint()("/metrics", body=b"x" * 1000)
    assert (200, "OK") == (response.status, response.reason)


async def test_samples_are_picked_by_the_query(endpoint: Callable[..., Ask]) -> None:
    _, text = await endpoint()("/metrics?name[]=znode_count&name%5B%5D=uptime")
    assert {"znode_count", "uptime"} == {family.name for family in text_string_to_metric_families(text)}


async def test_a_port_that_is_taken_stops_the_start() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        config = evolve(CONFIG, metrics=evolve(CONFIG.metrics, http_port=port))
        with pytest.raises(OSError, match=rf"cannot boot MetricsProvider \S+: cannot listen on {HOST}:{port}: "):
            await serve(config, in_memory=True, embedded=True)


@pytest.mark.parametrize("provider", ["default", NULL])
def test_other_providers_have_no_endpoint(provider: str) -> None:
    assert open_metrics(evolve(CONFIG, metrics=MetricsSettings(provider=provider)), ExitStack()) == []
