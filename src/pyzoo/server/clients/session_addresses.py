"""SessionAddresses: where sessions came from, kept for a while after their end, for who asks who wrote something."""

from typing import Final, final

from mypy_extensions import i64

HALF: Final = 4096


@final
class SessionAddresses:
    """The client address that each of the last sessions used last; between `HALF` and twice that many are kept.

    Written where a connection gets its session. Two dicts take turns, so that to forget costs nothing.
    """

    def __init__(self) -> None:
        self._newer: dict[int, str] = {}
        self._older: dict[int, str] = {}

    def remember(self, session_id: i64, address: str) -> None:
        """A session is used from here now."""
        newer = self._newer
        newer[session_id] = address
        if len(newer) >= HALF:
            self._older = newer
            self._newer = {}

    def address_of(self, session_id: i64) -> str:
        """Where it came from last; empty where that is not known (any more)."""
        return self._newer.get(session_id) or self._older.get(session_id, "")
