"""HandOver: a leader that is about to end lets others get level first, so that they can elect one of them at once.

ZAB knows no resignation, and needs none: followers whose leader hangs up look for another one. What makes that quick
is that all has been said before: nothing is proposed any more, what was is committed, and a quorum of the others has
all of it on disk, and has been told. Then whoever they elect has nothing to bring into step.
"""

from typing import final

from pyzoo.quorum.broadcast import Broadcast
from pyzoo.quorum.learner_packets import ACTIVE
from pyzoo.quorum.verifier import contains_both_quorums


@final
class HandOver:
    """The last moments of a term of office; it proposes nothing from here on."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        broadcast.close()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for: the others can elect at once, or they cannot elect at all."""
        return self.is_level or not others_can_elect(self._broadcast)

    @property
    def is_level(self) -> bool:
        """Whether all that was proposed is committed, and a quorum of the others has it and knows of that."""
        broadcast = self._broadcast
        if broadcast.outstanding:
            return False
        level = {
            int(handler.sid)
            for handler in broadcast.forwarding
            if handler.state == ACTIVE
            and handler.acked_zxid >= broadcast.last_proposed
            and handler.link.waiting_bytes() == 0
        }
        return _is_quorum(broadcast, level)


def others_can_elect(broadcast: Broadcast) -> bool:
    """Whether those who follow are a quorum without their leader."""
    return _is_quorum(broadcast, {int(handler.sid) for handler in broadcast.forwarding if handler.state == ACTIVE})


def _is_quorum(broadcast: Broadcast, sids: set[int]) -> bool:
    return contains_both_quorums(sids - {int(broadcast.my_id)}, broadcast.current, broadcast.last_seen)
