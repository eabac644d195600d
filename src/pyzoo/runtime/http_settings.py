"""What an HTTP port is told, and the kinds of things that it deals in: ASGI's, and streams."""

import math
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import trio
from attrs import frozen

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.http_records import RecordStream

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Message, Receive, Send], Awaitable[None]]

Stream = trio.SocketStream | trio.SSLStream[RecordStream]


def nothing() -> None:
    """What happens with each plain connection when nobody counts them."""


@frozen
class HttpSettings:
    """How a port is served, and what its clients may use up.

    A request has to be there, up to the end of its header, `header_timeout_s` after its first byte, and the first one
    of a connection as long after that was made, TLS included. `idle_timeout_s` is for each other wait for a client:
    for its next request, for the next bytes of a body, for those sent to be taken; bodies have to keep up
    `min_data_rate` bytes a second besides. Request line and header may have `max_header_bytes` together; a body is
    for the application to read or to leave. Without `tls` the port is plain; with it and `accepts_plain` the first
    byte of a connection decides, and `plain_accepted` counts the others.
    """

    header_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
    min_data_rate: int = 16 << 10
    max_connections: int = 64
    max_connections_per_address: int = 16
    max_header_bytes: int = 8 << 10
    tls: ssl.SSLContext | None = None
    accepts_plain: bool = True
    plain_accepted: Callable[[], None] = nothing


def http_settings(config: ServerConfig) -> HttpSettings:
    """What the configuration allows, for a plain port."""
    limits, idle_ms = config.http, config.admin.idle_timeout_ms
    return HttpSettings(
        header_timeout_s=limits.header_timeout_ms / 1000,
        idle_timeout_s=idle_ms / 1000 if idle_ms > 0 else math.inf,
        min_data_rate=limits.min_data_rate,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_header_bytes=limits.max_header_bytes,
    )


def plain_address(host: str) -> str:
    """An address as people write it, also when it came to a port for both versions of IP."""
    mapped = host.removeprefix("::ffff:")
    return mapped if "." in mapped else host
