"""Keys that only an ensemble reads; a standalone server accepts them."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Source, Treatment

_NO_EFFECT: Final = frozenset(
    """
    leader.closeSocketAsync learner.closeSocketAsync learner.asyncSending leader.nodelay follower.nodelay
    follower.skipLearnerRequestToNextProcessor forward_learner_requests_to_commit_processor_disabled
    commitProcessor.numWorkerThreads commitProcessor.maxReadBatchSize commitProcessor.maxCommitBatchSize
    commitProcessor.shutdownTimeout observerMaster.sizeLimit observer.reconnectDelayMs
    test.allowDiscontinuousProposals controllerPort
    """.split()
)
"""What tunes threads, queues and caches that pyzoo does not have."""


def _key(
    name: str,
    kind: Kind,
    default: str,
    meaning: str,
    source: Source = Source.PROPERTY,
    at_least: int | None = None,
    at_most: int | None = None,
) -> Key:
    treatment = Treatment.NO_EFFECT if name in _NO_EFFECT else Treatment.ENSEMBLE
    return Key(name, kind, default, meaning, treatment, source, at_least, at_most)


ENSEMBLE_KEYS: Final[tuple[Key, ...]] = (
    _key("leaderServes", Kind.TEXT, "yes", "`no` keeps clients off the leader"),
    _key("cnxTimeout", Kind.INT, "5000", "Milliseconds to connect to an election port; 0 is as long as the system tries. A member refuses other texts", at_least=0),
    _key("quorumCnxnTimeoutMs", Kind.INT, "-1", "Milliseconds to read during an election handshake; 0 or less is syncLimit ticks"),
    _key("electionPortBindRetry", Kind.INT, "3", "Tries to bind the election port; 0 is for ever", at_least=0),
    _key("tcpKeepAlive", Kind.BOOL, "false", "TCP keepalive on election connections"),
    _key("fastleader.minNotificationInterval", Kind.INT, "200", "Shortest pause between election messages, ms", at_least=1),
    _key("fastleader.maxNotificationInterval", Kind.INT, "60000", "Longest pause between election messages, ms", at_least=1),
    _key("leader.maxTimeToWaitForEpoch", Kind.INT, "-1", "Milliseconds that a new leader waits for its quorum; less than 0 is off"),
    _key("leader.maxConcurrentSnapSyncs", Kind.INT, "10", "Learners that get a snapshot at the same time. A member refuses less", at_least=1),
    _key("leader.maxConcurrentDiffSyncs", Kind.INT, "100", "Learners that get a diff at the same time. A member refuses less", at_least=1),
    _key("leader.ackLoggingFrequency", Kind.INT, "1000", "The acknowledgements of each server are timed for zxids that this divides; 0 or less is never"),
    _key("leader.closeSocketAsync", Kind.BOOL, "false", "The leader closes sockets in a thread of its own"),
    _key("learner.closeSocketAsync", Kind.BOOL, "false", "Learners close sockets in a thread of their own"),
    _key("learner.asyncSending", Kind.BOOL, "false", "Learners send through a queue"),
    _key("leader.closeSocketAsync", Kind.BOOL, "false", "The same without the prefix", Source.RAW),
    _key("learner.closeSocketAsync", Kind.BOOL, "false", "The same without the prefix", Source.RAW),
    _key("learner.asyncSending", Kind.BOOL, "false", "The same without the prefix", Source.RAW),
    _key("leaderConnectDelayDuringRetryMs", Kind.INT, "100", "Milliseconds between tries to reach the leader; the first pauses are shorter", at_least=0),
    _key("leader.nodelay", Kind.BOOL, "true", "TCP_NODELAY on the leader's sockets", Source.RAW),
    _key("follower.nodelay", Kind.BOOL, "true", "TCP_NODELAY on a learner's sockets", Source.RAW),
    _key("forceSnapshotSync", Kind.BOOL, "false", "Learners always get a snapshot"),
    _key("follower.skipLearnerRequestToNextProcessor", Kind.BOOL, "false", "Followers do not queue requests of their observers"),
    _key("forward_learner_requests_to_commit_processor_disabled", Kind.BOOL, "false", "The leader does not queue learners' requests"),
    _key("commitProcessor.numWorkerThreads", Kind.INT, "", "Java threads that apply requests"),
    _key("commitProcessor.maxReadBatchSize", Kind.INT, "-1", "Reads between commits"),
    _key("commitProcessor.maxCommitBatchSize", Kind.INT, "1", "Commits between reads"),
    _key("commitProcessor.shutdownTimeout", Kind.INT, "5000", "Milliseconds for those threads to stop"),
    _key("observer.syncEnabled", Kind.BOOL, "true", "Whether observers write logs and snapshots; wins over syncEnabled"),
    _key("observer.reconnectDelayMs", Kind.LONG, "0", "Observers wait before they look for a leader only, see observer.election.DelayMs"),
    _key("observer.election.DelayMs", Kind.LONG, "200", "Random milliseconds before an observer looks for a leader; 0 or less is none"),
    _key("observerMaster.sizeLimit", Kind.INT, "33554432", "Bytes of packets kept for observers"),
    _key("readonlymode.enabled", Kind.BOOL, "false", "Members that lost the quorum serve reads", Source.RAW),
    _key("testingonly.initialZxid", Kind.LONG, "0", "Counter that a new leader begins with; for tests of roll-over. A member refuses other texts", at_least=0, at_most=0xFFFFFFFF),
    _key("test.allowDiscontinuousProposals", Kind.BOOL, "false", "Gaps between proposals are allowed; for tests"),
    _key("controllerPort", Kind.PORT, "", "Port of Apache's fault-injecting test server"),
)  # fmt: skip
