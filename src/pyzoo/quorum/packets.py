"""Quorum packets: what leader and learners tell each other, and what lies in the data of each kind.

Packets follow each other without a frame. Only REQUEST carries identities.
"""

from collections.abc import Mapping
from typing import Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.errors import MalformedRecord
from pyzoo.jute.primitives import InputArchive, field_limit, write_buffer
from pyzoo.jute.records import Id, LearnerInfo, QuorumPacket, read_vector_of_id, write_vector_of_id

REQUEST: Final = 1
PROPOSAL: Final = 2
ACK: Final = 3
COMMIT: Final = 4
PING: Final = 5
REVALIDATE: Final = 6
SYNC: Final = 7
INFORM: Final = 8
COMMITANDACTIVATE: Final = 9
NEWLEADER: Final = 10
FOLLOWERINFO: Final = 11
UPTODATE: Final = 12
DIFF: Final = 13
TRUNC: Final = 14
SNAP: Final = 15
OBSERVERINFO: Final = 16
LEADERINFO: Final = 17
ACKEPOCH: Final = 18
INFORMANDACTIVATE: Final = 19

PROTOCOL_VERSION: Final = 0x10000
"""Since ZooKeeper 3.4: with LEADERINFO and ACKEPOCH."""
LEADER_INFO_DATA: Final = b"\x00\x01\x00\x00"

_HEAD: Final = 16
"""Type, zxid and the length of the data."""
_MAX_IDS: Final = 1 << 16
_MAX_ID_BYTES: Final = 64 << 20
"""Bytes of all identities of a packet: each may be as long as a field, and a client may have many."""
_MOST_KEPT: Final = 1 << 10
"""Bytes of identities that are compared with those of the packet before."""
_TOUCH: Final = 12
_INCOMPLETE: Final = -1


def write_packet(out: BytesWriter, type: i32, zxid: i64, data: bytes | None) -> None:
    """Append a whole packet without identities."""
    write_i32_be(out, type)
    write_i64_be(out, zxid)
    write_buffer(out, data)
    write_i32_be(out, -1)


def packet(type: i32, zxid: i64, data: bytes | None) -> bytes:
    """A whole packet without identities."""
    out = BytesWriter()
    write_packet(out, type, zxid, data)
    return out.getvalue()


def request_packet(data: bytes, ids: list[Id]) -> bytes:
    """A REQUEST with the identities of the client that it comes from."""
    out = BytesWriter()
    write_i32_be(out, REQUEST)
    write_i64_be(out, -1)
    write_buffer(out, data)
    write_vector_of_id(out, ids)
    return out.getvalue()


def revalidate_packet(session_id: i64, timeout_ms: i64) -> bytes:
    """A learner's REVALIDATE: whether the leader knows a session that a client brings along."""
    return packet(REVALIDATE, -1, encode_revalidate(session_id, timeout_ms))


