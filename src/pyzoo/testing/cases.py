"""unittest: test cases with a server and a client; they may stand beside other base classes.

class TestApp(ZooKeeperTestCase):
    zookeeper_preload = {"/app": "red"}

    def test_colour(self) -> None:
        self.assertEqual(b"red", self.client.get("/app")[0])
"""

import inspect
import unittest
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient

from pyzoo.config.python_settings import PropertyValue
from pyzoo.testing.clients import end_client, fresh_chroot, preload, start_client
from pyzoo.testing.embedded.server import TICK_TIME_MS, EmbeddedServer
from pyzoo.testing.errors import NotStarted
from pyzoo.testing.preload import Preload, nodes_of
from pyzoo.testing.server_log import watch
from pyzoo.testing.server_settings import AUDIT, SUPER_AUTH, super_digest


class ZooKeeperTestCase(unittest.TestCase):
    """Each test has a server of its own, `zookeeper`, and a connected client, `client`; both are gone afterwards.

    What the server is like, and which nodes are there before, is said by the attributes of the class. Files to preload
    from stand beside the class.
    """

    zookeeper_properties: Mapping[str, PropertyValue] = {}
    zookeeper_tick_time_ms: int = TICK_TIME_MS
    zookeeper_preload: Preload = {}

    zookeeper: EmbeddedServer
    client: KazooClient
    hosts: str

    def setUp(self) -> None:
        super().setUp()
        self.hosts = self._place()
        watch(self.zookeeper)
        preload(self.hosts, nodes_of(self.zookeeper_preload, Path(inspect.getfile(type(self))).parent))
        self.client = self.new_client()

    def _place(self) -> str:
        self.zookeeper = self.enterContext(self._new_server())
        return self.zookeeper.connect_string

    @classmethod
    def _new_server(cls) -> EmbeddedServer:
        properties = {**AUDIT, **super_digest(), **cls.zookeeper_properties}
        return EmbeddedServer(tick_time_ms=cls.zookeeper_tick_time_ms, properties=properties)

    def doCleanups(self) -> None:  # noqa: N802 - the name of unittest
        if hasattr(self, "zookeeper"):
            # A test may have stopped it.
            with suppress(NotStarted):
                self.zookeeper.heal()
        super().doCleanups()

    def new_client(self, **options: Any) -> KazooClient:
        """A further client at the same place, with options of KazooClient; closed after the test. Raises NoClient."""
        client = start_client(self.hosts, **options)
        self.addCleanup(end_client, client)
        return client


class SharedZooKeeperTestCase(ZooKeeperTestCase):
    """All tests of the class have one server, and each of them a chroot of its own there, which is `hosts`."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.zookeeper = cls.enterClassContext(cls._new_server())

    def _place(self) -> str:
        return self.enterContext(fresh_chroot(self.zookeeper.connect_string, self._testMethodName, [SUPER_AUTH]))
