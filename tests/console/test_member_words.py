"""What a member is by its words, as Apache's servers and pyzoo answer them."""

import pytest

from pyzoo.console.member_words import NO_ANSWER, NOT_SERVING, MemberState, with_answers

SRVR = """Zookeeper version: 3.9.5-a3f0, built on 2025-11-02 10:00 UTC
Latency min/avg/max: 0/1.5/27
Received: 120
Sent: 119
Connections: 3
Outstanding: 2
Zxid: 0x500000007
Mode: leader
Node count: 9
Proposal sizes last/min/max: 48/48/92
"""
MNTR = """zk_version\t3.9.5-a3f0, built on 2025-11-02 10:00 UTC
zk_server_state\tleader
zk_peer_state\tleading - broadcast
zk_uptime\t61000
zk_synced_followers\t2
zk_watch_count\t4
zk_open_file_descriptor_count\t88
zk_max_file_descriptor_count\t1024
zk_digest_mismatches_count\t0
zk_sum_readlatency\t10
zk_cnt_readlatency\t5
zk_sum_updatelatency\t20
zk_cnt_updatelatency\t6
"""
OFF = "mntr is not executed because it is not in the whitelist.\n"
MEMBER = MemberState(2, "127.0.0.1:2181")


def test_srvr_alone_tells_the_role_the_zxid_and_the_numbers() -> None:
    state = with_answers(MEMBER, {"srvr": SRVR, "mntr": OFF})
    assert ("leader", "3.9.5", 5, 7) == (state.role, state.version, state.epoch, state.counter)
    assert (2, 2, 120, (0, 1.5, 27), 9) == (
        state.connections,
        state.outstanding,
        state.received,
        state.latency,
        state.nodes,
    )
    assert (("mntr",), None, None) == (state.words_off, state.phase, state.latency_sum)


def test_mntr_tells_the_phase_and_sums() -> None:
    state = with_answers(MEMBER, {"srvr": SRVR, "mntr": MNTR})
    assert ("leading - broadcast", 61000, 2, 4, (88, 1024), 0) == (
        state.phase,
        state.uptime_ms,
        state.synced_followers,
        state.watches,
        (state.open_files, state.most_files),
        state.digest_mismatches,
    )
    assert (30, 11) == (state.latency_sum, state.latency_count)


def test_with_the_metrics_of_prometheus_numbers_are_doubles_under_other_names() -> None:
    text = "zk_uptime\t61000.0\nzk_readlatency_sum\t12.0\nzk_readlatency_count\t4.0\nzk_watch_count\tNaN\n"
    state = with_answers(MEMBER, {"srvr": SRVR, "mntr": text})
    assert (61000, 12, 4, None) == (state.uptime_ms, state.latency_sum, state.latency_count, state.watches)


def test_digests_and_sizes_are_told_by_words_of_their_own() -> None:
    answers = {"srvr": SRVR, "hash": "500000001: 77\n500000080: 99\n", "dirs": "datadir_size: 10\nlogdir_size: 20\n"}
    state = with_answers(MEMBER, answers)
    assert ({0x500000001: 77, 0x500000080: 99}, 10, 20) == (state.digests, state.data_dir_bytes, state.log_dir_bytes)


@pytest.mark.parametrize(
    ("answer", "role", "error"),
    [
        ("This ZooKeeper instance is not currently serving requests\n", NOT_SERVING, "it looks for a leader"),
        ("", NO_ANSWER, "it closed the connection without an answer"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", NO_ANSWER, "HTTP/1.1 400 Bad Request"),
        ("\x00\xff\t: \n: \n", NO_ANSWER, None),
    ],
)
def test_what_is_no_answer_of_a_server_that_serves_is_a_reason(answer: str, role: str, error: str | None) -> None:
    state = with_answers(MEMBER, {"srvr": answer, "mntr": answer, "hash": answer, "dirs": answer})
    assert role == state.role
    assert state.zxid is None
    assert error in (None, state.error)


def test_numbers_that_are_none_are_not_known() -> None:
    text = SRVR.replace("0x500000007", "what").replace("0/1.5/27", "a/b").replace("Outstanding: 2", "Outstanding: inf")
    state = with_answers(MEMBER, {"srvr": text, "hash": "x: y\n12\n", "dirs": "datadir_size: much\n"})
    assert (None, None, None, {}, None) == (
        state.zxid,
        state.latency,
        state.outstanding,
        state.digests,
        state.data_dir_bytes,
    )
