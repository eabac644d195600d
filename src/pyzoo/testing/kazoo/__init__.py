"""Kazoo's test harness on pyzoo servers: import from here what a project imports from `kazoo.testing`."""

from pyzoo.testing.kazoo.cluster import ManagedZooKeeper, ZookeeperCluster
from pyzoo.testing.kazoo.harness import KazooTestCase, KazooTestHarness, end_global_cluster, get_global_cluster

__all__ = [
    "KazooTestCase",
    "KazooTestHarness",
    "ManagedZooKeeper",
    "ZookeeperCluster",
    "end_global_cluster",
    "get_global_cluster",
]
