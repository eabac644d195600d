"""Layouts of systems, as their public sources write them."""

import json

from .nodes import Nodes, all_in, labels, names, one_in

LATCH = "_c_aaaaaaaa-0000-4000-8000-000000000000-latch-"


def found_in(nodes: Nodes) -> dict[str, str]:
    return {thing.path: thing.recipe for thing in all_in(nodes)}


def test_kafka_has_brokers_a_controller_and_topics() -> None:
    broker = {"endpoints": ["SSL://k1:9093"], "host": None, "port": -1, "version": 5}
    nodes = Nodes().add("/kafka/brokers/ids/1", json.dumps(broker), 11).add("/kafka/brokers/topics/orders/partitions")
    nodes.add("/kafka/controller", '{"version":1,"brokerid":1,"timestamp":"1"}', 11).add("/kafka/controller_epoch", "4")
    nodes.add("/kafka/consumers/billing/ids/consumer-1", session=12)
    things = {thing.path.removeprefix("/kafka/"): thing for thing in all_in(nodes)}
    assert ["SSL://k1:9093"] == labels(things["brokers/ids"], "member")
    assert (["broker 1"], [11]) == (labels(things["controller"], "holder"), things["controller"].sessions)
    assert ["orders"] == names(things["brokers/topics"], "member")
    assert "4" == things["controller_epoch"].value
    assert ["consumer-1"] == names(things["consumers/billing/ids"], "member")


def test_replicas_of_clickhouse_are_alive_while_they_say_so() -> None:
    nodes = Nodes().add("/t/log").add("/t/blocks").add("/t/replicas/r1/is_active", "x", 21).add("/t/replicas/r2/host")
    nodes.add("/t/leader_election/leader_election-0000000001", "r1 (multiple leaders Ok)", 21)
    nodes.add("/t/leader_election/leader_election-0000000002", "r2 (multiple leaders Ok)", 22)
    things = {thing.path: thing for thing in all_in(nodes)}
    replicas, leaders = things["/t/replicas"], things["/t/leader_election"]
    assert (["r1"], ["r2"], [21]) == (names(replicas, "member"), names(replicas, "gone"), replicas.sessions)
    assert (2, 0) == (len(leaders.holders), len(leaders.waiters))


def test_a_newer_clickhouse_leaves_one_node_for_all_leaders() -> None:
    nodes = Nodes().add("/t/replicas/r1").add("/t/leader_election/leader_election-0", "all (multiple leaders Ok)")
    assert ["all (multiple leaders Ok)"] == labels(one_in(nodes), "holder")


def test_tasks_of_clickhouse_tell_how_many_hosts_have_done_them() -> None:
    nodes = Nodes().add("/clickhouse/task_queue/ddl/query-0000000003/finished/h1:9000")
    nodes.add("/clickhouse/task_queue/ddl/query-0000000003/active/h2:9000", session=1)
    assert ["active 1, finished 1"] == labels(one_in(nodes), "item")


def test_spark_has_masters_and_workers() -> None:
    nodes = Nodes().add(f"/spark/leader_election/{LATCH}0000000001", "spark://b:7077", 2)
    nodes.add(f"/spark/leader_election/{LATCH}0000000000", "spark://a:7077", 1)
    nodes.add("/spark/master_status/worker_worker-1").add("/spark/master_status/app_app-1")
    things = {thing.recipe: thing for thing in all_in(nodes)}
    assert ["spark://a:7077"] == labels(things["Spark masters"], "holder")
    assert ["worker-1"] == labels(things["Spark workers"], "member")


def test_patroni_has_a_leader_and_members() -> None:
    nodes = Nodes().add("/service/db/initialize", "7").add("/service/db/config", "{}")
    nodes.add("/service/db/leader", "pg1", 31)
    state = {"conn_url": "postgres://10.0.0.1:5432/postgres", "role": "primary", "state": "running"}
    nodes.add("/service/db/members/pg1", json.dumps(state), 31)
    things = {thing.path: thing for thing in all_in(nodes)}
    assert (["pg1"], [31]) == (labels(things["/service/db/leader"], "holder"), things["/service/db/leader"].sessions)
    assert ["primary running postgres://10.0.0.1:5432/postgres"] == labels(things["/service/db/members"], "member")


