"""What an operator should know, as a table of rules: each looks at the overview and says what it finds."""

from collections.abc import Callable, Iterator
from enum import Enum
from itertools import combinations
from typing import Final

from attrs import frozen

from pyzoo.config.surroundings import SOON_DAYS
from pyzoo.console.member_words import NO_ANSWER, NOT_SERVING, READ_ONLY, UNKNOWN, MemberState
from pyzoo.console.overview import LATE_MS, Overview

FULL_PART: Final = 0.95
NEARLY_FULL_PART: Final = 0.85
NEAR_LIMIT: Final = 0.9


class Level(Enum):
    """How bad it is."""

    SEVERE = "severe"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Warning:
    """One finding: what it is about (`rule`), how bad, and a sentence that says what and what to do."""

    rule: str
    level: Level
    text: str


Finder = Callable[[Overview], Iterator[str]]


@frozen
class Rule:
    """One rule of the table."""

    name: str
    level: Level
    find: Finder


def warnings_of(overview: Overview) -> list[Warning]:
    """What all rules find, the worst first."""
    found = [Warning(rule.name, rule.level, text) for rule in RULES for text in rule.find(overview)]
    return sorted(found, key=lambda each: list(Level).index(each.level))


def name_of(member: MemberState) -> str:
    """What messages call a member."""
    return f"member {member.id}" if member.id else "this server"


# --- the ensemble


def no_quorum(overview: Overview) -> Iterator[str]:
    if overview.is_ensemble and not overview.has_quorum:
        there = sum(member.is_voter and member.serves for member in overview.members)
        voters = sum(member.is_voter for member in overview.members)
        yield f"{there} of {voters} voters serve, which is no quorum: nothing can be written until more are back"


def fragile_quorum(overview: Overview) -> Iterator[str]:
    if overview.is_ensemble and overview.has_quorum and overview.fragile:
        yield "one more voter that fails ends the quorum: bring the missing ones back"


def several_leaders(overview: Overview) -> Iterator[str]:
    leaders = [name_of(member) for member in overview.members if member.leads]
    if len(leaders) > 1:
        yield f"{' and '.join(leaders)} say that they lead: one of them is cut off, or they are not of one ensemble"


