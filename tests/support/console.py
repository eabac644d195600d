"""What a browser or a script asks of a console."""

import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

HOST = "127.0.0.1"
SECONDS = 20
CONSOLE = {"Host": "localhost"}


@frozen
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(port: int | None, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request to an admin port; underscores in the names of headers are hyphens."""
    assert port is not None
    with closing(http.client.HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**CONSOLE, **given})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def post(port: int | None, path: str, form: dict[str, str], **headers: str) -> Answer:
    """A form, as a browser sends it."""
    given = {"Content_Type": "application/x-www-form-urlencoded", **headers}
    return ask(port, path, "POST", urlencode(form).encode(), **given)
