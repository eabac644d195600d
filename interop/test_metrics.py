"""Metrics: the same traffic is counted alike, in a server alone and by every role of an ensemble.

Apache's Prometheus provider is not among the jars that Maven has; its names are those of `mntr`.
"""

import re
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError
from prometheus_client.parser import text_string_to_metric_families

from interop import requests as rq
from interop.conftest import StartServer, new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, PYZOO, Member
from interop.pair import Pair, PairSession
from interop.ports import free_port
from interop.server import Config, ask

Connect = Callable[..., KazooClient]

PROMETHEUS = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
#: Every number that depends on nothing but the requests made.
EXACT = """
    bytes_received_count connection_request_count connection_revalidate_count
    response_bytes watch_bytes
    prep_processor_request_queued sync_processor_request_queued outstanding_changes_queued outstanding_changes_removed
    stale_replies large_requests_rejected digest_mismatches_count
    cnt_node_created_watch_count sum_node_created_watch_count cnt_node_deleted_watch_count sum_node_deleted_watch_count
    cnt_node_changed_watch_count sum_node_changed_watch_count
    cnt_node_children_watch_count sum_node_children_watch_count
    cnt_readlatency cnt_updatelatency cnt_propagation_latency cnt_connection_token_deficit
    cnt_fsynctime sum_sync_processor_batch_size
""".split()
#: Likewise, of the followers and of the leader of an ensemble.
OF_FOLLOWERS = """
    learner_proposal_received_count learner_commit_received_count request_commit_queued sync_processor_request_queued
    prep_processor_request_queued proposal_count commit_count
    cnt_proposal_latency cnt_proposal_ack_creation_latency cnt_commit_propagation_latency cnt_propagation_latency
""".split()
OF_LEADERS = """
    proposal_count commit_count request_commit_queued prep_processor_request_queued sync_processor_request_queued
    connection_request_count learner_proposal_received_count
    cnt_quorum_ack_latency cnt_proposal_ack_creation_latency cnt_propagation_latency cnt_updatelatency
    cnt_proposal_latency cnt_commit_propagation_latency
""".split()


def rows(text: str) -> dict[str, str]:
    return dict(line.removeprefix("zk_").split("\t", 1) for line in text.splitlines())


def test_requests_are_counted_alike(pair: Pair, session: PairSession, place: str) -> None:
    # Apache counts the bytes of a reply after it has sent it, but those of a ping not at all.
    session.call(rq.PING)
    pair.four_letter_word(b"srst")
    other = pair.connect()
    session.call(rq.CREATE, rq.create(f"{place}/a", b"12345"))
    other.call(rq.GET_DATA, rq.path_watch(f"{place}/a", True))
    other.call(rq.GET_CHILDREN2, rq.path_watch(place, True))
    other.call(rq.EXISTS, rq.path_watch(f"{place}/b", True))
    session.call(rq.SET_DATA, rq.set_data(f"{place}/a", b"1"))
    session.call(rq.SET_DATA, rq.set_data(f"{place}/a", b"1", 99))
    session.call(rq.CREATE, rq.create(f"{place}/b", flags=1))
    session.call(rq.DELETE, rq.path_version(f"{place}/a"))
    session.call(rq.SYNC, rq.text(place))
    session.call(rq.PING)
    pair.settle()
    again = pair.reconnect(other)
    again.call(rq.GET_DATA, rq.path_watch("/none"))
    again.call(rq.CLOSE_SESSION)

    def chosen(text: str) -> str:
        found = rows(text)
        namespaced = [name for name in found if re.fullmatch(r"(cnt|sum|min|max)_.*_per_namespace", name)]
        return "\n".join(f"{name} {found.get(name)}" for name in [*EXACT, *sorted(namespaced)])

    pair.four_letter_word(b"mntr", chosen)


