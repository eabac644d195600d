"""RequestQueue: writes in the order of their zxids, from their preparation until they are applied."""

from collections.abc import Iterator
from typing import final

from mypy_extensions import i64

from pyzoo.server.clients.request import Request


@final
class RequestQueue:
    """First in, first out. A list, whose ends compiled code gets at without a call, and how many of it are gone."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._gone: i64 = 0

    def __len__(self) -> int:
        return len(self._requests) - int(self._gone)

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests[self._gone :])

    @property
    def oldest(self) -> Request:
        """The one that `take` gives next; there has to be one."""
        return self._requests[self._gone]

    def append(self, request: Request) -> None:
        """Add the newest."""
        self._requests.append(request)

    def take(self) -> Request:
        """Take the oldest; there has to be one."""
        requests = self._requests
        request = requests[self._gone]
        self._gone += 1
        if 2 * self._gone >= len(requests):
            self._requests = requests[self._gone :]
            self._gone = 0
        return request
