"""What every SASL mechanism has to say: the two sides of an exchange, and the logins that begin them.

A token that is answered may be answered by None, which is not the same as an empty token.
"""

from collections.abc import Callable
from typing import Final

from pyzoo.errors import SaslFailure

Authorize = Callable[[str, str], str]
"""The name that somebody goes by who has proved to be the first name and wants to be the second one.

Raises SaslFailure when it may not be that one, and ProtocolViolation for a name that cannot be.
"""


class SaslServer:
    """The side that is logged in to. `authorization_id` is who it is, once the exchange `is_complete`."""

    def __init__(self) -> None:
        self.waits = False
        """Whether the next token may take longer than a turn has: looking names up, reading files."""
        self.is_complete = False
        self.authorization_id = ""

    def evaluate(self, response: bytes) -> bytes | None:
        """The answer to a token; SaslFailure when it proves nothing, ProtocolViolation when it deserves no answer."""
        raise NotImplementedError


class SaslClient:
    """The side that logs in."""

    def __init__(self) -> None:
        self.is_complete = False

    def begin(self) -> bytes:
        """The first token, empty where the server has to begin; raises SaslFailure."""
        return b""

    def evaluate(self, challenge: bytes) -> bytes | None:
        """The answer to a challenge, None after the last one; raises SaslFailure."""
        raise NotImplementedError


class ServerLogin:
    """What a server lets others log in with; with `takes_passwords` it knows them, so that nobody need prove them."""

    takes_passwords: bool = False

    def name_of(self, user: str, password: str) -> str:
        """The name that somebody goes by who tells this password. Raises ProtocolViolation, a SaslFailure mostly."""
        raise SaslFailure("nobody logs in with a password here")

    def new_server(self) -> SaslServer:
        """The server of one exchange."""
        raise NotImplementedError


class ClientLogin:
    """What somebody logs in with; if it `waits`, a new client and its first token may take longer than a turn has."""

    waits: bool = False

    def new_client(self, host: str) -> SaslClient:
        """The client of one exchange with a server on `host`."""
        raise NotImplementedError


NONCE_BYTES: Final = 30
"""Random bytes of a nonce, which Java's SASL makes 40 characters of."""
