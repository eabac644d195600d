"""Past: what pages ask of the files of a server, and of what it has committed last; somebody else reads them for it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from attrs import frozen

from pyzoo.history.questions import Question

UntilGone = Callable[[], Awaitable[None]]


@frozen
class Recent:
    """The newest transactions behind a zxid, as they are logged, oldest first; `is_whole`: none is left out."""

    payloads: list[bytes]
    is_whole: bool


class Past(Protocol):
    """Nothing here blocks the event loop for long."""

    async def ask(self, question: Question, until_gone: UntilGone) -> dict[str, Any]:
        """The answer, beside the server, and given up when `until_gone` returns.

        Raises PageError where the files do not tell, where it takes too long or too many others ask.
        """
        ...

    def keeps_recent(self) -> bool:
        """Whether `recent` can tell anything: a server alone has only its log for that."""
        ...

    async def recent(self, after: int, most: int) -> Recent:
        """What was committed after a zxid, at most so many; nothing where it is not kept anywhere."""
        ...

    async def still_asks(self, seconds: float, until_gone: UntilGone) -> bool:
        """Wait so long; whether `until_gone` has not returned by then. When it does, the waiting ends."""
        ...

    def address_of(self, session_id: int) -> str | None:
        """The address from which a session was last heard of, as far as that is remembered."""
        ...
