"""What traffic adds to the metrics."""

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    AuthPacket,
    CreateRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiHeader,
    SetDataRequest,
    TxnHeader,
)
from pyzoo.quorum.history import Proposal
from pyzoo.server.member.learning import Learning
from pyzoo.server.slices import REST_MS
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.exports import lone_leader


def test_requests_are_counted_where_apaches_processors_would_see_them(world: LoneServer, client: Client) -> None:
    client.call(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.call(op.GET_DATA, GetDataRequest("/a", False))
    client.call(op.PING)
    metrics = world.server.metrics
    assert 4 == metrics.prep_processor_request_queued
    assert 4 == metrics.sync_processor_request_queued
    assert (2, 2) == (metrics.outstanding_changes_queued, metrics.outstanding_changes_removed)


def test_bytes_of_replies_and_of_events_are_counted_apart(world: LoneServer) -> None:
    watcher, writer = world.connect(), world.connect()
    writer.call(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    metrics = world.server.metrics
    before = metrics.response_bytes
    watcher.call(op.GET_DATA, GetDataRequest("/a", True))
    assert 16 + 4 + 68 == metrics.response_bytes - before
    before = metrics.response_bytes
    writer.call(op.SET_DATA, SetDataRequest("/a", b"", -1))
    assert 16 + 68 == metrics.response_bytes - before
    assert 16 + 4 + 4 + 4 + 2 == metrics.watch_bytes
    assert 1 == metrics.node_changed_watch_count.sum


def test_pings_and_handshakes_are_no_responses(world: LoneServer) -> None:
    world.connect().call(op.PING)
    assert 0 == world.server.metrics.response_bytes


def test_a_write_of_a_client_that_has_left_is_a_stale_reply(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.hang_up()
    world.sync()
    assert 1 == world.server.metrics.stale_replies
    assert 1 == world.server.metrics.connection_drop_count


def test_a_session_that_is_brought_along_is_counted(world: LoneServer, client: Client) -> None:
    world.connect(session_id=client.session_id, passwd=client.passwd)
    assert (1, 2) == (
        world.server.metrics.connection_revalidate_count,
        world.server.metrics.connection_request_count,
    )


def test_names_of_ensembles_are_counted_as_right_wrong_or_left_away() -> None:
    world = LoneServer(auth_providers=("ip", "ensemble"), ensemble_auth_names=frozenset({"blue"}))
    for name in (b"blue", b"red", b""):
        world.connect().ask(op.AUTH, AuthPacket(0, "ensemble", name))
    metrics = world.server.metrics
    assert (1, 1, 1) == (metrics.ensemble_auth_success, metrics.ensemble_auth_fail, metrics.ensemble_auth_skip)


def test_a_transaction_from_a_clock_that_is_ahead_has_no_latency() -> None:
    metrics = LoneServer().server.metrics
    metrics.propagated(-5)
    metrics.propagated(3)
    assert (1, 3) == (metrics.propagation_latency.basic.count, metrics.propagation_latency.basic.sum)


def test_a_member_times_its_way_to_a_role() -> None:
    metrics = lone_leader().metrics
    assert 1 == metrics.quorum.looking_count
    times = (metrics.quorum.election_time, metrics.quorum.unavailable_time, metrics.quorum.leader_unavailable_time)
    assert [1, 1, 1] == [one.count for one in times]
    assert 0 < metrics.quorum.unavailable_time.sum < 500
    assert 1 == metrics.dbinittime.count


def test_counters_outlive_a_role_and_its_gauges_do_not() -> None:
    peer = lone_leader()
    metrics, leading = peer.metrics, peer.front
    leading.stats.packets_received = 5
    leading.metrics.connection_request_count += 1
    role = peer.role
    assert role is not None
    role.fail("so the test wants it")
    while (log := peer.take_effects().log) is not None:
        peer.persisted(log.last_zxid)
    assert peer.front is not leading
    assert (0, 1) == (peer.front.stats.packets_received, peer.front.metrics.connection_request_count)
    assert metrics is peer.front.metrics


def test_a_learner_times_no_transaction_that_is_cut_off_or_from_the_future() -> None:
    peer = lone_leader()
    learning = Learning(peer, 2, False)
    summary = peer.metrics.quorum.proposal_latency
    for made_ms in (int(peer.wall_ms) - 7, int(peer.wall_ms) + 7):
        header = encoded(TxnHeader(1, 2, 3, made_ms, op.SET_DATA))
        learning.part.add_latency(summary, Proposal(3, header))
        learning.part.add_latency(summary, Proposal(3, header[:27]))
    assert (1, 7) == (summary.basic.count, summary.basic.sum)


def test_a_large_close_is_counted_in_slices_however_many_namespaces_it_touches() -> None:
    world = LoneServer(slice_units=12)
    owner = world.connect()
    for at in range(50):
        owner.create(f"/own-{at}", flags=1)
    owner.ask(op.CLOSE_SESSION)
    while not owner.closed:
        world.pass_time(REST_MS)
    written = world.server.metrics.write_per_namespace.summaries
    assert sum(one.count == 2 for one in written.values()) < 25
    world.finish_work()
    assert {f"own-{at}": 2 for at in range(50)} == {key: one.count for key, one in written.items()}


@pytest.mark.parametrize("slice_units", [10_000, 12])
def test_each_read_of_a_multi_read_is_counted_once_as_if_it_were_alone(slice_units: int) -> None:
    world = LoneServer(slice_units=slice_units)
    client = world.connect()
    for path in ("/app", "/app/a", "/app/b"):
        client.create(path, b"12345")
    reads = [("/app", op.GET_CHILDREN), ("/app/a", op.GET_DATA), ("/app/b", op.GET_DATA), ("/absent", op.GET_DATA)]
    parts = [
        part
        for path, kind in reads
        for part in (
            MultiHeader(kind, False, -1),
            GetDataRequest(path, False) if kind == op.GET_DATA else GetChildrenRequest(path, False),
        )
    ]
    client.ask(op.MULTI_READ, *parts, MultiHeader(-1, True, -1))
    world.finish_work()
    together = world.server.metrics.read_per_namespace.summaries["app"]
    assert 3 == together.count
    before = together.sum
    for path, kind in reads[:3]:
        client.ask(kind, GetDataRequest(path, False))
        world.finish_work()
    assert (6, 2 * before) == (together.count, together.sum)