@final
class PacketBuffer:
    """Bytes that have arrived and are no whole packet yet.

    Chunks are joined only when there may be enough for the next packet, so bytes that trickle in cost no more
    than their number. `type`, `zxid`, `data` and `ids` are those of the packet that `next` has found; the identities of
    one packet after the other are often the same ones, and then the same list.
    """

    def __init__(self) -> None:
        self._data = b""
        self._pos: i64 = 0
        self._need: i64 = _HEAD  # the next packet has at least so many bytes
        self._chunks: list[bytes] = []
        self._chunk_bytes: i64 = 0
        self._ids_bytes = b""
        self._last_ids: list[Id] | None = None
        self.type: i32 = 0
        self.zxid: i64 = 0
        self.data: bytes | None = None
        self.ids: list[Id] | None = None

    def append(self, data: bytes) -> None:
        """Add what came from the network."""
        if self._pos == len(self._data) and not self._chunks:
            self._data = data
            self._pos = 0
            return
        self._chunks.append(data)
        self._chunk_bytes += len(data)

    def take(self) -> QuorumPacket | None:
        """The next whole packet, as `next`."""
        return self.packet() if self.next() else None

    def packet(self) -> QuorumPacket:
        """What `next` has found."""
        return QuorumPacket(self.type, self.zxid, self.data, self.ids)

    def next(self) -> bool:
        """Find the next whole packet; raises MalformedRecord for lengths that cannot be true."""
        held: i64 = len(self._data) - self._pos + self._chunk_bytes
        end: i64 = _INCOMPLETE
        if held >= self._need:
            end = self._end_of_packet()
            if end == _INCOMPLETE and held >= self._need:
                self._join()
                end = self._end_of_packet()
        if end == _INCOMPLETE:
            self._drop_used()
            return False
        data = self._data
        pos = self._pos
        self._pos = end
        self._need = _HEAD
        length = i64(read_i32_be(data, pos + 12))
        ids = pos + _HEAD + (0 if length < 0 else length)
        self.type = read_i32_be(data, pos)
        self.zxid = read_i64_be(data, pos + 4)
        self.data = None if length < 0 else data[pos + _HEAD : ids]
        self.ids = None if read_i32_be(data, ids) == -1 else self._ids_in(data[ids:end])
        return True

    def _ids_in(self, data: bytes) -> list[Id] | None:
        if len(data) > _MOST_KEPT:
            return read_vector_of_id(InputArchive(data))
        if data != self._ids_bytes:
            self._last_ids = read_vector_of_id(InputArchive(data))
            self._ids_bytes = data
        return self._last_ids

    def rest(self) -> bytes:
        """All that is held; nothing is afterwards. A snapshot's stream goes elsewhere."""
        self._join()
        rest = self._data
        self._data = b""
        self._need = _HEAD
        return rest

    def _join(self) -> None:
        self._drop_used()
        if self._chunks:
            self._data += b"".join(self._chunks)
            self._chunks = []
            self._chunk_bytes = 0

    def _drop_used(self) -> None:
        if self._pos > 0:
            self._data = self._data[self._pos :]
            self._pos = 0

    def _end_of_packet(self) -> i64:
        """Where the next packet ends; _INCOMPLETE, with `_need` set, where the joined bytes do not tell yet."""
        data = self._data
        pos = self._pos
        size: i64 = len(data)
        if size - pos < _HEAD:
            return self._wait_for(_HEAD)
        limit: i64 = field_limit()
        length = i64(read_i32_be(data, pos + 12))
        if length < -1 or length > limit:
            raise MalformedRecord(f"a packet with {length} bytes of data is outside 0 to {limit}")
        ids = pos + _HEAD + (0 if length < 0 else length)
        if size - ids < 4:
            return self._wait_for(ids + 4 - pos)
        count = i64(read_i32_be(data, ids))
        if count <= 0:
            return ids + 4
        if count > _MAX_IDS:
            raise MalformedRecord(f"a packet with {count} identities has more than {_MAX_IDS}")
        at = ids + 4
        left = 2 * count
        while left > 0:
            if size - at < 4:
                return self._wait_for(at + 4 * left - pos)
            length = i64(read_i32_be(data, at))
            if length < -1 or length > limit:
                raise MalformedRecord(f"a packet with an identity of {length} bytes is outside 0 to {limit}")
            at += 4 + (0 if length < 0 else length)
            left -= 1
            if at - ids > _MAX_ID_BYTES:
                raise MalformedRecord(f"a packet with more than {_MAX_ID_BYTES} bytes of identities")
        return at if at <= size else self._wait_for(at - pos)

    def _wait_for(self, need: i64) -> i64:
        self._need = need
        return _INCOMPLETE


# --- the data of packets


def _sized(data: bytes | None, size: i64, name: str) -> bytes:
    if data is None or len(data) < size:
        raise MalformedRecord(f"{name} has {0 if data is None else len(data)} bytes of data, not {size}")
    return data


def encode_learner_info(sid: i64, config_version: i64) -> bytes:
    """Data of FOLLOWERINFO and OBSERVERINFO."""
    out = BytesWriter()
    LearnerInfo(sid, PROTOCOL_VERSION, config_version).encode(out)
    return out.getvalue()