def test_the_endpoint_has_every_metric_of_the_real_server(start_real: StartServer, start_subject: StartServer) -> None:
    lines = {
        "metricsProvider.className": PROMETHEUS,
        "metricsProvider.httpHost": "127.0.0.1",
        "metricsProvider.httpPort": str(free_port()),
    }
    names = set(rows(ask(start_real().address, b"mntr").decode()))
    start_subject(Config(lines=lines))
    with urlopen(f"http://127.0.0.1:{lines['metricsProvider.httpPort']}/metrics", timeout=30) as response:
        types = {family.name: family.type for family in text_string_to_metric_families(response.read().decode())}
    summaries = {name.removeprefix("cnt_") for name in names if name.startswith("cnt_")}
    parts = {
        name for name in names if re.match(r"(avg|min|max|sum|cnt|p\d+)_", name) and name.split("_", 1)[1] in summaries
    }
    numbers = names - parts - {"version", "server_state"}
    assert summaries == {name for name in summaries if types.get(name) == "summary"}
    assert numbers == {name for name in numbers if types.get(name) in ("gauge", "counter")}


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Both kinds follow, and either can be made the leader."""
    settings = Settings(properties={"zookeeper.leader.ackLoggingFrequency": "1"})
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, JAVA39, PYZOO), settings=settings) as started:
        started.start_led_by(4)
        yield started


#: A set, a failed set, a create in a multi, as often as `make_traffic` does them.
WRITES = 22


def make_traffic(ensemble: Ensemble, leader: Member, connect: Connect, top: str) -> None:
    """The same writes and reads at the leader, counted from 0 by everybody."""
    # Pings come seldom enough not to be counted.
    clients = {sid: connect(member, 60.0) for sid, member in ensemble.members.items()}
    client = clients[leader.sid]
    client.create(top, b"1")
    for one in clients.values():
        # Once a sync is through, this member has done with everything before it.
        one.sync(top)
    for member in ensemble.members.values():
        member.word("srst")
    for number in range(WRITES - 2):
        client.set(top, str(number).encode())
        client.get(top)
    with pytest.raises(BadVersionError):
        client.set(top, b"", version=99)
    transaction = client.transaction()
    transaction.create(f"{top}/a")
    transaction.commit()


def counted(ensemble: Ensemble, members: list[Member], names: list[str]) -> list[dict[str, str | None]]:
    """What they counted, once all have everything in the tree and in the log."""

    def is_complete() -> bool:
        last = ("zk_cnt_propagation_latency", "zk_cnt_proposal_ack_creation_latency")
        return all(int(one.mntr().get(name, 0)) >= WRITES for one in members for name in last)

    ensemble.wait_until(is_complete, "all writes are applied and logged")
    found = [one.mntr() for one in members]
    return [{name: numbers.get(f"zk_{name}") for name in names} for numbers in found]


def keys_of(member: Member) -> set[str]:
    """The names of `mntr`; all learners of a leader are one, and namespaces depend on who was asked what before."""
    names = {re.sub(r"_\d_(?=learner_handler|ack_latency)", "_N_", name) for name in member.mntr()}
    return {name for name in names if not name.endswith("_per_namespace")}


def test_followers_count_alike(ensemble: Ensemble, connect: Connect) -> None:
    leader = ensemble.let_lead(4)
    make_traffic(ensemble, leader, connect, "/followers")
    members = [ensemble.members[1], ensemble.members[2]]
    written = [f"{part}_followers_write_per_namespace" for part in ("cnt", "sum")]
    java, pyzoo = counted(ensemble, members, OF_FOLLOWERS + written)
    assert java == pyzoo
    assert keys_of(members[0]) == keys_of(members[1])


def test_leaders_count_alike(ensemble: Ensemble, connect: Connect) -> None:
    found = []
    keys = []
    for sid in (4, 3):
        leader = ensemble.let_lead(sid)
        make_traffic(ensemble, leader, connect, f"/leaders{sid}")
        found += counted(ensemble, [leader], OF_LEADERS)
        keys.append(keys_of(leader))
        assert str(WRITES) == found[-1]["cnt_quorum_ack_latency"]
    assert found[0] == found[1]
    assert keys[0] == keys[1]
