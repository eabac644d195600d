"""SessionTracker: who is alive, and when each session expires (SessionTrackerImpl, ExpiryQueue).

Sessions live in buckets, one for each tick; a touch moves a session to a later bucket, and a whole bucket
expires at once. Times are monotonic milliseconds that the caller passes in.
"""

import hmac
from typing import Final, final

from librt.strings import BytesWriter, write_i32_le
from mypy_extensions import i32, i64

from pyzoo.errors import SESSIONEXPIRED, SESSIONMOVED, KeeperError

_SUPER_SECRET: Final = 0xB3415C00
_RANDOM_MULTIPLIER: Final = 0x5DEECE66D
_RANDOM_MASK: Final = (1 << 48) - 1
PASSWORD_LENGTH: Final = 16
NO_OWNER: Final = -1


@final
class Session:
    """One session: its timeout and bucket (both ms), and whether a closeSession is under way.

    `owner` is the connection of the ensemble that it came through last: 0 for this server, else the number of a
    learner's handler; NO_OWNER until somebody uses it.
    """

    def __init__(self, session_id: i64, timeout_ms: i64) -> None:
        self.session_id: i64 = session_id
        self.timeout_ms: i64 = timeout_ms
        self.expiry_ms: i64 = 0
        self.closing = False
        self.owner: i64 = NO_OWNER


def first_session_id(server_id: int, now_ms: int) -> int:
    """The first id of a server run: server id, 40 bits of clock, 16 bits of counter (initializeNextSessionId)."""
    clock = ((now_ms << 24) & 0xFFFFFFFFFFFFFFFF) >> 8
    pattern = (clock | (server_id << 56)) & 0xFFFFFFFFFFFFFFFF
    if pattern == 0x8000000000000000:
        pattern += 1
    return pattern - 0x10000000000000000 if pattern >= 0x8000000000000000 else pattern


def generate_password(session_id: i64) -> bytes:
    """The password of a session, a pure function of its id: java.util.Random seeded with the id."""
    state: i64 = ((session_id ^ _SUPER_SECRET) ^ _RANDOM_MULTIPLIER) & _RANDOM_MASK
    out = BytesWriter()
    for _ in range(PASSWORD_LENGTH // 4):
        state = (state * _RANDOM_MULTIPLIER + 0xB) & _RANDOM_MASK
        word: i64 = state >> 16
        write_i32_le(out, i32(word if word < 0x80000000 else word - 0x100000000))
    return out.getvalue()


def is_password(session_id: int, passwd: bytes | None) -> bool:
    """Whether a client that brings a session along has its password."""
    return passwd is not None and hmac.compare_digest(passwd, generate_password(session_id))


@final
class SessionTracker:
    """All live sessions, in buckets by the tick at which they expire."""

    def __init__(self, tick_time_ms: int, server_id: int, now_ms: int) -> None:
        self.tick_time_ms: i64 = tick_time_ms
        self.next_session_id: i64 = first_session_id(server_id, now_ms)
        self.sessions: dict[int, Session] = {}
        self._buckets: dict[int, dict[Session, None]] = {}
        self.next_expiration_ms: i64 = self._bucket_for(now_ms)

    def _bucket_for(self, time_ms: i64) -> i64:
        return (time_ms // self.tick_time_ms + 1) * self.tick_time_ms

    def new_session_id(self, known: dict[int, int]) -> int:
        """An id that is not one of the known sessions; clocks may have gone back since the last one."""
        session_id = self.next_session_id
        while session_id in known:
            session_id += 1
        self.next_session_id = session_id + 1
        return session_id

    def track(self, session_id: int, timeout_ms: int, now_ms: int) -> None:
        """Begin or refresh a session; its timer starts now."""
        session = self.sessions.get(session_id)
        if session is None:
            self.sessions[session_id] = Session(session_id, timeout_ms)
        self.touch(session_id, timeout_ms, now_ms)

    def touch(self, session_id: i64, timeout_ms: i64, now_ms: i64) -> bool:
        """Restart the timer; False when the session is unknown or closing."""
        session = self.sessions.get(session_id)
        if session is None or session.closing:
            return False
        self.restart(session, timeout_ms, now_ms)
        return True

    def restart(self, session: Session, timeout_ms: i64, now_ms: i64) -> None:
        """Restart the timer of a session that is here and not closing."""
        due_ms = now_ms + timeout_ms
        # Most are in their bucket already.
        if not session.expiry_ms - self.tick_time_ms <= due_ms < session.expiry_ms:
            self._move(session, self._bucket_for(due_ms))

    def _move(self, session: Session, expiry_ms: i64) -> None:
        self._leave_bucket(session)
        session.expiry_ms = expiry_ms
        bucket = self._buckets.get(expiry_ms)
        if bucket is None:
            bucket = {}
            self._buckets[expiry_ms] = bucket
        bucket[session] = None

    def _leave_bucket(self, session: Session) -> None:
        bucket = self._buckets.get(session.expiry_ms)
        if bucket is not None:
            bucket.pop(session, None)
            if not bucket and session.expiry_ms < self.next_expiration_ms:
                del self._buckets[session.expiry_ms]

    def set_closing(self, session_id: int) -> None:
        """From now on requests of this session are dropped."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.closing = True

    def is_alive(self, session_id: int) -> bool:
        """Whether the session is tracked and not closing."""
        session = self.sessions.get(session_id)
        return session is not None and not session.closing

    def check_owner(self, session_id: i64, owner: i64) -> None:
        """Raise KeeperError unless the session may be used through `owner`; the first user owns it (checkSession)."""
        session = self.sessions.get(session_id)
        if session is None or session.closing:
            raise KeeperError(SESSIONEXPIRED)
        if session.owner == NO_OWNER:
            session.owner = owner
        elif session.owner != owner:
            raise KeeperError(SESSIONMOVED)

    def set_owner(self, session_id: i64, owner: i64) -> None:
        """The session is used through `owner` from now on."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.owner = owner

    def remove(self, session_id: int) -> None:
        """Forget a session whose closeSession has been applied."""
        session = self.sessions.pop(session_id, None)
        if session is not None:
            # Whoever still has it must not take it for one that is here.
            session.closing = True
            self._leave_bucket(session)

    def take_expired(self, now_ms: int) -> list[int]:
        """The sessions whose bucket has passed, now closing; the caller submits their closeSession."""
        expired: list[int] = []
        while self.next_expiration_ms <= now_ms:
            bucket = self._buckets.pop(self.next_expiration_ms, None)
            self.next_expiration_ms += self.tick_time_ms
            if bucket is not None:
                for session in bucket:
                    session.closing = True
                    expired.append(session.session_id)
            elif not self._buckets:
                self.next_expiration_ms = max(self.next_expiration_ms, self._bucket_for(now_ms))
        return expired

    def bucket_times(self) -> list[int]:
        """The times at which sessions expire, for the `dump` word and the admin server."""
        return sorted(self._buckets)

    def bucket(self, at: int) -> list[int]:
        """The sessions that expire at one of these times."""
        bucket = self._buckets.get(at)
        return [] if bucket is None else [session.session_id for session in bucket]
