"""Test cases of unittest, run by unittest."""

import unittest
from typing import assert_type

from kazoo.client import KazooClient

from pyzoo.errors import ConfigError
from pyzoo.testing import EmbeddedServer, SharedZooKeeperTestCase, ZooKeeperTestCase


def run(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class ItsOwn(ZooKeeperTestCase):
    __test__ = False  # pytest leaves them to unittest

    zookeeper_preload = {"/app/colour": "red"}
    zookeeper_properties = {"maxSessionTimeout": 7000}
    servers: list[EmbeddedServer] = []
    clients: list[KazooClient] = []

    def _use(self) -> None:
        assert_type(self.zookeeper, EmbeddedServer)
        assert b"red" == self.client.get("/app/colour")[0]
        self.client.create("/left-over")
        assert self.new_client(timeout=3).exists("/left-over")
        self.servers.append(self.zookeeper)
        self.clients.append(self.client)

    def test_one(self) -> None:
        self._use()

    def test_two(self) -> None:
        self._use()


class Shared(SharedZooKeeperTestCase):
    __test__ = False  # pytest leaves them to unittest

    zookeeper_preload = {"/app": "red"}
    servers: list[EmbeddedServer] = []

    def _use(self) -> None:
        assert ["app"] == self.client.get_children("/")
        assert [self.client.chroot[1:]] == list(self.zookeeper.tree()["children"])
        self.servers.append(self.zookeeper)

    def test_one(self) -> None:
        self._use()

    def test_two(self) -> None:
        self._use()


class Refused(ZooKeeperTestCase):
    __test__ = False  # pytest leaves them to unittest

    zookeeper_properties = {"snapCuont": 1}

    def test_one(self) -> None:
        raise AssertionError


class AnotherBase(unittest.TestCase):
    events: list[str] = []

    def setUp(self) -> None:
        super().setUp()
        self.events.append("set up")
        self.addCleanup(self.events.append, "cleaned up")


class Mixed(ZooKeeperTestCase, AnotherBase):
    __test__ = False  # pytest leaves them to unittest

    def test_one(self) -> None:
        self.events.append(self.client.create("/a"))


def test_each_test_has_a_server_and_a_client_of_its_own() -> None:
    assert run(ItsOwn).wasSuccessful()
    assert ItsOwn.servers[0] is not ItsOwn.servers[1]
    assert [False, False] == [each.connected for each in ItsOwn.clients]


def test_the_tests_of_a_class_may_share_a_server_where_each_has_its_chroot() -> None:
    assert run(Shared).wasSuccessful()
    assert Shared.servers[0] is Shared.servers[1]


def test_what_keeps_a_server_from_starting_is_the_error_of_the_test() -> None:
    [(_, trace)] = run(Refused).errors
    assert ConfigError.__name__ in trace
    assert "did you mean snapCount?" in trace


def test_other_base_classes_have_their_part() -> None:
    assert run(Mixed).wasSuccessful()
    assert ["set up", "/a", "cleaned up"] == AnotherBase.events
