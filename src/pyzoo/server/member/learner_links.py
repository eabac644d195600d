"""LearnerLinks: which connection belongs to which learner's handler."""

from typing import final

from mypy_extensions import i64

from pyzoo.quorum.learner_handler import LearnerHandler
from pyzoo.quorum.link import PeerLink


@final
class LearnerLinks:
    """The links of all learners that are connected here."""

    def __init__(self) -> None:
        self._handlers: dict[PeerLink, LearnerHandler] = {}

    def add(self, link: PeerLink, handler: LearnerHandler) -> None:
        """A learner has connected; links that their handlers have closed meanwhile are forgotten."""
        self._handlers = {other: known for other, known in self._handlers.items() if not other.gone}
        self._handlers[link] = handler

    def bytes_received(self, link: PeerLink, data: bytes, now_ms: i64) -> None:
        """Bytes of a learner."""
        handler = self._handlers.get(link)
        if handler is not None:
            handler.bytes_received(data, now_ms)

    def drained(self, link: PeerLink, now_ms: i64) -> None:
        """The network has taken all of a link's bytes."""
        handler = self._handlers.get(link)
        if handler is not None:
            handler.drained(now_ms)

    def gone(self, link: PeerLink) -> None:
        """A connection broke."""
        handler = self._handlers.pop(link, None)
        if handler is not None:
            handler.gone()
