"""What an operator is warned of: a table of findings, and what each rule says."""

import pytest
from attrs import evolve

from pyzoo.config.surroundings import CertificateFacts
from pyzoo.console.member_words import NO_ANSWER, NOT_SERVING, READ_ONLY, UNKNOWN, MemberState
from pyzoo.console.overview import LATE_MS, Disk, Lag, Overview, Surroundings
from pyzoo.console.warning_rules import RULES, Level, warnings_of


def member(id: int, role: str = "follower", **more: object) -> MemberState:
    return MemberState(id, f"10.0.0.{id}:2181", role=role, version="3.9.6", **more)  # type: ignore[arg-type]


def certificate(begins: float, ends: float) -> CertificateFacts:
    return CertificateFacts("ssl.keyStore.location", "k.pem", "CN=one", "then", "2027-01-01", begins, ends)


WELL = Overview(
    at_ms=1_000_000,
    own_id=1,
    members=(member(1, is_own=True), member(2), member(3, "leader")),
    leader_id=3,
    has_quorum=True,
    fragile=False,
    lags={1: Lag(0, 0), 2: Lag(700, 0)},
    own=Surroundings(
        disks=(Disk("data", "/data", 50, 100, 10),),
        certificates=(certificate(-10, 100),),
        outstanding_limit=1000,
        most_connections=100,
    ),
)


def of_own(**changes: object) -> Overview:
    return evolve(WELL, own=evolve(WELL.own, **changes))  # type: ignore[arg-type]


def with_second(role: str = "follower", **more: object) -> Overview:
    return evolve(WELL, members=(WELL.members[0], member(2, role, **more), WELL.members[2]))


def of_members(*members: MemberState) -> Overview:
    return evolve(WELL, members=members)


FINDINGS = [
    ("no quorum", evolve(WELL, has_quorum=False), "3 of 3 voters serve"),
    ("fragile quorum", evolve(WELL, fragile=True), "one more voter"),
    ("several leaders", with_second("leader"), "member 2 and member 3 say that they lead"),
    ("no answer", with_second(NO_ANSWER, error="Connection refused"), "10.0.0.2:2181: Connection refused"),
    ("not serving", with_second(NOT_SERVING), "member 2 answers, but looks for a leader"),
    ("read-only", with_second(READ_ONLY), "member 2 serves reads only"),
    ("not asked", with_second(UNKNOWN, error="no port"), "member 2 cannot be asked: no port"),
    ("lag", evolve(WELL, lags={2: Lag(12_345, LATE_MS)}), "for 15 s, by 12,345 transactions"),
    ("lag", evolve(WELL, lags={2: Lag(None, 60_000)}), "for 60 s: its disk"),
    ("different versions", of_members(member(1), evolve(member(2), version="3.9.5")), "3.9.5: 2; 3.9.6: 1"),
    ("different digests", of_members(member(1, digests={5: 1, 6: 2}), member(2, digests={6: 3, 7: 1})), "at zxid 0x6"),
    ("digest mismatches", with_second(digest_mismatches=2), "member 2 has found 2 times"),
    ("nearly full disk", of_own(disks=(Disk("log", "/log", 10, 100, 1),)), "the log directory is 90% full: /log"),
    ("full disk", of_own(disks=(Disk("data", "/data", 2, 100, 1),)), "98% full"),
    ("expiring certificate", of_own(certificates=(certificate(-300, 12.4),)), "expires in 12 days, on 2027-01-01"),
    ("expired certificate", of_own(certificates=(certificate(-300, -1),)), "expired on 2027-01-01"),
    ("expired certificate", of_own(certificates=(certificate(3, 300),)), "is not valid yet"),
    ("snapshot errors", with_second(snapshot_errors=1), "member 2 could not save 1 snapshots"),
    ("slow disk", of_own(slow_syncs=3, slow_sync_ms=1000), "3 syncs of the log took longer than 1,000 ms"),
    ("outstanding requests", with_second(outstanding=950), "member 2 has 950 requests outstanding"),
    ("connections", with_second(connections=95), "95 connections of at most 100"),
    ("open files", with_second(open_files=950, most_files=1000), "950 files and connections open of at most 1,000"),
]  # fmt: skip


def test_an_ensemble_that_is_well_gets_no_warning() -> None:
    assert [] == warnings_of(WELL)


@pytest.mark.parametrize(("rule", "overview", "text"), FINDINGS)
def test_what_is_wrong_is_said_by_one_rule(rule: str, overview: Overview, text: str) -> None:
    found = warnings_of(overview)
    assert [rule] == [each.rule for each in found]
    assert text in found[0].text


def test_every_rule_has_a_case_here() -> None:
    assert {rule.name for rule in RULES} == {rule for rule, _, _ in FINDINGS}


def test_the_worst_comes_first() -> None:
    many = evolve(of_own(disks=(Disk("data", "/data", 10, 100, 1),)), has_quorum=False)
    assert [Level.SEVERE, Level.WARNING] == [each.level for each in warnings_of(many)]


def test_a_member_with_nothing_known_is_no_reason_for_others() -> None:
    assert ["not asked"] == [each.rule for each in warnings_of(with_second(UNKNOWN))]


def test_a_server_alone_is_called_so_and_needs_no_quorum() -> None:
    alone = evolve(WELL, members=(member(0, "standalone", digest_mismatches=1),), lags={}, has_quorum=False)
    assert ["this server has found 1 times that its tree is not its leader's"] == [
        each.text for each in warnings_of(alone)
    ]
