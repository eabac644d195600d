"""KazooTestHarness and KazooTestCase, which have the names, attributes and methods of `kazoo.testing.harness`.

What the environment says is obeyed: ZOOKEEPER_CLUSTER_SIZE, ZOOKEEPER_PORT_OFFSET (free ports without it),
ZOOKEEPER_OBSERVER_START_ID, ZOOKEEPER_LOCAL_SESSION_RO and ZOOKEEPER_JAAS_AUTH (digest, or gssapi with KRB5_CONFIG and
KRB5_TEST_ENV). ZOOKEEPER_VERSION, ZOOKEEPER_PATH and ZOOKEEPER_CLASSPATH are about Java, and mean nothing.
"""

import atexit
import logging
import os
import unittest
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from kazoo.client import KazooClient
from kazoo.protocol.connection import _CONNECTION_DROP, _SESSION_EXPIRED
from kazoo.protocol.states import KazooState

from pyzoo.testing.clients import end_client, short_client
from pyzoo.testing.kazoo.cluster import ZookeeperCluster
from pyzoo.testing.server_log import watch

DEFAULTS: Final = {
    "ZOOKEEPER_CLUSTER_SIZE": "3",
    "ZOOKEEPER_PORT_OFFSET": "",
    "ZOOKEEPER_OBSERVER_START_ID": "-1",
    "ZOOKEEPER_LOCAL_SESSION_RO": "false",
    "ZOOKEEPER_JAAS_AUTH": "",
}
DIGEST_LOGINS: Final = """Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_super="super_secret"
    user_jaasuser="jaas_password";
};
"""
KERBEROS_LOGINS: Final = """Server {{
    com.sun.security.auth.module.Krb5LoginModule required
    useKeyTab=true
    keyTab="{keytab}"
    storeKey=true
    principal="zookeeper/127.0.0.1@KAZOOTEST.ORG";
}};
"""
LOST_SECONDS: Final = 5.0
BACK_SECONDS: Final = 15.0

logger: Final = logging.getLogger(__name__)


class Event(Protocol):
    """What threading.Event has, and those of kazoo's handlers."""

    def set(self) -> Any: ...
    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> Any: ...


class _GlobalCluster:
    """The cluster that all tests of this process share, and the settings that it was made with."""

    cluster: ZookeeperCluster | None = None
    settings: Mapping[str, str] = {}


def get_global_cluster() -> ZookeeperCluster:
    """The cluster that all tests of this process share; a new one when the environment says something else now.

    It ends with the process. Raises EnsembleError, and ValueError for numbers that are none.
    """
    settings = {name: os.environ.get(name, default) for name, default in DEFAULTS.items()}
    if _GlobalCluster.cluster is not None and settings != _GlobalCluster.settings:
        logger.info("The settings of the cluster have changed: another one takes its place")
        end_global_cluster()
    if _GlobalCluster.cluster is None:
        _GlobalCluster.cluster = _new_cluster(settings)
        _GlobalCluster.settings = settings
    return _GlobalCluster.cluster


def end_global_cluster() -> None:
    """Stop the shared cluster, and delete all that it has written; the next one who asks for it gets a new one."""
    if _GlobalCluster.cluster is not None:
        _GlobalCluster.cluster.terminate()
        _GlobalCluster.cluster = None


atexit.register(end_global_cluster)


def _new_cluster(settings: Mapping[str, str]) -> ZookeeperCluster:
    local_sessions = settings["ZOOKEEPER_LOCAL_SESSION_RO"]
    properties: list[str] = []
    jaas_config: str | None = None
    if settings["ZOOKEEPER_JAAS_AUTH"] == "digest":
        jaas_config = DIGEST_LOGINS
    elif settings["ZOOKEEPER_JAAS_AUTH"] == "gssapi":
        jaas_config = KERBEROS_LOGINS.format(keytab=os.path.join(os.environ["KRB5_TEST_ENV"], "server.keytab"))
        properties.append(f"-Djava.security.krb5.conf={os.environ['KRB5_CONFIG']}")
    port_offset = settings["ZOOKEEPER_PORT_OFFSET"]
    return ZookeeperCluster(
        size=int(settings["ZOOKEEPER_CLUSTER_SIZE"]),
        port_offset=int(port_offset) if port_offset else None,
        observer_start_id=int(settings["ZOOKEEPER_OBSERVER_START_ID"]),
        configuration_entries=[
            "reconfigEnabled=true",
            f"localSessionsEnabled={local_sessions}",
            f"localSessionsUpgradingEnabled={local_sessions}",
        ],
        java_system_properties=properties,
        jaas_config=jaas_config,
        # Kerberos has its settings in the environment of a process, and the clients have others.
        in_processes=settings["ZOOKEEPER_JAAS_AUTH"] == "gssapi",
    )


