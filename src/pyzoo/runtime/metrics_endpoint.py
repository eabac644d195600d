"""The HTTP endpoint of PrometheusMetricsProvider: /metrics on a port of its own."""

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Final
from urllib.parse import parse_qs

from pyzoo.config.admin_settings import PROMETHEUS, MetricsSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.http import open_http, serve_http
from pyzoo.runtime.http_settings import AsgiApplication, Message, Receive, Send, http_settings
from pyzoo.runtime.listening import cannot_listen
from pyzoo.server.core import Core
from pyzoo.server.member.peer import QuorumPeer
from pyzoo.server.operators.prometheus import CONTENT_TYPE, exposition_lines, server_families
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

METRICS_PATH: Final = "/metrics"
ALLOWED: Final = ("GET", "HEAD", "POST")
LINES_AT_ONCE: Final = 2000
"""Namespaces may be very many: what is longer is made while it is sent, with the clients in between."""
CLASS_NAME: Final = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"


def open_metrics(config: ServerConfig, stack: ExitStack) -> socket.socket | None:
    """Listen for Prometheus, None where it is not wanted; raises OSError, which stops the start as in Apache.

    The stack closes the port when the server ends.
    """
    settings: MetricsSettings = config.metrics
    if settings.provider != PROMETHEUS:
        return None
    try:
        listener = open_http(settings.http_host, settings.http_port)
    except OSError as error:
        reason = cannot_listen(settings.http_host, settings.http_port, error)
        raise OSError(error.errno, f"cannot boot MetricsProvider {CLASS_NAME}: {reason}") from error
    stack.callback(listener.close)
    host, port = listener.getsockname()[:2]
    logger.info(
        "Metrics for Prometheus are on http://%s:%d%s", f"[{host}]" if ":" in host else host, port, METRICS_PATH
    )
    return listener


async def serve_metrics(listener: socket.socket, core: Core) -> None:
    """Serve the metrics of whatever role the core has, until cancelled."""
    await serve_http(listener, http_settings(server_of(core).config), lambda: metrics_application(core))


def metrics_application(core: Core) -> AsgiApplication:
    """The ASGI application."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        status, lines = answer(core, scope["method"], scope["path"], scope["query_string"])
        begin = list(islice(lines, LINES_AT_ONCE))
        body = "".join(begin).encode()
        headers = [(b"Content-Type", (CONTENT_TYPE if status == 200 else "text/plain; charset=utf-8").encode())]
        if len(begin) < LINES_AT_ONCE:
            headers.append((b"Content-Length", str(len(body)).encode()))
        if status == 405:
            headers.append((b"Allow", ", ".join(ALLOWED).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while some := list(islice(lines, LINES_AT_ONCE)):
            await send({"type": "http.response.body", "body": body, "more_body": True})
            body = "".join(some).encode()
        await send({"type": "http.response.body", "body": body})

    return application


def answer(core: Core, method: str, path: str, query: bytes) -> tuple[int, Iterator[str]]:
    """Status and lines of the body; `name[]` in the query picks samples by their names."""
    if method == "TRACE":
        return 403, iter(["TRACE is not allowed\n"])
    if path != METRICS_PATH:
        return 404, iter([f"there is only {METRICS_PATH}\n"])
    if method not in ALLOWED:
        return 405, iter([f"{method} is not allowed\n"])
    wanted = frozenset(parse_qs(query.decode("ascii", "replace")).get("name[]", []))
    return 200, exposition_lines(server_families(server_of(core)), wanted)


def server_of(core: Core) -> ZooKeeperServer:
    """The server of the role that a member has now, or the one that is alone."""
    if isinstance(core, QuorumPeer):
        return core.front
    assert isinstance(core, ZooKeeperServer)
    return core
