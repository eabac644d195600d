"""Layouts of systems that keep their state in ZooKeeper, below whatever path they were given."""

# ruff: noqa: E501 - a table has one recipe a line

from typing import Final

from pyzoo.recipes.pattern import SEQUENCE, Pattern

_LATCH: Final = f"_c_[0-9a-f-]{{36}}-latch-{SEQUENCE}"

KAFKA: Final = (
    Pattern("Kafka brokers", "group", "members", at="brokers/ids", entry="[0-9]+", ephemeral=True, label="{endpoints.0}"),
    Pattern("Kafka controller", "election", "owner", at="controller", needs=("../brokers/ids",), label="broker {brokerid}"),
    Pattern("Kafka topics", "group", "members", at="brokers/topics", ephemeral=False, label="none"),
    Pattern("Kafka consumer group", "group", "members", at="consumers/*/ids", ephemeral=True, label="none"),
    Pattern("Kafka controller epoch", "counter", "value", at="controller_epoch", needs=("../brokers/ids",), label="number"),
)  # fmt: skip

CLICKHOUSE: Final = (
    Pattern("ClickHouse replicas", "group", "members", at="replicas", needs=("../log", "../blocks"), alive="is_active", label="none"),
    Pattern(
        "ClickHouse leaders", "election", "line", at="leader_election", needs=("../replicas",), entry="leader_election-(?P<sequence>[0-9]+)",
        permits="all", notes=("since 20.6 all replicas lead, before that only the first",),
    ),
    Pattern("ClickHouse distributed DDL", "queue", "items", at="task_queue/ddl", entry=f"query-{SEQUENCE}", counts=("active", "finished"), label="none"),
)  # fmt: skip

SPARK: Final = (
    Pattern("Spark masters", "election", "line", at="leader_election", needs=("../master_status",), entry=_LATCH),
    Pattern("Spark workers", "group", "members", at="master_status", needs=("../leader_election",), entry="worker_(?P<label>.+)", label="none"),
)  # fmt: skip

PATRONI: Final = (
    Pattern("Patroni leader", "election", "owner", at="leader", needs=("../members", "../config"), ephemeral=True),
    Pattern("Patroni members", "group", "members", at="members", needs=("../config", "../initialize"), ephemeral=True, label="{role} {state} {conn_url}"),
)  # fmt: skip

HBASE: Final = (
    Pattern("HBase master", "election", "owner", at="master", needs=("../rs", "../hbaseid"), label="hbase", standby="../backup-masters"),
    Pattern("HBase region servers", "group", "members", at="rs", needs=("../hbaseid",), entry="(?P<label>[^,]+,[0-9]+,[0-9]+)", ephemeral=True),
    Pattern("HBase meta region server", "service", "owner", at="meta-region-server", needs=("../hbaseid",), label="hbase"),
)  # fmt: skip

HADOOP: Final = (
    Pattern("Hadoop ActiveStandbyElector", "election", "owner", at="ActiveStandbyElectorLock", ephemeral=True, label="protobuf"),
)  # fmt: skip

SOLR: Final = (
    Pattern("Solr overseer, shard leaders", "election", "line", at="election", entry=f"[0-9]+-(?P<label>.+)-n_{SEQUENCE}", ephemeral=True),
    Pattern("Solr live nodes", "group", "members", at="live_nodes", ephemeral=True, label="none"),
    Pattern("Solr shard leader", "election", "owner", at="leaders/*/leader", ephemeral=True, label="{node_name} {core}"),
)  # fmt: skip

DRUID: Final = (
    Pattern("Druid coordinators", "election", "line", at="coordinator/_COORDINATOR", entry=_LATCH),
    Pattern("Druid overlords", "election", "line", at="overlord/_OVERLORD", entry=_LATCH),
    Pattern("Druid servers", "group", "members", at="announcements", needs=("../coordinator",), ephemeral=True, label="{host} {type}"),
)  # fmt: skip

OTHERS: Final = (
    Pattern("BookKeeper bookies", "group", "members", at="ledgers/available", entry="[^:]+:[0-9]+", ephemeral=True, label="none"),
    Pattern("HiveServer2", "service", "members", entry=rf"serverUri=(?P<label>[^;]+);version=[^;]*;sequence={SEQUENCE}", ephemeral=True),
    Pattern("Mesos masters", "election", "line", entry=f"json\\.info_{SEQUENCE}", ephemeral=True, label="{hostname}:{port}"),
    Pattern(
        "Finagle, Aurora ServerSet", "service", "members", entry=f"member_{SEQUENCE}", ephemeral=True,
        label="{serviceEndpoint.host}:{serviceEndpoint.port} {status}",
    ),
)  # fmt: skip

SYSTEM_PATTERNS: Final = (*KAFKA, *CLICKHOUSE, *SPARK, *PATRONI, *HBASE, *HADOOP, *SOLR, *DRUID, *OTHERS)
