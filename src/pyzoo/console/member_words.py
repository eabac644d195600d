"""What a member of the ensemble is, as far as its four-letter words tell: pyzoo's and Apache's say the same."""

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import evolve, field, frozen

from pyzoo.server.operators.counters import Counters
from pyzoo.zxid import counter_of, epoch_of

SRVR: Final = "srvr"
MNTR: Final = "mntr"
HASH: Final = "hash"
DIRS: Final = "dirs"
WORDS: Final = (SRVR, MNTR)
"""What a member is asked whenever somebody looks."""
RARE_WORDS: Final = (HASH, DIRS)
"""What costs more, or changes little, and is asked now and then."""

LEADS: Final = ("leader", "standalone")
SERVES: Final = (*LEADS, "follower", "observer")
READ_ONLY: Final = "read-only"
NOT_SERVING: Final = "not serving"
NO_ANSWER: Final = "no answer"
UNKNOWN: Final = "not asked"

_OFF: Final = "is not executed because it is not in the whitelist"
_NO_SERVER: Final = "not currently serving requests"
_DIGESTS_KEPT: Final = 200


@frozen
class MemberState:
    """One member at one moment; None is what it did not tell. Times in ms, sizes in bytes.

    `role` is what `srvr` calls its mode, or one of this module's own: read-only, not serving, no answer, not asked;
    `error` says why then. `zxid` is the last that it has applied, `acknowledged` the last that the leader knows it has
    logged; `leaders_epoch` is for who serves with a leader. `latency` is the least, mean and greatest since the start
    or a reset. `digests` are those of its tree by zxid, `words_off` what it would tell if its whitelist had the words.
    """

    id: int
    address: str = ""
    is_voter: bool = True
    is_own: bool = False
    role: str = UNKNOWN
    error: str = ""
    version: str | None = None
    zxid: int | None = None
    acknowledged: int | None = None
    leaders_epoch: int | None = None
    phase: str | None = None
    connections: int | None = None
    outstanding: int | None = None
    received: int | None = None
    latency: tuple[int, float, int] | None = None
    latency_sum: int | None = None
    latency_count: int | None = None
    nodes: int | None = None
    watches: int | None = None
    ephemerals: int | None = None
    data_bytes: int | None = None
    uptime_ms: int | None = None
    synced_followers: int | None = None
    open_files: int | None = None
    most_files: int | None = None
    digest_mismatches: int | None = None
    snapshot_errors: int | None = None
    data_dir_bytes: int | None = None
    log_dir_bytes: int | None = None
    digests: Mapping[int, int] = field(factory=dict)
    words_off: tuple[str, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether clients can write through it."""
        return self.role in SERVES

    @property
    def leads(self) -> bool:
        """Whether writes are ordered here."""
        return self.role in LEADS

    @property
    def epoch(self) -> int | None:
        """That of the leader that it serves with, whether there was a transaction or not; else of its last one."""
        if self.leaders_epoch is not None:
            return self.leaders_epoch
        return None if self.zxid is None else epoch_of(self.zxid)

    @property
    def counter(self) -> int | None:
        """The number of its last transaction in that epoch."""
        return None if self.zxid is None else counter_of(self.zxid)

    def counters(self, at_ms: int) -> Counters | None:
        """What a sample is made of; None where it did not answer."""
        if self.received is None:
            return None
        average = None if self.latency is None else self.latency[1]
        return Counters(at_ms, self.received, self.zxid, self.connections, self.outstanding,
                        self.latency_sum, self.latency_count, average)  # fmt: skip


def with_answers(member: MemberState, answers: Mapping[str, str]) -> MemberState:
    """The member with what its words have answered, whatever those are."""
    off = tuple(word for word, answer in answers.items() if _OFF in answer)
    told = evolve(member, words_off=off)
    srvr = answers.get(SRVR, "")
    if _NO_SERVER in srvr:
        return evolve(told, role=NOT_SERVING, error="it looks for a leader")
    fields = dict(_pairs(srvr, ": "))
    role = fields.get("Mode")
    if role is None:
        return evolve(told, role=NO_ANSWER, error=_reason(srvr))
    told = _with_srvr(told, role, fields)
    if MNTR in answers:
        told = _with_mntr(told, dict(_pairs(answers[MNTR], "\t")))
    if HASH in answers and HASH not in off:
        told = evolve(told, digests=_digests(answers[HASH]))
    if DIRS in answers and DIRS not in off:
        sizes = dict(_pairs(answers[DIRS], ": "))
        told = evolve(
            told, data_dir_bytes=whole(sizes.get("datadir_size")), log_dir_bytes=whole(sizes.get("logdir_size"))
        )
    return told


def _reason(answer: str) -> str:
    """Why an answer says nothing."""
    text = answer.strip()
    return text.splitlines()[0][:200] if text else "it closed the connection without an answer"


def _pairs(answer: str, separator: str) -> Iterator[tuple[str, str]]:
    for line in answer.splitlines():
        name, found, value = line.partition(separator)
        if found:
            yield name, value.strip()


def whole(text: str | None) -> int | None:
    """The number that a member wrote, if it is one; with the metrics for Prometheus it is a double."""
    number = real(text)
    return None if number is None else int(number)


def real(text: str | None) -> float | None:
    """The number that a member wrote, if it is a finite one."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _with_srvr(member: MemberState, role: str, fields: Mapping[str, str]) -> MemberState:
    connections = whole(fields.get("Connections"))
    zxid: int | None
    try:
        zxid = int(fields.get("Zxid", ""), 16)
    except ValueError:
        zxid = None
    return evolve(
        member,
        role=role,
        error="",
        version=fields.get("Zookeeper version", "").partition("-")[0] or None,
        zxid=zxid,
        # Without the one that asks.
        connections=None if connections is None else max(connections - 1, 0),
        outstanding=whole(fields.get("Outstanding")),
        received=whole(fields.get("Received")),
        latency=_latency(fields.get("Latency min/avg/max", "")),
        nodes=whole(fields.get("Node count")),
    )


def _latency(text: str) -> tuple[int, float, int] | None:
    least, average, most = ([real(part) for part in text.split("/")] + [None] * 3)[:3]
    if least is None or average is None or most is None:
        return None
    return int(least), average, int(most)


def _with_mntr(member: MemberState, fields: Mapping[str, str]) -> MemberState:
    def told(*names: str) -> int | None:
        return next((whole(fields[f"zk_{name}"]) for name in names if f"zk_{name}" in fields), None)

    kinds = ("readlatency", "updatelatency")
    # PrometheusMetricsProvider has names of its own.
    sums = [told(f"sum_{kind}", f"{kind}_sum") for kind in kinds]
    counts = [told(f"cnt_{kind}", f"{kind}_count") for kind in kinds]
    return evolve(
        member,
        phase=fields.get("zk_peer_state"),
        uptime_ms=told("uptime"),
        watches=told("watch_count"),
        ephemerals=told("ephemerals_count"),
        data_bytes=told("approximate_data_size"),
        synced_followers=told("synced_followers"),
        open_files=told("open_file_descriptor_count"),
        most_files=told("max_file_descriptor_count"),
        digest_mismatches=told("digest_mismatches_count"),
        snapshot_errors=told("snapshot_error_count"),
        latency_sum=_total(sums),
        latency_count=_total(counts),
    )


def _total(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _digests(answer: str) -> dict[int, int]:
    """The newest digests that `hash` lists, by zxid."""
    found: dict[int, int] = {}
    for zxid, digest in list(_pairs(answer, ": "))[-_DIGESTS_KEPT:]:
        try:
            found[int(zxid, 16)] = int(digest)
        except ValueError:
            continue
    return found
