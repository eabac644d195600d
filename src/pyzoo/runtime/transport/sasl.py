"""The SASL exchange at the start of a connection between members, as a session.

On the election port the hello of whoever dials goes ahead of it, and is handed on only when the exchange is over.
"""

import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from pyzoo.config.jaas import parse_jaas, users_of
from pyzoo.config.refusals import NO_CLIENT_SASL
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, ProtocolViolation
from pyzoo.quorum.auth_packet import ERROR, MAGIC, AuthLearner, AuthServer, auth_size, decode_auth, encode_auth
from pyzoo.quorum.hello import hello_size
from pyzoo.quorum.link import ELECTION
from pyzoo.runtime.transport.session import TransportSession

logger: Final = logging.getLogger(__name__)

NONCE_BYTES: Final = 24


def nonce() -> str:
    """A text that nobody can guess."""
    return secrets.token_urlsafe(NONCE_BYTES)


@final
class SaslSession(TransportSession):
    """One end of one connection."""

    def __init__(
        self, client: AuthLearner | None, server: AuthServer | None, hello_first: bool, optional: bool
    ) -> None:
        """With `optional` a dialling member that does not authenticate itself is let in."""
        self._client = client
        self._server = server
        self._hello_first = hello_first
        self._optional = optional
        self._hello = b""
        self._buffer = b""
        self._outgoing = b"" if client is None or hello_first else client.begin()
        self._waiting = b""
        self.is_open = False
        self.failed = False

    def received(self, data: bytes) -> bytes:
        if self.is_open:
            return data
        if not data:
            return self._hello if self._optional else b""
        self._buffer += data
        if self._server is not None and self._hello_first and not self._take_hello():
            return b""
        while not self.is_open and self._take_packet():
            pass
        if not self.is_open:
            return b""
        rest, self._buffer = self._hello + self._buffer, b""
        return rest

    def _take_hello(self) -> bool:
        if self._hello:
            return True
        size = hello_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return False
        self._hello, self._buffer = self._buffer[:size], self._buffer[size:]
        return True

    def _take_packet(self) -> bool:
        buffer = self._buffer
        if self._optional and len(buffer) >= 8 and int.from_bytes(buffer[:8], "big") != MAGIC:
            self.is_open = True
            return False
        size = auth_size(buffer)
        if size is None or len(buffer) < size:
            return False
        self._buffer = buffer[size:]
        packet = decode_auth(buffer[:size])
        try:
            if self._client is not None:
                self._outgoing += self._client.received(packet)
                self.is_open = self._client.is_done
            elif self._server is not None:
                self._outgoing += self._server.received(packet)
                self.is_open = self._server.is_done
        except ProtocolViolation:
            if self._server is not None:
                self._outgoing += encode_auth(ERROR, b"")
            self.failed = True
            raise
        return True

    def to_send(self, data: bytes) -> bytes:
        self._waiting += data
        outgoing, self._outgoing = self._outgoing, b""
        if self._client is not None and self._hello_first and self._waiting:
            size = hello_size(self._waiting)
            assert size is not None
            outgoing += self._waiting[:size] + self._client.begin()
            self._waiting = self._waiting[size:]
            self._hello_first = False
        if self.is_open:
            outgoing += self._waiting
            self._waiting = b""
        return outgoing

    @property
    def holds_back(self) -> bool:
        return not self.is_open and not self.failed


@final
class PeerSasl:
    """How this member authenticates; without `users` and `login` not at all."""

    def __init__(self, users: Mapping[str, str] | None, login: tuple[str, str] | None, required: bool) -> None:
        self._users = users
        self._login = login
        self._required = required

    def accepted(self, port: int) -> SaslSession | None:
        """For a connection that came in."""
        if self._users is None:
            return None
        return SaslSession(None, AuthServer(self._users, nonce), port == ELECTION, not self._required)

    def dialled(self, port: int) -> SaslSession | None:
        """For a connection that was made."""
        if self._login is None:
            return None
        return SaslSession(AuthLearner(*self._login, nonce), None, port == ELECTION, False)


NO_SASL: Final = PeerSasl(None, None, False)


def quorum_sasl(config: ServerConfig) -> PeerSasl:
    """What quorum.auth.* and the JAAS file say; raises ConfigError."""
    quorum = config.quorum
    if not quorum.sasl_enabled:
        return NO_SASL
    path = config.sasl_login_config
    if path is None:
        raise ConfigError("quorum.auth.enableSasl needs -Djava.security.auth.login.config=FILE", config.config_path)
    sections = login_sections(path)
    users = users_of(_section(sections, quorum.server_login_context, path))
    if not users:
        raise ConfigError(f"{quorum.server_login_context} names no user_NAME, and Kerberos is not offered here", path)
    login = None
    if quorum.learner_require_sasl:
        section = _section(sections, quorum.learner_login_context, path)
        if "username" not in section or "password" not in section:
            raise ConfigError(f"{quorum.learner_login_context} needs username and password", path)
        login = section["username"], section["password"]
    return PeerSasl(users, login, quorum.server_require_sasl)


def login_sections(path: str) -> dict[str, dict[str, str]]:
    """The options of every section of a JAAS file by its name; raises ConfigError."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
    return parse_jaas(text, path)


def refuse_logins_of_clients(config: ServerConfig) -> None:
    """Raise ConfigError where the JAAS file is for clients too, for they cannot log in by SASL yet.

    As in Apache's server a file that is named has to be readable (ServerCnxnFactory.configureSaslLogin).
    """
    if config.sasl_login_config is None:
        return
    name = config.sasl_server_section
    if name in login_sections(config.sasl_login_config):
        raise ConfigError(f"its section {name} is for clients. {NO_CLIENT_SASL}", config.sasl_login_config)


def _section(sections: dict[str, dict[str, str]], name: str, path: str) -> dict[str, str]:
    if name not in sections:
        raise ConfigError(f"it has no section {name}", path)
    return sections[name]
