"""GroupCommit: how long a leader holds proposals back, so that more of them share a sync on every member.

Clients that wait for their answers ask again together: those who were answered by one commit come back one after
the other, and a leader that proposes for the first of them makes each member sync once for it and once more for
the rest. PostgreSQL's commit_delay weighs the same. Pure: the caller says what time it is and how long it may take.
"""

from typing import final

from mypy_extensions import i64


@final
class GroupCommit:
    """Waits only while some are under way, or some are expected back."""

    def __init__(self) -> None:
        self._released: i64 = 0
        self._expected: i64 = 0
        self._deadline_ns: i64 = 0
        self._was_under_way = False

    def held_until_ns(self, held: i64, under_way: i64, now_ns: i64, patience_ns: i64) -> i64:
        """When the `held` proposals have to be sent at the latest, 0 for now; not called with none.

        `under_way` were sent and are not committed yet. `patience_ns`, about as long as a sync takes, is how long
        the first one waits for others, and how long those who were just answered are waited for.
        """
        if self._deadline_ns == 0:
            self._deadline_ns = now_ns + patience_ns
            self._expected = self._released
        elif under_way == 0 and self._was_under_way:
            # Those who were just answered are expected back, beside those who are here.
            self._deadline_ns = now_ns + patience_ns
            self._expected = self._released + held
        self._was_under_way = under_way > 0
        if under_way == 0 and held >= self._expected:
            return 0
        if self._deadline_ns <= now_ns:
            return 0
        return self._deadline_ns

    def released(self, count: i64) -> None:
        """So many were sent now; the next one begins a new group."""
        self._released = count
        self._deadline_ns = 0
