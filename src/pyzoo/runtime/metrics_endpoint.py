"""The HTTP endpoint of PrometheusMetricsProvider: /metrics on a port of its own."""

import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Final
from urllib.parse import parse_qs

from attrs import evolve, frozen

from pyzoo.config.admin_settings import PROMETHEUS, MetricsSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.http import open_http, serve_http
from pyzoo.runtime.http_settings import AsgiApplication, Message, Receive, Send, http_settings
from pyzoo.runtime.listening import cannot_listen
from pyzoo.runtime.tls.contexts import metrics_tls
from pyzoo.server.core import Core
from pyzoo.server.operators.prometheus import CONTENT_TYPE, exposition_lines, server_families
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

logger: Final = logging.getLogger(__name__)

METRICS_PATH: Final = "/metrics"
ALLOWED: Final = ("GET", "HEAD", "POST")
LINES_AT_ONCE: Final = 2000
"""Namespaces may be very many: what is longer is made while it is sent, with the clients in between."""
TRANSPORT_SECURITY: Final = b"max-age=86400; includeSubDomains"
CLASS_NAME: Final = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"


@frozen
class MetricsPort:
    """An open port: without `tls` it is plain, with it and `accepts_plain` it takes both."""

    listener: socket.socket
    tls: ssl.SSLContext | None = None
    accepts_plain: bool = True


def open_metrics(config: ServerConfig, stack: ExitStack) -> list[MetricsPort]:
    """Listen for Prometheus where that is wanted; raises OSError or ConfigError, which stop the start as in Apache.

    The stack closes the ports when the server ends.
    """
    settings: MetricsSettings = config.metrics
    if settings.provider != PROMETHEUS:
        return []
    tls = metrics_tls(config)
    if tls is None or settings.https_port is None:
        return [MetricsPort(_listen(settings.http_host, settings.http_port or 0, "http", stack))]
    secure = _listen(settings.http_host, settings.https_port, "https", stack)
    ports = [MetricsPort(secure, tls, accepts_plain=settings.http_port == settings.https_port)]
    if settings.http_port is not None and settings.http_port != settings.https_port:
        ports.append(MetricsPort(_listen(settings.http_host, settings.http_port, "http", stack)))
    return ports


def _listen(host: str, port: int, scheme: str, stack: ExitStack) -> socket.socket:
    try:
        listener = open_http(host, port)
    except OSError as error:
        reason = cannot_listen(host, port, error)
        raise OSError(error.errno, f"cannot boot MetricsProvider {CLASS_NAME}: {reason}") from error
    stack.callback(listener.close)
    own, number = listener.getsockname()[:2]
    shown = f"[{own}]" if ":" in own else own
    logger.info("Metrics for Prometheus are on %s://%s:%d%s", scheme, shown, number, METRICS_PATH)
    return listener


async def serve_metrics(port: MetricsPort, core: Core, look: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Serve the metrics of whatever role the core has, until cancelled; `look` is awaited before each answer."""
    settings = evolve(http_settings(server_of(core).config), tls=port.tls, accepts_plain=port.accepts_plain)
    await serve_http(port.listener, settings, lambda: metrics_application(core, look))


def metrics_application(core: Core, look: Callable[[str], Awaitable[None]] | None = None) -> AsgiApplication:
    """The ASGI application."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if look is not None:
            await look(scope["path"])
        status, lines = answer(core, scope["method"], scope["path"], scope["query_string"])
        begin = list(islice(lines, LINES_AT_ONCE))
        body = "".join(begin).encode()
        headers = [(b"Content-Type", (CONTENT_TYPE if status == 200 else "text/plain; charset=utf-8").encode())]
        if len(begin) < LINES_AT_ONCE:
            headers.append((b"Content-Length", str(len(body)).encode()))
        if scope["scheme"] == "https":
            headers.append((b"Strict-Transport-Security", TRANSPORT_SECURITY))
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
    if isinstance(core, ZooKeeperServer):
        return core
    from pyzoo.server.member.peer import QuorumPeer

    assert isinstance(core, QuorumPeer)
    return core.front
