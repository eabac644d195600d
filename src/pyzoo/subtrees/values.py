"""Values for scripts: what JSON can say, and the data of a node in it."""

import base64
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def data_json(data: bytes | None) -> dict[str, Json]:
    """Data as text where it is UTF-8, else in base64 and marked so; null is a node without data."""
    if data is None:
        return {"data": None}
    try:
        return {"data": data.decode()}
    except UnicodeDecodeError:
        return {"data": base64.b64encode(data).decode("ascii"), "encoding": "base64"}
