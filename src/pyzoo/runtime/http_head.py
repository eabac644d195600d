"""The head of an HTTP request, request line and header, before anybody reads it: its size, and what refuses it.

Sizes and status codes are those of Jetty, which serves Apache's AdminServer.
"""

import re
from http import HTTPStatus
from typing import Final

import h11

_END: Final = re.compile(rb"\n\r?\n")
_WITHOUT_VERSION: Final = re.compile(rb"[!-~]+ [!-~]+\r?\n")
_PHRASES: Final = {413: b"Payload Too Large", 414: b"URI Too Long", 500: b"Server Error"}
"""Where Jetty and RFC 9110 do not say what Python says."""


class RefusedError(Exception):
    """A request that is answered with a status of 400 and more before anybody looks at what it asks for."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status: Final = status


def check_size(received: bytes, limit: int) -> None:
    """Raise RefusedError when the head that `received` begins with, whole or not, is longer than `limit` bytes."""
    begun = received.lstrip(b"\r\n")
    end = _END.search(begun)
    if (len(begun) if end is None else end.end()) <= limit:
        return
    line = begun[:limit]
    if b"\n" not in line and b" " in line:
        raise RefusedError(414, f"the request line and the header may have {limit} bytes; the URI alone is longer")
    raise RefusedError(431, f"the request line and the header may have {limit} bytes")


def check_head(request: h11.Request) -> None:
    """Raise RefusedError for anything but HTTP/1.0 and HTTP/1.1, and for a body of two lengths."""
    version = request.http_version
    if version == b"2.0":
        raise RefusedError(426, "only HTTP/1.1 is spoken here")
    if version not in (b"1.0", b"1.1"):
        raise RefusedError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in request.headers}:
        raise RefusedError(400, "a request has Content-Length or Transfer-Encoding, not both")


def status_of_error(error: h11.RemoteProtocolError, received: bytes) -> int:
    """The status for bytes that are no request: HTTP/0.9 asks for a version that is not there."""
    return 505 if _WITHOUT_VERSION.match(received.lstrip(b"\r\n")) else error.error_status_hint


def phrase_of(status: int) -> bytes:
    """The reason phrase of a status line."""
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b""


def has_body(request: h11.Request) -> bool:
    """Whether something follows the head; h11 has made sure that its length is one number."""
    length = content_length(request)
    return length > 0 or any(name == b"transfer-encoding" for name, _ in request.headers)


def content_length(request: h11.Request) -> int:
    """What the client announces; 0 where it says nothing."""
    return next((int(value) for name, value in request.headers if name == b"content-length"), 0)


def keeps_alive_10(request: h11.Request) -> bool:
    """Whether a client of HTTP/1.0 asks for more than one request on its connection."""
    words = [value.lower() for name, value in request.headers if name == b"connection"]
    return request.http_version == b"1.0" and any(b"keep-alive" in word for word in words)
