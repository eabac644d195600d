"""What stands for a session or a client where a test names one."""

from typing import Any, Protocol

from pyzoo.testing.controls.inspection import SessionInfo
from pyzoo.testing.errors import NoSuchSession


class HasClientId(Protocol):
    """A client as kazoo's KazooClient is one: `client_id` is its session's id and password, None without a session."""

    @property
    def client_id(self) -> Any: ...


SessionReference = int | SessionInfo | HasClientId
"""A session: its id, what `sessions()` says of it, or the client that has it."""


def session_id_of(session: SessionReference) -> int:
    """The id as the server counts it: signed, 64 bits. Raises NoSuchSession for a client without a session."""
    if isinstance(session, SessionInfo):
        return session.id
    if isinstance(session, int):
        return (session + (1 << 63)) % (1 << 64) - (1 << 63)
    if not hasattr(session, "client_id"):
        raise TypeError(f"{session!r} stands for no session: give its id, an entry of sessions(), or a client of kazoo")
    if session.client_id is None:
        raise NoSuchSession(f"{session!r} has no session: start it first, and wait until it is connected")
    return session_id_of(int(session.client_id[0]))


def session_text(session_id: int) -> str:
    """An id as ZooKeeper writes it."""
    return f"0x{session_id & 0xFFFFFFFFFFFFFFFF:x}"
