"""What requests carry: the parameters of a query, and the fields of a form or of a JSON object."""

import json
from contextlib import aclosing
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from pyzoo.console.page_error import PageError

MOST_PARAMETERS: Final = 100
MOST_BODY_BYTES: Final = 4 << 20
"""The data of a node may take three times as many bytes in a form."""


def first_values(encoded: str) -> dict[str, str]:
    """The first value of each parameter. Raises PageError."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise PageError(400, f"The parameters cannot be read: {error}.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


async def read_form(request: Request) -> dict[str, str]:
    """The fields of what is posted. Raises PageError."""
    body = bytearray()
    async with aclosing(request.stream()) as stream:
        async for chunk in stream:
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                raise PageError(413, f"A form may have {MOST_BODY_BYTES} bytes.")
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not body:
        return {}
    try:
        if media_type == "application/x-www-form-urlencoded":
            return first_values(body.decode("ascii"))
        if media_type == "application/json":
            return {str(name): _field_text(value) for name, value in dict(json.loads(body)).items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise PageError(400, "The form cannot be read.") from error
    raise PageError(415, "A form has to be application/x-www-form-urlencoded, or JSON.")


def _field_text(value: object) -> str:
    """A value of JSON as a form would have it."""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)
