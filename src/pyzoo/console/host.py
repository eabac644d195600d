"""ConsoleHost: what the console asks of the process around the server, beside what the admin commands do.

A page that needs more than a look at the server has a Protocol of its own beside its module, and an attribute here.
"""

from typing import Protocol

from librt.strings import BytesWriter

from pyzoo.admin.host import AdminHost
from pyzoo.console.looks import EnsembleLooks
from pyzoo.console.past import Past
from pyzoo.console.top import TopLooks
from pyzoo.console.viewers import Viewers
from pyzoo.console.visitor import Visitor
from pyzoo.errors import PyzooError
from pyzoo.jute.primitives import InputArchive
from pyzoo.recipes.pattern import Pattern


class ChangeFailed(PyzooError):
    """A change that was asked for cannot be made now, or nobody knows whether it was; the message is for people."""


class Body(Protocol):
    """The body of a request: a record, or what has the shape of one."""

    def encode(self, out: BytesWriter) -> None:
        """Append its bytes."""
        ...


class ConsoleHost(AdminHost, Protocol):
    """Nothing here blocks the event loop for long."""

    @property
    def recipes(self) -> tuple[Pattern, ...]:
        """Patterns of the configuration, tried before those that are built in."""
        ...

    @property
    def looks(self) -> EnsembleLooks:
        """How the whole ensemble is."""
        ...

    @property
    def top(self) -> TopLooks:
        """What its busiest sessions did until the last look."""
        ...

    @property
    def viewers(self) -> Viewers:
        """Who listens to live news of this server."""
        ...

    @property
    def past(self) -> Past:
        """What logs and snapshots tell of the past."""
        ...

    def random_text(self) -> str:
        """A text that nobody can guess, of letters, digits, `-` and `_`."""
        ...

    def machine_name(self) -> str:
        """What the system calls this machine."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def submit(self, visitor: Visitor, opcode: int, body: Body) -> InputArchive:
        """Send a request through the core as a client would, with the ids of the visitor; returns the reply's body.

        Raises KeeperError as a client is told of it, and ChangeFailed.
        """
        ...

    async def end_session(self, visitor: Visitor, session_id: int) -> None:
        """Close a session, whoever's it is, in every role of this server. Returns when that is committed.

        Raises ChangeFailed, and KeeperError: NOAUTH for who may not (session_end.may_end_sessions), SESSIONEXPIRED
        where there is no such session here, NOTREADONLY without a quorum.
        """
        ...

    def leave(self, visitor: Visitor) -> None:
        """The visitor has logged out: close the client session that `submit` has kept."""
        ...
