"""The admin server from the asking side: JSON over HTTP, and in words what does not work."""

import errno
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from attrs import define, frozen

from pyzoo.shell.errors import ShellError
from pyzoo.shell.failures import NO_TLS, name_is_unknown, server_text, tls_reason
from pyzoo.shell.security import ServerTls

T = TypeVar("T")
TIMEOUT_S: Final = 20.0
ANSWER_MAX: Final = 64 << 20
"""Bytes; nobody reads more of a terminal."""
DEFAULT_PORT: Final = 8080
CONSOLE: Final = "/console/api/"
COMMANDS: Final = "/commands/"
IS_IT_ON: Final = (
    "the admin server is off (admin.enableServer), or has another port (admin.serverPort) or address "
    "(admin.serverAddress): give --admin URL, or set PYZOO_ADMIN"
)
NO_CONSOLE: Final = "it has no console: it is Apache's, or has admin.console=false"


class AdminFailure(ShellError):
    """An admin server that does not give what it is asked for; `status` is that of its answer, 0 without one."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@frozen
class AdminUrl:
    """Where an admin server is."""

    host: str
    port: int = DEFAULT_PORT
    is_secure: bool = False

    @classmethod
    def parse(cls, text: str) -> "AdminUrl":
        """`http://host:port`, also without scheme or port; raises ShellError."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            port = parts.port
        except ValueError:
            raise _no_url(text) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise _no_url(text)
        return cls(parts.hostname, port or DEFAULT_PORT, parts.scheme == "https")

    def __str__(self) -> str:
        return f"http{'s' if self.is_secure else ''}://{server_text(self.host, self.port)}/"


def _no_url(text: str) -> ShellError:
    return ShellError(f"--admin {text}: give the address of an admin server, such as http://localhost:8080/")


@define
class AdminPort:
    """One admin server; each request is a connection of its own. `note` is told what people should know."""

    url: AdminUrl
    note: Callable[[str], None]
    tls: ServerTls | None = None
    #: The value of an Authorization header, None for nobody.
    authorization: str | None = None
    timeout_s: float = TIMEOUT_S

    def console(self, name: str, **parameters: object) -> Any:
        """What `/console/api/NAME` answers; raises AdminFailure, with 404 where there is no console."""
        return self._get(CONSOLE + name, parameters)

    def command(self, name: str) -> Any:
        """What the command answers; raises AdminFailure."""
        answer = self._get(COMMANDS + name, {})
        if isinstance(answer, dict) and answer.get("error"):
            raise AdminFailure(f"{self.url}: {name}: {answer['error']}")
        return answer

    def _get(self, path: str, parameters: Mapping[str, object]) -> Any:
        status, body = self._ask(path, parameters)
        if status == http.client.UNAUTHORIZED and self.authorization is not None:
            # Nobody else is told of by their password: they are nobody there.
            self.note(f"{self.url} does not know these credentials; without them it shows what anybody may see")
            self.authorization = None
            status, body = self._ask(path, parameters)
        if status != http.client.OK:
            raise AdminFailure(f"{self.url}: {self._refusal(path, status, body)}", status)
        try:
            return json.loads(body)
        except ValueError:
            raise AdminFailure(f"{self.url}: what answers there is no admin server of ZooKeeper") from None

    def _ask(self, path: str, parameters: Mapping[str, object]) -> tuple[int, bytes]:
        """Status and body; raises AdminFailure."""
        given = {name: value for name, value in parameters.items() if value is not None}
        target = path + (f"?{urlencode(given, quote_via=quote)}" if given else "")
        headers = {"Accept": "application/json"}
        if self.authorization is not None:
            headers["Authorization"] = self.authorization.encode().decode("latin-1")
        connection = _Connection(self.url, self.tls, self.timeout_s)
        try:
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            body = response.read(ANSWER_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            raise AdminFailure(f"{self.url}: {self._no_answer(error)}") from None
        finally:
            connection.close()
        if len(body) > ANSWER_MAX:
            raise AdminFailure(f"{self.url}: its answer has more than {ANSWER_MAX >> 20} MiB")
        return response.status, body

    def _no_answer(self, error: Exception) -> str:
        """Why there was no answer, and what to do."""
        if isinstance(error, ssl.SSLError):
            text = tls_reason(error)
            return f"no TLS: {text}" + ("; give --admin http://..." if text == NO_TLS else "")
        if isinstance(error, socket.gaierror):
            return name_is_unknown(error)
        if isinstance(error, TimeoutError):
            return f"no answer within {self.timeout_s:g} s"
        if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
            return f"nobody listens there: {IS_IT_ON}"
        if isinstance(error, http.client.HTTPException | ConnectionError):
            return "what answers there does not speak HTTP" + ("" if self.url.is_secure else ", or wants https://")
        return getattr(error, "strerror", None) or str(error)

    def _refusal(self, path: str, status: int, body: bytes) -> str:
        """The console says in a sentence why it refuses; others are known by their status."""
        try:
            text = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError):
            text = None
        if isinstance(text, str) and text:
            return text.rstrip(".")
        if status == http.client.NOT_FOUND and path.startswith(CONSOLE):
            return NO_CONSOLE
        if status in (301, 302, 307, 308):
            return "it sends elsewhere: it may want https://"
        return f"it answers with status {status}"


def ask_each(
    admins: Sequence[AdminPort], ask: Callable[[AdminPort], T], note: Callable[[str], None] | None = None
) -> list[T]:
    """What they answer; that some do not is a note. Raises AdminFailure when none does."""
    answers: list[T] = []
    failures: list[AdminFailure] = []
    for admin in admins:
        try:
            answers.append(ask(admin))
        except AdminFailure as error:
            failures.append(error)
    if not answers:
        raise failures[0]
    for failure in failures:
        (note or admins[0].note)(str(failure))
    return answers


class _Connection(http.client.HTTPConnection):
    """A connection, over TLS as the shell does it with servers."""

    def __init__(self, url: AdminUrl, tls: ServerTls | None, timeout_s: float) -> None:
        super().__init__(url.host, url.port, timeout=timeout_s)
        self._tls = tls if url.is_secure else None

    def connect(self) -> None:
        super().connect()
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
