"""Fetches revocation lists and answers of OCSP responders, within a time and a size."""

import time
import urllib.request
from typing import Final
from urllib.parse import urlsplit

WHOLE_SECONDS: Final = 5.0
"""From the name to the last byte, but for a name service that does not answer."""
MOST_BYTES: Final = 16 << 20
_PIECE: Final = 1 << 16


def _opener() -> urllib.request.OpenerDirector:
    """One that follows nobody elsewhere: a place that was named in a certificate is that place, and no other."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


_OPENER: Final = _opener()


def fetch_url(url: str, body: bytes | None) -> bytes:
    """What is there, or what is answered to a request of OCSP; raises OSError or ValueError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("only http and https are asked")
    headers = {} if body is None else {"Content-Type": "application/ocsp-request"}
    deadline = time.monotonic() + WHOLE_SECONDS
    request = urllib.request.Request(url, data=body, headers=headers)
    pieces: list[bytes] = []
    size = 0
    with _OPENER.open(request, timeout=WHOLE_SECONDS) as response:
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"it takes more than {WHOLE_SECONDS:g} seconds")
    return b"".join(pieces)
