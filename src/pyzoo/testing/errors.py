"""What goes wrong with servers in tests; each message says what to do."""

from pyzoo.errors import PyzooError


class EmbeddedServerError(PyzooError):
    """The server is not in the state that this call needs; the message says what to do."""


class NotStarted(EmbeddedServerError):
    """It does not run yet, or no longer."""


class AlreadyStarted(EmbeddedServerError):
    """It runs."""


class NoSuchSession(EmbeddedServerError):
    """The server has no such session, or no connection of it."""


class NoSuchNode(EmbeddedServerError):
    """There is no node of this path."""


class WaitTimeout(EmbeddedServerError):
    """What was waited for did not come true in time."""
