"""LeaderConnector: when a learner dials its leader, and when it gives up (Learner.LeaderConnector)."""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.quorum.learner_owner import LearnerOwner, LearnerSettings
from pyzoo.quorum.link import PeerLink

DIAL_TRIES: Final = 13
"""Apache's learner tries five times, with a whole pause between any two: as long in all, and a finalizeWait more.

A leader of Apache's waits that long where this server knew at once that all have voted.
"""
FIRST_PAUSE_PART: Final = 50
"""The first pause is this part of a whole one, each next one twice as long: the leader is often only a little late."""


@final
class LeaderConnector:
    """The dials of one learner, one at a time; `deadline_ms` is when `advance` has something to do."""

    def __init__(self, settings: LearnerSettings, owner: LearnerOwner, now_ms: i64) -> None:
        self.deadline_ms: i64 = now_ms
        self._owner = owner
        self._longest_pause_ms: i64 = settings.connect_delay_ms
        self._tick_time_ms: i64 = settings.tick_time_ms
        self._tries_left: i64 = DIAL_TRIES
        self._pause_ms: i64 = max(settings.connect_delay_ms // FIRST_PAUSE_PART, 1)
        self._until_ms: i64 = now_ms + settings.connect_limit_ms

    def dial(self, now_ms: i64) -> PeerLink | None:
        """Try again; None when that is over."""
        if self._tries_left == 0 or now_ms >= self._until_ms:
            return None
        self._tries_left -= 1
        # The shell answers within the time that it is given; the tick is only for one that does not.
        self.deadline_ms = self._until_ms + self._tick_time_ms
        return self._owner.dial(int(self._until_ms - now_ms))

    def failed(self, now_ms: i64) -> None:
        """The dial did not succeed: pause, longer each time."""
        self.deadline_ms = now_ms + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, self._longest_pause_ms)
