"""Floods: what those who mean harm take of a server, and what others feel of it.

Each is a scene on a server of its own. Apache's is not asked for metrics: its provider is not among its jars here.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from benchmarks import members
from benchmarks.flooder import Flooder
from benchmarks.servers import ZOO_CFG, Contestant, Server, free_port, fresh_home, running
from benchmarks.stage import WHITELIST, Sizes, Stage
from benchmarks.zkload import Figures, Zkload
from interop.certificates import PASSWORD, Authority

CALM_S, FLOOD_S, SESSIONS_S = 3.0, 6.0, 30.0
TICK_TIME_MS = 2000
NETTY = {"zookeeper.serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory"}
TLS_CFG = """secureClientPort={secure_port}
secureClientPortAddress=127.0.0.1
ssl.clientAuth=none
ssl.keyStore.location={key_store}
ssl.keyStore.password={password}
ssl.trustStore.location={trust_store}
ssl.trustStore.password={password}
"""
ADMIN_CFG = """admin.serverAddress=127.0.0.1
admin.serverPort={admin_port}
"""
METRICS_CFG = """metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
metricsProvider.httpHost=127.0.0.1
metricsProvider.httpPort={metrics_port}
"""


@frozen
class Target:
    """Whose memory is looked at, the client port of the others, and the ports that are flooded by name."""

    server: Server
    ports: dict[str, int]


@contextmanager
def plain_target(contestant: Contestant, workplace: Path) -> Iterator[Target]:
    """A server as it is without any settings."""
    with fresh_home(workplace, contestant) as home, running(contestant, home, WHITELIST) as server:
        yield Target(server, {"client": server.port})


@contextmanager
def tls_target(contestant: Contestant, workplace: Path) -> Iterator[Target]:
    """A server with both ports for clients."""
    secure_port = free_port()
    with fresh_home(workplace, contestant) as home:
        authority = Authority()
        tls = TLS_CFG.format(
            secure_port=secure_port,
            key_store=authority.issue().write_jks(home / "key.jks"),
            trust_store=authority.write_jks(home / "trust.jks"),
            password=PASSWORD,
        )
        with running(contestant, home, {**WHITELIST, **NETTY}, ZOO_CFG + tls) as server:
            yield Target(server, {"secure": secure_port})


@contextmanager
def http_target(contestant: Contestant, workplace: Path) -> Iterator[Target]:
    """A server with the admin server and Prometheus."""
    admin_port, metrics_port = free_port(), free_port()
    lines = ZOO_CFG.replace("admin.enableServer=false\n", "") + ADMIN_CFG.format(admin_port=admin_port)
    if not contestant.is_java:
        lines += METRICS_CFG.format(metrics_port=metrics_port)
    with fresh_home(workplace, contestant) as home, running(contestant, home, WHITELIST, lines) as server:
        yield Target(server, {"admin": admin_port, "metrics": metrics_port})


@contextmanager
def member_target(contestant: Contestant, workplace: Path) -> Iterator[Target]:
    """The leader of three members."""
    with fresh_home(workplace, contestant) as home, members.running(contestant, home, TICK_TIME_MS) as ensemble:
        leader = ensemble.leader()
        address = ensemble.addresses[leader - 1]
        yield Target(ensemble.servers[leader], {"quorum": address.quorum, "election": address.election})


@frozen
class Flood:
    """One row of the report."""

    title: str
    section: str
    kind: str
    port: str
    length_s: float = FLOOD_S


TARGETS = {"clients": plain_target, "tls": tls_target, "http": http_target, "members": member_target}

FLOODS: dict[str, Flood] = {
    "connects": Flood("connections that open and close", "clients", "connects", "client"),
    "silent": Flood("2,000 connections that say nothing", "clients", "silent", "client"),
    "half_hello": Flood("2,000 with half a hello", "clients", "half_hello", "client"),
    "garbage": Flood("bytes that are no protocol", "clients", "garbage", "client"),
    "sessions": Flood("100,000 sessions at once, whose clients are gone", "clients", "sessions", "client", SESSIONS_S),
    "slow_readers": Flood("50 readers of 10 GB who do not read", "clients", "slow_readers", "client"),
    "large_multis": Flood("multis near 1 MB", "clients", "large_multis", "client"),
    "set_watches": Flood("setWatches near 1 MB, up to a million watches", "clients", "set_watches", "client"),
    "handshakes": Flood("TLS handshakes", "tls", "handshakes", "secure"),
    "half_handshakes": Flood("2,000 begun TLS handshakes", "tls", "half_handshakes", "secure"),
    "tls_silent": Flood("2,000 connections to the TLS port that say nothing", "tls", "silent", "secure"),
    "tls_garbage": Flood("plain bytes to the TLS port", "tls", "garbage", "secure"),
    "admin_slow": Flood("2,000 slow heads to the admin port", "http", "slow_heads", "admin"),
    "admin_commands": Flood("`monitor` from the admin port", "http", "commands", "admin"),
    "metrics_slow": Flood("2,000 slow heads to the port of metrics", "http", "slow_heads", "metrics"),
    "metrics": Flood("the metrics", "http", "metrics", "metrics"),
    "quorum_silent": Flood("2,000 connections to the quorum port that say nothing", "members", "silent", "quorum"),
    "quorum_garbage": Flood("bytes that are no protocol, to the quorum port", "members", "garbage", "quorum"),
    "election_silent": Flood("2,000 to the election port that say nothing", "members", "silent", "election"),
    "election_garbage": Flood("bytes that are no protocol, to the election port", "members", "garbage", "election"),
}
"""Rows of the report, in their order."""


def measure(name: str, contestant: Contestant, zkload: Zkload, workplace: Path) -> Figures:
    """Calm first, then the flood, and what it did; raises OSError, ServerError or LoadError."""
    flood = FLOODS[name]
    if flood.port == "metrics" and contestant.is_java:
        return {}
    with TARGETS[flood.section](contestant, workplace) as target:
        stage = Stage(target.server, zkload, Sizes())
        with stage.scene("calm"):
            time.sleep(CALM_S)
        with stage.scene("flood"), Flooder(flood.kind, target.ports[flood.port]) as flooder:
            time.sleep(flood.length_s)
        return {**stage.figures, **flooder.figures, "flood_length_s": flood.length_s}