class KazooTestHarness(unittest.TestCase):
    """A test case, or a mixin, with a cluster of servers and clients that have a chroot of their own there.

    `setup_zookeeper` and `teardown_zookeeper` are for setUp and tearDown; `client` is connected in between, to `hosts`.
    """

    DEFAULT_CLIENT_TIMEOUT = 15
    hosts: str

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.client: Any = None
        self._clients: list[KazooClient] = []

    @property
    def cluster(self) -> ZookeeperCluster:
        """The servers; `cluster[0].stop()`, `cluster[0].run()`."""
        return get_global_cluster()

    @property
    def servers(self) -> str:
        """All servers, as a client is pointed at them, without a chroot."""
        return ",".join(each.address for each in self.cluster)

    @property
    def secure_servers(self) -> str:
        """The same for clients that speak TLS."""
        return ",".join(each.secure_address for each in self.cluster)

    def log(self, level: int, msg: str, *args: Any, **kwargs: Any) -> None:
        """Write a line to the log of the harness."""
        logger.log(level, msg, *args, **kwargs)

    def _get_client(self, **client_options: Any) -> KazooClient:
        """A client below the chroot of this test, not started; closed by `teardown_zookeeper`."""
        client = KazooClient(self.hosts, **{"timeout": self.DEFAULT_CLIENT_TIMEOUT, **client_options})
        self._clients.append(client)
        return client

    def _get_nonchroot_client(self) -> KazooClient:
        """A client that sees the whole tree, not started; closed by `teardown_zookeeper`."""
        client = KazooClient(self.servers)
        self._clients.append(client)
        return client

    def setup_zookeeper(self, **client_options: Any) -> None:
        """Start those servers that do not run, and a client with these options below a chroot of its own."""
        watch(self.cluster.ensemble)
        if not all(each.running for each in self.cluster):
            self.cluster.start()
        chroot = f"/kazootests{uuid.uuid4().hex}"
        with short_client(self.servers) as client:
            client.ensure_path(chroot)
        self.hosts = (self.secure_servers if client_options.get("use_ssl") else self.servers) + chroot
        self.client = self._get_client(**client_options)
        self.client.start()

    def teardown_zookeeper(self) -> None:
        """Close all clients; the servers go on."""
        while self._clients:
            end_client(self._clients.pop())
        self.client = None

    def lose_connection(self, event_factory: Callable[[], Event]) -> None:
        """Let the client lose its connection; returns when it has another one."""
        self._interrupt(_CONNECTION_DROP, KazooState.SUSPENDED, event_factory)

    def expire_session(self, event_factory: Callable[[], Event]) -> None:
        """Let the session of the client expire; returns when it has another one, and the old one is over at the server.

        (With kazoo's harness the old one goes on at the server, and its ephemerals stay until it times out.)
        """
        session_id = self.client.client_id[0]
        self._interrupt(_SESSION_EXPIRED, KazooState.LOST, event_factory)
        self.cluster.expire(session_id)

    def _interrupt(self, interruption: object, seen_as: str, event_factory: Callable[[], Event]) -> None:
        gone, back = event_factory(), event_factory()

        def watch(state: str) -> bool:
            if state == seen_as:
                gone.set()
            elif state == KazooState.CONNECTED and gone.is_set():
                back.set()
            return back.is_set()

        client = self.client
        client.add_listener(watch)
        client._call(interruption, None)
        for event, seconds, what in ((gone, LOST_SECONDS, seen_as), (back, BACK_SECONDS, KazooState.CONNECTED)):
            event.wait(seconds)
            if not event.is_set():
                raise AssertionError(f"the client was not {what} within {seconds:g} seconds, it is {client.state}")
        client.retry(client.get_async, "/")


class KazooTestCase(KazooTestHarness):
    """The harness with setUp and tearDown. What a class leaves in the tree is gone when the next one begins."""

    def setUp(self) -> None:
        self.setup_zookeeper()

    def tearDown(self) -> None:
        self.teardown_zookeeper()

    @classmethod
    def tearDownClass(cls) -> None:
        cluster = get_global_cluster()
        if all(each.running for each in cluster):
            cluster.clear()
        else:
            cluster.terminate()