def decode_learner_info(data: bytes | None) -> LearnerInfo:
    """It may end after the server id, or after the protocol version."""
    data = _sized(data, 8, "FOLLOWERINFO")
    version: i32 = read_i32_be(data, 8) if len(data) >= 12 else 0
    config_version: i64 = read_i64_be(data, 12) if len(data) >= 20 else 0
    return LearnerInfo(read_i64_be(data, 0), version, config_version)


def encode_ack_epoch(current_epoch: int) -> bytes:
    """Data of ACKEPOCH; -1 says that the epoch was promised before."""
    return current_epoch.to_bytes(4, "big", signed=True)


def decode_ack_epoch(data: bytes | None) -> i32:
    """The learner's current epoch, or -1."""
    return read_i32_be(_sized(data, 4, "ACKEPOCH"), 0)


def encode_touches(touches: Mapping[int, int]) -> bytes:
    """Data of a learner's PING: sessions with their timeouts in ms."""
    out = BytesWriter()
    for session_id, timeout_ms in touches.items():
        write_i64_be(out, session_id)
        write_i32_be(out, i32(timeout_ms))
    return out.getvalue()


def decode_touches(data: bytes | None) -> list[tuple[int, int]]:
    """Sessions with their timeouts; without data there are none."""
    touches: list[tuple[int, int]] = []
    if data is None:
        return touches
    if len(data) % _TOUCH != 0:
        raise MalformedRecord(f"PING has {len(data)} bytes of data, no multiple of {_TOUCH}")
    for at in range(0, len(data), _TOUCH):
        touches.append((read_i64_be(data, at), read_i32_be(data, at + 8)))
    return touches


def encode_revalidate(session_id: i64, timeout_ms: i64) -> bytes:
    """Data of a learner's REVALIDATE."""
    out = BytesWriter()
    write_i64_be(out, session_id)
    write_i32_be(out, i32(timeout_ms))
    return out.getvalue()


def decode_revalidate(data: bytes | None) -> tuple[int, int]:
    """Session and timeout in ms."""
    data = _sized(data, 12, "REVALIDATE")
    return read_i64_be(data, 0), read_i32_be(data, 8)


def encode_revalidated(session_id: i64, valid: bool) -> bytes:
    """Data of the leader's REVALIDATE."""
    out = BytesWriter()
    write_i64_be(out, session_id)
    out.append(1 if valid else 0)
    return out.getvalue()


def decode_revalidated(data: bytes | None) -> tuple[int, bool]:
    """Session, and whether it lives."""
    data = _sized(data, 9, "REVALIDATE")
    return read_i64_be(data, 0), data[8] != 0


def encode_request(session_id: i64, cxid: i32, type: i32, body: bytes) -> bytes:
    """Data of REQUEST; the body is the client's."""
    out = BytesWriter()
    write_i64_be(out, session_id)
    write_i32_be(out, cxid)
    write_i32_be(out, type)
    out.write(body)
    return out.getvalue()


def decode_request(data: bytes | None) -> tuple[int, int, int, bytes]:
    """Session, cxid, operation and body."""
    data = _sized(data, 16, "REQUEST")
    return read_i64_be(data, 0), read_i32_be(data, 8), read_i32_be(data, 12), data[16:]


def encode_designated_leader(sid: int) -> bytes:
    """Data of COMMITANDACTIVATE."""
    return sid.to_bytes(8, "big", signed=True)


def decode_designated_leader(data: bytes | None) -> int:
    """Who leads in the new configuration."""
    return read_i64_be(_sized(data, 8, "COMMITANDACTIVATE"), 0)


def encode_designated_leader_and_txn(sid: i64, payload: bytes) -> bytes:
    """Data of INFORMANDACTIVATE."""
    out = BytesWriter()
    write_i64_be(out, sid)
    out.write(payload)
    return out.getvalue()


def decode_designated_leader_and_txn(data: bytes | None) -> tuple[int, bytes]:
    """Who leads in the new configuration, and the transaction."""
    data = _sized(data, 8, "INFORMANDACTIVATE")
    return read_i64_be(data, 0), data[8:]
