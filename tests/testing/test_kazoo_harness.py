"""The drop-in for kazoo's test harness; `interop/test_kazoo_suite.py` has kazoo's own tests on it."""

import sys
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from kazoo.retry import KazooRetry

from pyzoo.testing import LocalEnsemble
from pyzoo.testing.kazoo import KazooTestCase, ZookeeperCluster, end_global_cluster, get_global_cluster
from pyzoo.testing.kazoo.cluster import has_green_threads
from tests.support.kazoo_session import kazoo_session


@pytest.fixture(scope="module", autouse=True)
def one_server() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOKEEPER_CLUSTER_SIZE", "1")
        yield
        end_global_cluster()


class Disturbed(KazooTestCase):
    __test__ = False  # pytest leaves them to unittest

    def test_clients_lose_their_connection_and_their_session(self) -> None:
        self.client.create("/ephemeral", ephemeral=True)
        first, _ = self.client.client_id
        self.lose_connection(threading.Event)
        assert first == self.client.client_id[0]
        self.expire_session(threading.Event)
        assert first != self.client.client_id[0]
        assert self.client.exists("/ephemeral") is None
        assert self.client.chroot not in ("", "/")

    def test_servers_are_stopped_and_run_again_with_their_data(self) -> None:
        self.client.create("/kept", b"value")
        [server] = self.cluster
        server.stop()
        assert not server.running
        server.run()
        assert b"value" == KazooRetry(max_tries=-1, max_delay=0.1)(self.client.get, "/kept")[0]


def run(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


def test_servers_and_clients_are_disturbed() -> None:
    result = run(Disturbed)
    assert ([], []) == (result.failures, result.errors)


def test_a_class_leaves_the_servers_running_and_their_tree_empty() -> None:
    [server] = get_global_cluster()
    if not server.running:
        server.run()
    with kazoo_session(server.address) as client:
        client.create("/left/over", makepath=True)
        KazooTestCase.tearDownClass()
        assert ["zookeeper"] == client.get_children("/")
    assert server.running


def test_members_are_processes_where_threads_are_green(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_green_threads()
    monkeypatch.setitem(
        sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda name: name == "threading")
    )
    assert has_green_threads()
    cluster = ZookeeperCluster(size=1)
    assert isinstance(cluster.ensemble, LocalEnsemble)
    cluster.terminate()


def test_other_settings_make_another_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    before = get_global_cluster()
    assert before is get_global_cluster()
    monkeypatch.setenv("ZOOKEEPER_CLUSTER_SIZE", "3")
    monkeypatch.setenv("ZOOKEEPER_OBSERVER_START_ID", "3")
    monkeypatch.setenv("ZOOKEEPER_PORT_OFFSET", "23000")
    after = get_global_cluster()
    assert not Path(before.directory).exists()
    assert [("participant", 23000), ("participant", 23010), ("observer", 23020)] == [
        (each.server_info.peer_type, each.client_port) for each in after
    ]
    assert not any(each.running for each in after)
