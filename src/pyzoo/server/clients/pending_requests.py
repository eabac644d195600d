"""PendingRequests: what a connection has asked for and is not answered yet."""

from typing import final

from mypy_extensions import i64


class PendingRequest:
    """A request as its connection knows it: something that is answered in its turn."""

    def __init__(self) -> None:
        self.is_write = False
        self.behind: PendingRequest | None = None


@final
class PendingRequests:
    """Those of one connection, first in, first out, each linked to the one `behind` it.

    A list that is empty now and then, as with one request in flight, would ask for memory each time.
    """

    def __init__(self) -> None:
        self._oldest: PendingRequest | None = None
        self._newest: PendingRequest | None = None
        self._count: i64 = 0

    def __len__(self) -> int:
        return self._count

    def all(self) -> list[PendingRequest]:
        """Oldest first."""
        found: list[PendingRequest] = []
        request = self._oldest
        while request is not None:
            found.append(request)
            request = request.behind
        return found

    @property
    def is_empty(self) -> bool:
        """Whether the connection waits for nothing."""
        return self._count == 0

    @property
    def oldest(self) -> PendingRequest:
        """The one that is answered next; there has to be one."""
        request = self._oldest
        assert request is not None
        return request

    @property
    def begins_with_read(self) -> bool:
        """Whether there is one, and the oldest is no write."""
        request = self._oldest
        return request is not None and not request.is_write

    def append(self, request: PendingRequest) -> None:
        """Add the newest."""
        newest = self._newest
        if newest is None:
            self._oldest = request
        else:
            newest.behind = request
        self._newest = request
        self._count += 1

    def take(self) -> None:
        """Take the oldest away; there has to be one."""
        request = self.oldest
        behind = request.behind
        request.behind = None
        self._oldest = behind
        if behind is None:
            self._newest = None
        self._count -= 1

    def clear(self) -> None:
        """Take all away, one by one: what is linked would be given back by ever deeper calls."""
        while self._count > 0:
            self.take()
