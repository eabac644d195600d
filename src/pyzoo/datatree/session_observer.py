"""What a tree tells of the end of sessions, for an audit log; this one does nothing."""

from mypy_extensions import i64, mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class SessionObserver:
    """Hears of the ephemerals that a closing session takes along, if it wants to."""

    def __init__(self) -> None:
        self.wants_ephemerals = False

    def ephemeral_deleted(self, session_id: i64, path: str, was_there: bool) -> None:
        """An ephemeral of a closing session is gone; it may have been gone before."""
