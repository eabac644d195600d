"""What a browser or a script asks of a console."""

import http.client
import json
import re
import ssl
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

HOST = "127.0.0.1"
SECONDS = 60
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


def ask(
    port: int | None,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    **headers: str,
) -> Answer:
    """One request to an admin port; underscores in the names of headers are hyphens."""
    assert port is not None
    kind = http.client.HTTPConnection if tls is None else partial(http.client.HTTPSConnection, context=tls)
    with closing(kind(HOST, port, timeout=SECONDS)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**CONSOLE, **given})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def post(
    port: int | None, path: str, form: dict[str, str], tls: ssl.SSLContext | None = None, **headers: str
) -> Answer:
    """A form, as a browser sends it."""
    given = {"Content_Type": "application/x-www-form-urlencoded", **headers}
    return ask(port, path, "POST", urlencode(form).encode(), tls, **given)


def csrf_of(answer: Answer) -> str:
    """What forms of this page's visitor have to send along."""
    found = re.search(r'name="csrf" (?:content|value)="([^"]+)"', answer.text)
    assert found is not None, answer
    return found[1]


def log_in(
    port: int | None,
    login: str,
    scheme: str = "digest",
    then: str = "/",
    tls: ssl.SSLContext | None = None,
    **headers: str,
) -> Answer:
    """The answer to the login form; `login` is `user:password`."""
    user, _, password = login.partition(":")
    token = csrf_of(ask(port, "/console/login", tls=tls))
    form = {"scheme": scheme, "user": user, "password": password, "csrf": token, "next": then}
    return post(port, "/console/login", form, tls, **headers)


def cookie_of(answer: Answer) -> str:
    """What a browser sends from then on: `ask(port, path, Cookie=cookie_of(log_in(port, login)))`."""
    cookie = answer.headers["Set-Cookie"]
    assert cookie, answer
    return str(cookie).partition(";")[0]