def server_name(host: str, port: int, start: int) -> bytes:
    """A message whose first field is a ServerName, behind the header that HBase puts before it."""

    def varint(value: int) -> bytes:
        out = bytearray()
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    name = b"\x0a" + bytes([len(host)]) + host.encode() + b"\x10" + varint(port) + b"\x18" + varint(start)
    return b"\xff\0\0\0\x05id123PBUF\x0a" + bytes([len(name)]) + name + b"\x10\x00"


def test_hbase_has_a_master_with_those_who_stand_by() -> None:
    nodes = Nodes().add("/hbase/hbaseid").add("/hbase/rs/h1,16020,1700000000001", session=41)
    nodes.add("/hbase/master", server_name("h1", 16000, 1700000000000), 42)
    nodes.add("/hbase/backup-masters/h2,16000,1700000000002", server_name("h2", 16000, 1700000000002), 43)
    nodes.add("/hbase/meta-region-server", server_name("h1", 16020, 1700000000001))
    things = {thing.path: thing for thing in all_in(nodes)}
    assert ["h1,16000,1700000000000"] == labels(things["/hbase/master"], "holder")
    assert ["h2,16000,1700000000002"] == labels(things["/hbase/master"], "waiter")
    assert ["h1,16020,1700000000001"] == labels(things["/hbase/rs"], "member")
    assert ["h1,16020,1700000000001"] == labels(things["/hbase/meta-region-server"], "holder")
    assert "/hbase/backup-masters" not in things


def test_hadoop_tells_who_is_active() -> None:
    info = b"\x0a\x02ns\x12\x03nn1\x1a\x08nn1.test \x94\x3f(\xd3>"
    thing = one_in(Nodes().add("/hadoop-ha/ns/ActiveStandbyElectorLock", info, 51))
    assert ["ns nn1 nn1.test"] == labels(thing, "holder")


def test_solr_has_elections_with_the_names_of_nodes() -> None:
    nodes = Nodes().add("/overseer_elect/election/72-h1:8983_solr-n_0000000002", session=2)
    nodes.add("/overseer_elect/election/71-h2:8983_solr-n_0000000001", session=1).add(
        "/live_nodes/h1:8983_solr", session=2
    )
    nodes.add("/collections/c/leaders/shard1/leader", '{"core":"c_1","node_name":"h1:8983_solr"}', 2)
    assert {
        "/overseer_elect/election": "Solr overseer, shard leaders",
        "/live_nodes": "Solr live nodes",
        "/collections/c/leaders/shard1/leader": "Solr shard leader",
    } == found_in(nodes)
    election = next(
        thing for thing in all_in(nodes) if thing.kind == "election" and thing.path == "/overseer_elect/election"
    )
    assert ["h2:8983_solr", "h1:8983_solr"] == [part.label for part in election.parts]


def test_bookies_and_servers_of_hive_say_where_they_are_by_their_names() -> None:
    nodes = Nodes().add("/ledgers/available/b1:3181", session=1).add("/ledgers/available/readonly")
    nodes.add("/hiveserver2/serverUri=h1:10000;version=3.1.3;sequence=0000000007", session=2)
    things = {thing.recipe: thing for thing in all_in(nodes)}
    assert ["b1:3181"] == names(things["BookKeeper bookies"], "member")
    assert ["h1:10000"] == labels(things["HiveServer2"], "member")


def test_druid_mesos_and_serversets_are_known() -> None:
    nodes = Nodes().add(f"/druid/coordinator/_COORDINATOR/{LATCH}0000000000", "c1", 1)
    nodes.add("/druid/announcements/h1:8083", '{"host":"h1:8083","type":"historical"}', 2)
    nodes.add("/mesos/json.info_0000000001", '{"hostname":"m1","port":5050}', 3)
    nodes.add("/sd/web/member_0000000000", '{"serviceEndpoint":{"host":"w1","port":80},"status":"ALIVE"}', 4)
    assert {
        "/druid/coordinator/_COORDINATOR": "Druid coordinators",
        "/druid/announcements": "Druid servers",
        "/mesos": "Mesos masters",
        "/sd/web": "Finagle, Aurora ServerSet",
    } == found_in(nodes)
    assert ["m1:5050", "w1:80 ALIVE"] == [thing.parts[0].label for thing in all_in(nodes) if thing.path[1] in "ms"]
