"""ForwardingZooKeeperServer: a server to which others forward what their clients want to change.

A leader has its learners, the writer among several workers the others. Those take it that what they forward, for
whomever, is committed in that order (CommitProcessor).
"""

from collections import deque
from typing import Final

from mypy_extensions import i64

from pyzoo.jute import opcodes as op
from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.server.clients.request import Request
from pyzoo.server.roles.proposal import ME
from pyzoo.server.roles.quorum import QuorumZooKeeperServer

NOTHING_FORWARDED: Final[deque[tuple[LearnerHandler, Request]]] = deque()


class ForwardingZooKeeperServer(QuorumZooKeeperServer):
    """What comes from others is a request without a connection; its `owner` is the handler's number."""

    def begin_forwarding(self) -> None:
        """To be called once, before the first of them."""
        self._behind_close: dict[int, deque[tuple[LearnerHandler, Request]]] = {}

    def sync_forwarded(self, handler: LearnerHandler) -> None:
        """Answer the sync of a client of this learner, when all that was before it is committed."""
        raise NotImplementedError

    def forwarded(self, handler: LearnerHandler, request: Request) -> None:
        """A client of a learner wants something; whoever comes behind a close that takes several turns waits for it."""
        waiting = self._behind_close.get(request.owner)
        if waiting is not None:
            waiting.append((handler, request))
        elif request.type != op.SYNC and self._has_to_wait(request):
            self._behind_close[request.owner] = deque([(handler, request)])
        elif request.type == op.SYNC:
            self.sync_forwarded(handler)
        else:
            self.submit_global(request)

    def _has_to_wait(self, request: Request) -> bool:
        multis = self.multis
        if multis.is_preparing:
            return multis.holds(request)
        return request.type == op.MULTI and len(self.closes.preparing) > 0 and multis.is_large(request)

    def write_delayed(self, request: Request) -> None:
        if request.owner != ME:
            self._behind_close[request.owner] = deque()

    def release_held(self) -> None:
        super().release_held()
        for owner in list(self._behind_close):
            self._go_on_forwarded(owner)

    def close_prepared(self, request: Request) -> None:
        if self.closes.preparing:
            self._go_on_forwarded(request.owner)
        else:
            self.release_held()

    def _go_on_forwarded(self, owner: i64) -> None:
        """What a learner has forwarded goes on, until it has to wait again."""
        waiting = self._behind_close.pop(owner, NOTHING_FORWARDED)
        while waiting and owner not in self._behind_close:
            handler, later = waiting.popleft()
            self.forwarded(handler, later)
        if waiting:
            # One that has to wait once more is still ahead of the others.
            self._behind_close[owner].extend(waiting)
