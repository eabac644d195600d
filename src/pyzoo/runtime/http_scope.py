"""What an ASGI application is told of a request and of who asks (ASGI 3.0, HTTP 2.4, with the TLS extension)."""

import ssl
from typing import Any

import h11
import trio

from pyzoo.runtime.http_head import RefusedError
from pyzoo.runtime.http_settings import Message, Stream, plain_address
from pyzoo.runtime.http_target import BadTargetError, path_of, split_target


class Addresses:
    """Both ends of a connection; raises OSError when it is gone already."""

    def __init__(self, stream: Stream) -> None:
        sock = stream.transport_stream.socket if isinstance(stream, trio.SSLStream) else stream.socket
        host, port = sock.getpeername()[:2]
        self.client = (plain_address(host), port)
        self.server = sock.getsockname()[:2]


def scope_of(request: h11.Request, stream: Stream, addresses: Addresses) -> Message:
    """The scope of one request. Raises RefusedError for a target that means nothing here."""
    if request.method == b"CONNECT":
        raise RefusedError(501, "there is no proxy here")
    try:
        raw_path, query = split_target(request.target)
        path = path_of(raw_path)
    except BadTargetError as error:
        raise RefusedError(400, str(error)) from error
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "scheme": "https" if isinstance(stream, trio.SSLStream) else "http",
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": addresses.client,
        "server": addresses.server,
        "state": {},
        "extensions": _tls_extension(stream),
    }


def _tls_extension(stream: Stream) -> dict[str, Any]:
    """The client's certificate, where it has shown one."""
    if not isinstance(stream, trio.SSLStream):
        return {}
    certificate = stream.getpeercert(binary_form=True)
    chain = [] if certificate is None else [ssl.DER_cert_to_PEM_cert(certificate)]
    return {"tls": {"client_cert_chain": chain}}
