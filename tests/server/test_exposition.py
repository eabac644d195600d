"""What Prometheus gets: names, types and number formats of Apache's provider."""

import math

from prometheus_client.parser import text_string_to_metric_families

from pyzoo.config.admin_settings import NULL, PROMETHEUS, MetricsSettings
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateRequest, GetDataRequest, SetDataRequest
from pyzoo.server.operators.families import single
from pyzoo.server.operators.mntr import monitor_values
from pyzoo.server.operators.prometheus import exposition_text, keyed, server_families
from pyzoo.summaries import SLICE_MS, Window
from tests.support.dialogue import OPEN, LoneServer

SLICE_SIZE = 100
WINDOW_MS = 10 * 60 * 1000


def new_world(provider: str = PROMETHEUS) -> LoneServer:
    return LoneServer(metrics=MetricsSettings(provider=provider), four_letter_word_whitelist=frozenset({"*"}))


def busy_world() -> LoneServer:
    """A write and a read of /app."""
    world = new_world()
    client = world.connect()
    client.call(op.CREATE, CreateRequest("/app", b"12345", OPEN, 0))
    client.call(op.GET_DATA, GetDataRequest("/app", False))
    return world


def text_of(world: LoneServer) -> str:
    return exposition_text(server_families(world.server))


def values(world: LoneServer) -> dict[str, float]:
    """Samples by name and labels, as a client library of Prometheus reads them."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text_of(world))
        for sample in family.samples
    }


def test_every_metric_has_its_type_and_its_name_as_help() -> None:
    lines = text_of(busy_world()).splitlines()
    types = dict(line.removeprefix("# TYPE ").split(" ") for line in lines if line.startswith("# TYPE "))
    assert ("counter", "counter") == (types["commit_count"], types["quota_exceeded_error_per_namespace"])
    assert ("summary", "summary") == (types["readlatency"], types["ack_latency"])
    assert ("gauge", "gauge") == (types["znode_count"], types["quota_count_limit_per_namespace"])
    assert {f"# HELP {name} {name}" for name in types if not name.startswith("pyzoo_")} <= set(lines)


def test_numbers_and_labels_are_written_as_by_the_java_client() -> None:
    lines = text_of(busy_world()).splitlines()
    assert "connection_request_count 1.0" in lines
    assert 'updatelatency{quantile="0.5",} 0.0' in lines
    assert 'quorum_ack_latency{quantile="0.99",} NaN' in lines
    assert 'read_per_namespace{key="app",quantile="0.5",} 77.0' in lines
    assert 'read_per_namespace_count{key="app",} 1.0' in lines
    assert ["commit_count 1.0E9"] == exposition_text([single("commit_count", 10**9)]).splitlines()[2:]


def test_label_values_are_escaped() -> None:
    text = exposition_text([keyed("quota_exceeded_error_per_namespace", {'a"b\\c\n': 1})])
    assert 'quota_exceeded_error_per_namespace{key="a\\"b\\\\c\\n",} 1.0' in text.splitlines()


def test_summaries_count_and_add_up() -> None:
    found = values(busy_world())
    # The session and the node; the path and its data.
    assert (2, 1) == (found["updatelatency_count"], found["readlatency_count"])
    assert (1, 4 + 5) == (found["write_per_namespace_count key=app"], found["write_per_namespace_sum key=app"])


def test_samples_can_be_picked_by_name() -> None:
    families = server_families(busy_world().server)
    text = exposition_text(families, frozenset({"znode_count", "readlatency_count", "nothing"}))
    assert ["znode_count 6.0", "readlatency_count 1.0"] == [
        line for line in text.splitlines() if not line.startswith("#")
    ]
    assert 4 == text.count("#")


def test_quantiles_forget_what_is_older_than_ten_minutes() -> None:
    world = busy_world()
    assert not math.isnan(values(world)["readlatency quantile=0.5"])
    world.pass_time(WINDOW_MS - SLICE_MS)
    assert not math.isnan(values(world)["readlatency quantile=0.5"])
    world.pass_time(SLICE_MS)
    found = values(world)
    assert math.isnan(found["readlatency quantile=0.5"])
    assert 1 == found["readlatency_count"]


def test_quantiles_are_of_the_last_minutes_also_when_nobody_has_asked_for_hours() -> None:
    world = new_world()
    world.pass_time(3 * WINDOW_MS)
    client = world.connect()
    client.call(op.GET_DATA, GetDataRequest("/", False))
    assert 0 == values(world)["readlatency quantile=0.5"]


def test_quantiles_are_of_all_slices_by_how_much_each_of_them_saw() -> None:
    window = Window(SLICE_SIZE)
    for _ in range(9 * SLICE_SIZE):
        window.add(1)
    window.rotate()
    for value in range(SLICE_SIZE):
        window.add(1000 + value)
    low, high = window.quantiles((0.5, 0.99))
    assert 1 == low
    assert 1000 + SLICE_SIZE * 0.85 < high < 1000 + SLICE_SIZE


def test_mntr_shows_the_samples_of_prometheus() -> None:
    world = busy_world()
    client = world.socket()
    client.send(b"mntr")
    lines = client.received.decode().splitlines()
    assert 'zk_read_per_namespace{key="app",quantile="0.5"}\t77.0' in lines
    assert "zk_znode_count\t6.0" in lines
    assert "zk_readlatency_count\t1.0" in lines
    assert not any("p50_" in line for line in lines)


def test_a_reset_leaves_counters_and_summaries_alone() -> None:
    world = busy_world()
    world.socket().send(b"srst")
    found = values(world)
    assert 1 == found["readlatency_count"]
    assert "connection_request_count 1.0" in text_of(world).splitlines()
    assert (0, 0) == (world.server.stats.packets_sent - 1, found["max_latency"])


def test_the_null_provider_shows_no_metric() -> None:
    assert ["version", "server_state"] == [name for name, _ in monitor_values(new_world(NULL).server)]


def test_a_prometheus_server_counts_as_any_other() -> None:
    worlds = [LoneServer(), new_world()]
    for world in worlds:
        client = world.connect()
        client.call(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
        client.call(op.SET_DATA, SetDataRequest("/a", b"1", 5))
    assert worlds[0].server.metrics.counters() == worlds[1].server.metrics.counters()
