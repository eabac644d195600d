"""What two equal servers may answer differently, made equal: session ids, passwords, times, the zxid at the start.

Every other byte stays. Zxids are made relative to the zxid a test began at, so that one difference in zxid
accounting shows once, where it happens, and not in every later test on the same servers.
"""

import struct
import time
from typing import Final

from attrs import define, field

from interop import requests as rq

ZXID_MARK: Final = 1 << 48
SESSION_MARK: Final = 0x5E55 << 48
TIME_MARK: Final = 0x71 << 48
TIME_SLACK_MS: Final = 20 * 60 * 1000
STAT: Final = struct.Struct(">qqqqiiiqiiq")
REPLY_HEADER: Final = struct.Struct(">iqi")
MULTI_HEADER: Final = struct.Struct(">i?i")
CONNECT_RESPONSE: Final = struct.Struct(">iiq")
NOTIFICATION_XID: Final = -1


def password_of(session: int) -> bytes:
    """The password of a session id: java.util.Random seeded with it (ZooKeeperServer.generatePasswd)."""
    mask = (1 << 48) - 1
    state = ((session ^ 0xB3415C00) ^ 0x5DEECE66D) & mask
    password = b""
    for _ in range(4):
        state = (state * 0x5DEECE66D + 0xB) & mask
        password += struct.pack("<I", state >> 16)
    return password


@define
class Normaliser:
    """One server's share of a comparison; knows its starting zxid and its sessions in order of appearance."""

    first_zxid: int = 0
    sessions: dict[int, int] = field(factory=dict)

    def zxid(self, zxid: int) -> int:
        return zxid if zxid in (0, -1) else zxid - self.first_zxid + ZXID_MARK

    def session(self, session: int) -> int:
        return SESSION_MARK + self.sessions[session] if session in self.sessions else session

    def time(self, ms: int) -> int:
        return TIME_MARK if abs(ms - time.time() * 1000) < TIME_SLACK_MS else ms

    def stat(self, raw: bytes) -> bytes:
        czxid, mzxid, ctime, mtime, version, cversion, aversion, owner, length, children, pzxid = STAT.unpack(raw)
        # A node that was never written has one time; ctime of another one can't be later than its mtime.
        plausible = ctime == mtime if version == 0 else ctime <= mtime
        return STAT.pack(
            self.zxid(czxid),
            self.zxid(mzxid),
            self.time(ctime),
            self.time(mtime) if plausible else mtime,
            version,
            cversion,
            aversion,
            self.session(owner),
            length,
            children,
            self.zxid(pzxid),
        )

    def connect_response(self, frame: bytes) -> bytes:
        if len(frame) < CONNECT_RESPONSE.size:
            return frame
        version, timeout, session = CONNECT_RESPONSE.unpack_from(frame)
        rest = frame[CONNECT_RESPONSE.size :]
        if session:
            self.sessions.setdefault(session, len(self.sessions) + 1)
            expected = rq.text(password_of(session))
            if rest.startswith(expected):
                rest = rq.text(bytes(16)) + rest[len(expected) :]
        return CONNECT_RESPONSE.pack(version, timeout, self.session(session)) + rest

    def frame(self, frame: bytes, opcode: int) -> bytes:
        """A frame that answers `opcode`, or a notification."""
        if opcode == rq.CREATE_SESSION and len(frame) in (36, 37):
            return self.connect_response(frame)
        if len(frame) < REPLY_HEADER.size:
            return frame
        xid, zxid, error = REPLY_HEADER.unpack_from(frame)
        header = REPLY_HEADER.pack(xid, self.zxid(zxid), error)
        body = frame[REPLY_HEADER.size :]
        if xid == NOTIFICATION_XID or not body:
            return header + body
        try:
            return header + self._body(body, opcode)
        except (struct.error, IndexError):
            return header + body

    def _body(self, body: bytes, opcode: int) -> bytes:
        if opcode in (rq.MULTI, rq.MULTI_READ):
            return self._multi(body)
        stat_at = _stat_position(body, 0, opcode)
        if stat_at is None:
            return body
        return body[:stat_at] + self.stat(body[stat_at : stat_at + STAT.size]) + body[stat_at + STAT.size :]

    def _multi(self, body: bytes) -> bytes:
        position = 0
        result = b""
        while True:
            type, done, _ = MULTI_HEADER.unpack_from(body, position)
            result += body[position : position + MULTI_HEADER.size]
            position += MULTI_HEADER.size
            if done:
                return result + body[position:]
            end = _end_of_result(body, position, type)
            result += self._body(body[position:end], type) if type not in (-1, rq.MULTI) else body[position:end]
            position = end


def _skip_text(body: bytes, position: int) -> int:
    (length,) = struct.unpack_from(">i", body, position)
    return int(position + 4 + max(length, 0))


def _skip_texts(body: bytes, position: int, per_entry: int = 1, fixed: int = 0) -> int:
    (count,) = struct.unpack_from(">i", body, position)
    position += 4
    for _ in range(max(count, 0)):
        position += fixed
        for _ in range(per_entry):
            position = _skip_text(body, position)
    return position


def _stat_position(body: bytes, position: int, opcode: int) -> int | None:
    """Where the Stat begins in the reply body of `opcode`, None if it has none."""
    match opcode:
        case rq.EXISTS | rq.SET_DATA | rq.SET_ACL:
            return position
        case rq.CREATE2 | rq.CREATE_TTL | rq.CREATE_CONTAINER | rq.GET_DATA:
            return _skip_text(body, position)
        case rq.GET_CHILDREN2:
            return _skip_texts(body, position)
        case rq.GET_ACL:
            return _skip_texts(body, position, per_entry=2, fixed=4)
    return None


def _end_of_result(body: bytes, position: int, type: int) -> int:
    match type:
        case -1:
            return position + 4
        case rq.CREATE:
            return _skip_text(body, position)
        case rq.GET_CHILDREN:
            return _skip_texts(body, position)
    stat_at = _stat_position(body, position, type)
    return position if stat_at is None else stat_at + STAT.size
