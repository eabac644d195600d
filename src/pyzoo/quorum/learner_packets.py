"""LearnerPackets: what one learner is sent, in the order in which a learner in that state can take it.

    WAITS_FOR_INFO       FOLLOWERINFO or OBSERVERINFO has to come
    WAITS_FOR_EPOCH      the epoch is still open
    WAITS_FOR_ACKEPOCH   LEADERINFO is sent
    WAITS_FOR_QUORUM     the promises of a quorum are still missing
    READS_LOG            what the learner lacks is read from disk
    STREAMS              a snapshot is on its way; whatever else it shall get queues up behind it
    WAITS_FOR_ACK        NEWLEADER is sent; COMMITs are held back until it is acknowledged (ZOOKEEPER-4394)
    WAITS_FOR_SERVER     acknowledged, but the leader does not serve yet
    ACTIVE               UPTODATE is sent

The LearnerHandler leads from state to state.
"""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i32, i64

from pyzoo.quorum import packets as qp
from pyzoo.quorum.learner_stats import LearnerStats
from pyzoo.quorum.link import LinkReceiver, PeerLink
from pyzoo.quorum.packets import packet
from pyzoo.quorum.sync_limit_check import SyncLimitCheck

WAITS_FOR_INFO: Final = 0
WAITS_FOR_EPOCH: Final = 1
WAITS_FOR_ACKEPOCH: Final = 2
WAITS_FOR_QUORUM: Final = 3
READS_LOG: Final = 4
STREAMS: Final = 5
WAITS_FOR_ACK: Final = 6
WAITS_FOR_SERVER: Final = 7
ACTIVE: Final = 8

_ZXID_AT: Final = 4
"""Where a packet has its zxid."""


class LearnerPackets(LinkReceiver):
    """The sending half of a LearnerHandler."""

    def __init__(self, link: PeerLink, now_ms: i64) -> None:
        self.link = link
        self.state: i64 = WAITS_FOR_INFO
        self.now_ms: i64 = now_ms
        self.stats = LearnerStats(now_ms)
        self.sync_limit_check = SyncLimitCheck()
        self._queue: list[bytes] = []
        self._held_commits: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Send a packet now."""
        self.stats.sent(read_i64_be(data, _ZXID_AT), self.link.waiting_bytes() == 0)
        self.link.send(data)

    def queue_packet(self, data: bytes) -> None:
        """Send a packet in its turn: behind a snapshot that is on its way."""
        if self.state == STREAMS:
            self._queue.append(data)
        else:
            self.send(data)

    def queue_proposal(self, zxid: i64, payload: bytes) -> None:
        """Send a PROPOSAL and begin to wait for its acknowledgement."""
        if self.state == STREAMS:
            self._queue.append(packet(qp.PROPOSAL, zxid, payload))
            return
        self.stats.sent(zxid, self.link.waiting_bytes() == 0)
        self.link.send_packet(qp.PROPOSAL, zxid, payload)
        if self.state == ACTIVE:
            self.sync_limit_check.sent(zxid, self.now_ms)

    def queue_commit(self, type: i32, zxid: i64, data: bytes | None) -> None:
        """Send a COMMIT, or what has its place among them.

        Not between NEWLEADER and UPTODATE, where a 3.8 server does not expect it.
        """
        if self.state == ACTIVE:
            self.stats.sent(zxid, self.link.waiting_bytes() == 0)
            self.link.send_packet(type, zxid, data)
        elif self.state == WAITS_FOR_ACK or self.state == WAITS_FOR_SERVER:
            self._held_commits.append(packet(type, zxid, data))
        else:
            self.queue_packet(packet(type, zxid, data))

    def send_revalidated(self, session_id: i64, valid: bool) -> None:
        """Answer REVALIDATE."""
        self.send(packet(qp.REVALIDATE, -1, qp.encode_revalidated(session_id, valid)))

    def send_sync(self) -> None:
        """Answer a sync: all that was committed before it is ahead of this on the connection."""
        self.queue_commit(qp.SYNC, 0, None)

    def send_queued(self) -> None:
        """The snapshot is sent: now what has waited behind it."""
        for data in self._queue:
            self.send(data)
        self._queue = []

    def send_held_commits(self) -> None:
        """UPTODATE is sent: now the COMMITs that had to come after it."""
        for data in self._held_commits:
            self.send(data)
        self._held_commits = []

    @property
    def queued_packets(self) -> int:
        """Packets behind a snapshot that is on its way, for operators."""
        return len(self._queue)
