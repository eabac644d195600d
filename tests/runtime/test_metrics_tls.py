"""The endpoint for Prometheus over TLS, with the keys of Apache's 3.10."""

import http.client
import ssl
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import trio

from pyzoo.config.parse import parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.free_ports import free_port
from pyzoo.runtime.metrics_endpoint import open_metrics
from pyzoo.runtime.run import serve
from tests.support.identities import HOST, pem_settings

PROMETHEUS = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
NO_CLIENT = "metricsProvider.ssl.need.client.auth=false\n"


def config_of(home: Path, *lines: str, stores: bool = True) -> ServerConfig:
    settings = pem_settings(home)
    text = f"dataDir={home}\nclientPort=0\nadmin.enableServer=false\nmetricsProvider.className={PROMETHEUS}\n"
    text += f"metricsProvider.httpHost={HOST}\n"
    if stores:
        text += f"metricsProvider.ssl.keyStore.location={settings.key_store.location}\n"
        text += f"metricsProvider.ssl.trustStore.location={settings.trust_store.location}\n"
    return parse_config_text(text + "\n".join(lines), "zoo.cfg")[0]


def status_of(home: Path, port: int, identified: bool, plain: bool = False) -> tuple[int, str | None]:
    context = ssl.create_default_context(cafile=str(home / "ca.pem"))
    if identified:
        context.load_cert_chain(home / "node.pem")
    if plain:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
    else:
        connection = http.client.HTTPSConnection(HOST, port, timeout=60, context=context)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        assert b"znode_count" in response.read()
        return response.status, response.headers["Strict-Transport-Security"]
    finally:
        connection.close()


async def ask(*arguments: object, **words: bool) -> tuple[int, str | None]:
    return await trio.to_thread.run_sync(lambda: status_of(*arguments, **words))  # type: ignore[arg-type]


async def serve_metrics(config: ServerConfig, nursery: trio.Nursery) -> None:
    await nursery.start(partial(serve, config, in_memory=True, embedded=True))


async def test_scrapers_need_a_certificate_unless_that_is_turned_off(tmp_path: Path, nursery: trio.Nursery) -> None:
    port = free_port()
    await serve_metrics(config_of(tmp_path, f"metricsProvider.httpsPort={port}"), nursery)
    assert (200, "max-age=86400; includeSubDomains") == await ask(tmp_path, port, identified=True)
    with pytest.raises((OSError, http.client.HTTPException)):
        await ask(tmp_path, port, identified=False)
    with pytest.raises((OSError, http.client.HTTPException)):
        await ask(tmp_path, port, identified=True, plain=True)


@pytest.mark.parametrize("together", [True, False], ids=["one port", "two ports"])
async def test_there_may_be_a_plain_port_too_or_one_for_both(
    tmp_path: Path, nursery: trio.Nursery, together: bool
) -> None:
    secure = free_port()
    plain = secure if together else free_port()
    lines = [f"metricsProvider.httpsPort={secure}", f"metricsProvider.httpPort={plain}", NO_CLIENT]
    await serve_metrics(config_of(tmp_path, *lines), nursery)
    assert 200 == (await ask(tmp_path, secure, identified=False))[0]
    assert (200, None) == await ask(tmp_path, plain, identified=False, plain=True)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("", "metricsProvider.httpsPort needs metricsProvider.ssl.keyStore.location"),
        ("metricsProvider.ssl.keyStore.location=/k.pem", "metricsProvider.httpsPort needs metricsProvider.ssl."
         "trustStore.location, or metricsProvider.ssl.need.client.auth=false"),
        ("metricsProvider.httpsPort=65536", "metricsProvider.httpsPort=65536: a port must be between 0 and 65535"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused(tmp_path: Path, lines: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(tmp_path, "metricsProvider.httpsPort=1", lines, stores=False)
    assert reason == caught.value.message


def test_stores_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    config = config_of(tmp_path, "metricsProvider.httpsPort=0")
    (tmp_path / "node.pem").write_text("")
    with pytest.raises(ConfigError, match=r"metricsProvider\.ssl\.keyStore\.location=.*: it has no private key"):
        open_metrics(config, ExitStack())


def test_without_another_provider_its_keys_have_no_effect(tmp_path: Path) -> None:
    text = f"dataDir={tmp_path}\nclientPort=0\nmetricsProvider.httpsPort=1\n"
    assert parse_config_text(text, "zoo.cfg")[0].metrics.tls is None
