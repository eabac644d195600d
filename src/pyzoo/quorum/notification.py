"""Notifications: what electing servers tell each other, in all sizes that servers have sent (FastLeaderElection)."""

import struct
from typing import Final

from attrs import frozen

from pyzoo.errors import MalformedRecord
from pyzoo.quorum.vote import OBSERVING, Vote

VERSION: Final = 2
_BEFORE_34: Final = struct.Struct(">iqqq")
_VOTE: Final = struct.Struct(">iqqqq")
_WITH_VERSION: Final = struct.Struct(">iqqqqi")
_WITH_CONFIG: Final = struct.Struct(">iqqqqii")


@frozen
class Notification:
    """One vote with the state of its sender, and the text of the sender's current configuration (None: not sent)."""

    vote: Vote
    config: str | None = None

    def encode(self) -> bytes:
        """The payload as all servers since 3.5 send it."""
        vote = self.vote
        config = (self.config or "").encode()
        head = _WITH_CONFIG.pack(
            vote.state, vote.leader, vote.zxid, vote.election_epoch, vote.peer_epoch, VERSION, len(config)
        )
        return head + config


def decode_notification(payload: bytes) -> Notification:
    """Read a payload of any version; raises MalformedRecord for what Apache's receiver drops (ZOOKEEPER-1808)."""
    size = len(payload)
    if size < _BEFORE_34.size:
        raise MalformedRecord(f"a notification of {size} bytes is shorter than {_BEFORE_34.size}")
    if size == _BEFORE_34.size:
        state, leader, zxid, round = _BEFORE_34.unpack(payload)
        return Notification(_vote(state, leader, zxid, round, zxid >> 32, 0))
    if size == _WITH_VERSION.size:
        # Servers of 3.4 send a version here; Apache reads such a message as one without.
        state, leader, zxid, round, peer_epoch, _ = _WITH_VERSION.unpack(payload)
        return Notification(_vote(state, leader, zxid, round, peer_epoch, 0))
    if size < _WITH_VERSION.size:
        raise MalformedRecord(f"a notification of {size} bytes ends before its version")
    state, leader, zxid, round, peer_epoch, version = _WITH_VERSION.unpack_from(payload)
    vote = _vote(state, leader, zxid, round, peer_epoch, version)
    return Notification(vote, _config(payload) if version >= VERSION else None)


def _vote(state: int, leader: int, zxid: int, round: int, peer_epoch: int, version: int) -> Vote:
    if not 0 <= state <= OBSERVING:
        raise MalformedRecord(f"{state} is no state of a server")
    return Vote(leader, zxid, round, peer_epoch, state, version)


def _config(payload: bytes) -> str:
    if len(payload) < _WITH_CONFIG.size:
        raise MalformedRecord("a notification ends before the length of its configuration")
    length = _WITH_CONFIG.unpack_from(payload)[-1]
    if not 0 <= length <= len(payload) - _WITH_CONFIG.size:
        raise MalformedRecord(f"a configuration of {length} bytes in a notification of {len(payload)}")
    return payload[_WITH_CONFIG.size : _WITH_CONFIG.size + length].decode(errors="replace")