def no_answer(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.role == NO_ANSWER:
            yield f"{name_of(member)} does not answer at {member.address}: {member.error}"


def not_serving(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.role == NOT_SERVING:
            yield f"{name_of(member)} answers, but looks for a leader: see its log, and whether it reaches the others"


def read_only(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.role == READ_ONLY:
            yield f"{name_of(member)} serves reads only, for it sees no quorum"


def not_asked(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.role == UNKNOWN:
            yield f"{name_of(member)} cannot be asked: {member.error}"


def lagging(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        lag = overview.lags.get(member.id)
        if lag is not None and lag.ms is not None and lag.ms >= LATE_MS:
            txns = "" if lag.txns is None else f", by {lag.txns:,} transactions"
            yield f"{name_of(member)} has been behind its leader for {lag.ms // 1000} s{txns}: its disk or link is slow"


def other_versions(overview: Overview) -> Iterator[str]:
    versions: dict[str, list[str]] = {}
    for member in overview.members:
        if member.version is not None:
            versions.setdefault(member.version, []).append(str(member.id))
    if len(versions) > 1:
        each = "; ".join(f"{version}: {', '.join(ids)}" for version, ids in sorted(versions.items()))
        yield f"the members are of different releases ({each}): end an upgrade that has begun"


def other_digests(overview: Overview) -> Iterator[str]:
    for one, other in combinations(overview.members, 2):
        both = one.digests.keys() & other.digests.keys()
        differing = [zxid for zxid in both if one.digests[zxid] != other.digests[zxid]]
        if differing:
            yield (
                f"{name_of(one)} and {name_of(other)} had different trees at zxid 0x{min(differing):x}: compare them, "
                "and let the one that is wrong begin with an empty data directory"
            )


def digest_mismatches(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.digest_mismatches:
            yield f"{name_of(member)} has found {member.digest_mismatches:,} times that its tree is not its leader's"


# --- this member


def nearly_full(overview: Overview) -> Iterator[str]:
    for disk in overview.own.disks:
        if disk.total > 0 and NEARLY_FULL_PART <= 1 - disk.free / disk.total < FULL_PART:
            yield f"the disk of the {disk.name} directory is {1 - disk.free / disk.total:.0%} full: {disk.path}"


def full(overview: Overview) -> Iterator[str]:
    for disk in overview.own.disks:
        if disk.total > 0 and 1 - disk.free / disk.total >= FULL_PART:
            yield (
                f"the disk of the {disk.name} directory is {1 - disk.free / disk.total:.0%} full: a server that cannot "
                f"write its log ends. Make room in {disk.path}, see autopurge.purgeInterval"
            )


def expired(overview: Overview) -> Iterator[str]:
    for certificate in overview.own.certificates:
        if certificate.days_to_end <= 0:
            yield f"the certificate of {certificate.subject} ({certificate.key}) expired on {certificate.ends}"
        elif certificate.days_to_begin > 0:
            yield f"the certificate of {certificate.subject} ({certificate.key}) is not valid yet"


def expiring(overview: Overview) -> Iterator[str]:
    for certificate in overview.own.certificates:
        if 0 < certificate.days_to_end <= SOON_DAYS:
            yield (
                f"the certificate of {certificate.subject} ({certificate.key}) expires in "
                f"{certificate.days_to_end:.0f} days, on {certificate.ends}"
            )


def snapshot_errors(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        if member.snapshot_errors:
            yield f"{name_of(member)} could not save {member.snapshot_errors:,} snapshots: see its log"


def slow_disk(overview: Overview) -> Iterator[str]:
    own = overview.own
    if own.slow_syncs:
        yield (
            f"{own.slow_syncs:,} syncs of the log took longer than {own.slow_sync_ms:,} ms in the last minutes: "
            "the disk is too slow or too busy"
        )


# --- limits


def many_outstanding(overview: Overview) -> Iterator[str]:
    limit = overview.own.outstanding_limit
    for member in overview.members:
        if limit and member.outstanding is not None and member.outstanding >= limit * NEAR_LIMIT:
            yield f"{name_of(member)} has {member.outstanding:,} requests outstanding; clients wait from {limit:,} on"


def many_connections(overview: Overview) -> Iterator[str]:
    limit = overview.own.most_connections
    for member in overview.members:
        if limit and member.connections is not None and member.connections >= limit * NEAR_LIMIT:
            yield f"{name_of(member)} has {member.connections:,} connections of at most {limit:,} (maxCnxns)"


def many_files(overview: Overview) -> Iterator[str]:
    for member in overview.members:
        files, most = member.open_files, member.most_files
        if files is not None and most is not None and 0 < most * NEAR_LIMIT <= files:
            yield f"{name_of(member)} has {files:,} files and connections open of at most {most:,} (ulimit -n)"


RULES: Final = (
    Rule("no quorum", Level.SEVERE, no_quorum),
    Rule("several leaders", Level.SEVERE, several_leaders),
    Rule("different digests", Level.SEVERE, other_digests),
    Rule("digest mismatches", Level.SEVERE, digest_mismatches),
    Rule("full disk", Level.SEVERE, full),
    Rule("expired certificate", Level.SEVERE, expired),
    Rule("no answer", Level.WARNING, no_answer),
    Rule("not serving", Level.WARNING, not_serving),
    Rule("read-only", Level.WARNING, read_only),
    Rule("fragile quorum", Level.WARNING, fragile_quorum),
    Rule("lag", Level.WARNING, lagging),
    Rule("nearly full disk", Level.WARNING, nearly_full),
    Rule("expiring certificate", Level.WARNING, expiring),
    Rule("snapshot errors", Level.WARNING, snapshot_errors),
    Rule("slow disk", Level.WARNING, slow_disk),
    Rule("outstanding requests", Level.WARNING, many_outstanding),
    Rule("connections", Level.WARNING, many_connections),
    Rule("open files", Level.WARNING, many_files),
    Rule("different versions", Level.NOTE, other_versions),
    Rule("not asked", Level.NOTE, not_asked),
)
"""In the order in which they are shown, within a level."""
