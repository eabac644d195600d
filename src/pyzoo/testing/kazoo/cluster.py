"""The cluster of kazoo's test harness, made of pyzoo servers on free ports of this machine.

The classes have the names and methods of `kazoo.testing.common`, of which a Java installation is no part here.
"""

import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kazoo.security import make_digest_acl_credential

from pyzoo.config.python_settings import refuse_unknown
from pyzoo.errors import ConfigError
from pyzoo.runtime.ensemble_plan import (
    HOST,
    TICK_TIME_MS,
    EnsembleError,
    EnsemblePlan,
    MemberPlan,
    PortTaken,
)
from pyzoo.runtime.local_ensemble import LocalEnsemble
from pyzoo.runtime.local_member import Member
from pyzoo.testing.clients import end_client, start_client
from pyzoo.testing.embedded.ensemble import EmbeddedEnsemble
from pyzoo.testing.errors import NoSuchSession
from pyzoo.testing.kazoo.certificates import Certificates, NoTls, new_certificates
from pyzoo.testing.kazoo.server_info import OBSERVER, ServerInfo, server_infos
from pyzoo.testing.server_log import lines_of_thread

LOG_LINES: Final = 100
#: How often ports are chosen anew when another process took one before the member did.
MOVES: Final = 3
START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.02
ZOO_CFG: Final = "zoo.cfg"
JAAS_FILE: Final = "jaas.conf"
SASL_PROVIDER: Final = "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
#: Who may do everything, in each cluster.
SUPER_USER: Final = ("super", "test")

logger: Final = logging.getLogger(__name__)


class ManagedZooKeeper:
    """One member of a cluster."""

    def __init__(self, cluster: "ZookeeperCluster", server_info: ServerInfo) -> None:
        self.server_info = server_info
        self.host = HOST
        self._cluster = cluster

    @property
    def working_path(self) -> str:
        """The directory with its files."""
        return str(self._cluster.directory / str(self.server_info.server_id))

    @property
    def client_port(self) -> int:
        return self.server_info.client_port

    @property
    def secure_client_port(self) -> int:
        return self.server_info.secure_client_port

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"{self.host}:{self.client_port}"

    @property
    def secure_address(self) -> str:
        """Where clients connect that speak TLS."""
        return f"{self.host}:{self.secure_client_port}"

    @property
    def running(self) -> bool:
        """Whether it is started."""
        return self._cluster.ensemble.member(self.server_info.server_id).is_running

    def run(self) -> None:
        """Start it, unless it runs; it serves a moment later, if a majority does.

        Raises EnsembleError, PortTaken where somebody else has one of its ports.
        """
        if not self.running:
            self._cluster.launch(self.server_info)

    def stop(self) -> None:
        """Stop it, if it runs; its data is kept."""
        self._cluster.end(self.server_info)

    def kill(self) -> None:
        """End it without a warning, if it runs; its data is kept as far as it got."""
        self._cluster.ensemble.kill(self.server_info.server_id)

    def reset(self) -> None:
        """Stop it, and delete its data."""
        self.stop()
        shutil.rmtree(os.path.join(self.working_path, "data"), ignore_errors=True)

    def destroy(self) -> None:
        """Stop it, and delete all that it has written."""
        self.stop()
        shutil.rmtree(self.working_path, ignore_errors=True)

    def get_logs(self, num_lines: int = LOG_LINES) -> list[str]:
        """The last lines of its log; those of a server of this process are kept by pytest alone, for a test."""
        return self._cluster.lines_of(self.server_info)[-num_lines:]


class ZookeeperCluster:
    """Members that make up one service, not started yet: threads of this process, or processes.

    `configuration_entries` are lines of a zoo.cfg; `java_system_properties` are "-Dname=value", where those about a JVM
    mean nothing; `jaas_config` is the text of a JAAS file for logins by SASL.
    """

    def __init__(
        self,
        size: int = 3,
        port_offset: int | None = None,
        observer_start_id: int = -1,
        configuration_entries: Sequence[str] = (),
        java_system_properties: Sequence[str] = (),
        jaas_config: str | None = None,
        in_processes: bool = False,
    ) -> None:
        """Choose the ports. Raises EnsembleError."""
        self.configuration_entries = tuple(configuration_entries)
        self.java_system_properties = tuple(java_system_properties)
        self.jaas_config = jaas_config
        self.directory: Path = Path(tempfile.mkdtemp(prefix="pyzoo-kazoo-"))
        self._size, self._port_offset, self._observer_start_id = size, port_offset, observer_start_id
        self._in_processes = in_processes or has_green_threads()
        self._certificates: Certificates | None = None
        self._choose_ports()

    def _choose_ports(self) -> None:
        infos = server_infos(self._size, self._port_offset, self._observer_start_id)
        self._plan = EnsemblePlan(HOST, TICK_TIME_MS, tuple(_member_plan(info) for info in infos))
        self._servers = [ManagedZooKeeper(self, info) for info in infos]
        self.write_files()
        kind = LocalEnsemble if self._in_processes else EmbeddedEnsemble
        self.ensemble: LocalEnsemble | EmbeddedEnsemble = kind(data_dir=self.directory, properties=self._properties())

    def _properties(self) -> dict[str, str]:
        superuser = make_digest_acl_credential(*SUPER_USER)
        properties = {
            "readonlymode.enabled": "true",
            "zookeeper.DigestAuthenticationProvider.superDigest": superuser,
            "zookeeper.admin.serverAddress": HOST,
            # Nothing has to outlive the machine.
            "zookeeper.forceSync": "no",
        }
        if self.jaas_config is not None:
            properties["java.security.auth.login.config"] = str(self.directory / JAAS_FILE)
            # Otherwise nobody logs in by DIGEST-MD5.
            properties["zookeeper.fips-mode"] = "false"
        for given in self.java_system_properties:
            name, _, value = given.removeprefix("-D").partition("=")
            try:
                refuse_unknown(name)
            except ConfigError:
                logger.info("Ignored, it means something to a JVM only: %s", name)
            else:
                properties[name] = value
        return properties

    def write_files(self) -> None:
        """All that the members need and that is not there yet. Raises OSError."""
        new = [each for each in self if not (self.directory / str(each.server_info.server_id) / ZOO_CFG).exists()]
        self._plan.write(self.directory)
        (self.directory / JAAS_FILE).write_text(self.jaas_config or "")
        for each in new:
            home = self.directory / str(each.server_info.server_id)
            with (home / ZOO_CFG).open("a") as settings:
                settings.writelines(f"{line}\n" for line in self._lines_of(each.server_info))

    def _lines_of(self, info: ServerInfo) -> list[str]:
        """What a zoo.cfg has beside the members."""
        lines = [
            f"admin.serverPort={info.admin_port}",
            *(["standaloneEnabled=false"] if self._plan.nodes == 1 else []),
            *([f"authProvider.1={SASL_PROVIDER}"] if self.jaas_config is not None else []),
            *self.configuration_entries,
        ]
        try:
            stores = self._own_certificates().write(self.directory)
        except NoTls:
            return lines
        secure = [f"secureClientPort={info.secure_client_port}", f"secureClientPortAddress={HOST}"]
        return [*lines, *secure, *(f"{name}={at}" for name, at in stores.items())]

    def _own_certificates(self) -> Certificates:
        if self._certificates is None:
            self._certificates = new_certificates(HOST)
        return self._certificates

    def __getitem__(self, index: int) -> ManagedZooKeeper:
        return self._servers[index]

    def __iter__(self) -> Iterator[ManagedZooKeeper]:
        return iter(self._servers)

    def start(self) -> None:
        """Start the members that do not run; returns when all of them serve. Raises EnsembleError.

        Free ports that are free no longer are exchanged for others.
        """
        moves_left = 0 if self._port_offset is not None or any(each.running for each in self) else MOVES
        while True:
            try:
                self.write_files()
                self._start()
                return
            except PortTaken:
                if not moves_left:
                    raise
            moves_left -= 1
            self.terminate()
            self._choose_ports()

    def _start(self) -> None:
        if any(each.running for each in self):
            for each in self:
                each.run()
            self.ensemble.wait_until_serving()
        else:
            self.ensemble.start()

    def launch(self, info: ServerInfo) -> None:
        """Start one that does not run; returns when its port is open. Raises EnsembleError."""
        self.write_files()
        self.ensemble.launch(info.server_id)
        if isinstance(self.ensemble, LocalEnsemble):
            _wait_until_ready(self.ensemble.member(info.server_id))

    def end(self, info: ServerInfo) -> None:
        """Stop one, if it runs."""
        if isinstance(self.ensemble, LocalEnsemble):
            self.ensemble.terminate(info.server_id)
        else:
            self.ensemble.member(info.server_id).end()

    def lines_of(self, info: ServerInfo) -> list[str]:
        """What one of them has logged."""
        if isinstance(self.ensemble, EmbeddedEnsemble):
            return lines_of_thread(f"pyzoo member {info.server_id}")
        try:
            with self.ensemble.member(info.server_id).log_file.open(errors="replace") as lines:
                return list(lines)
        except OSError:
            return []

    def stop(self) -> None:
        """Stop all members; their data is kept."""
        self.ensemble.stop()

    def terminate(self) -> None:
        """Stop all members, and delete all that they have written."""
        self.ensemble.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def reset(self) -> None:
        """Stop all members, and delete their data."""
        for each in self:
            each.reset()

    def clear(self) -> None:
        """Delete all nodes, while the members go on. Raises NoClient, KazooException."""
        hosts = ",".join(each.address for each in self if each.running)
        client = start_client(hosts, auth_data=[("digest", ":".join(SUPER_USER))])
        try:
            for name in client.get_children("/"):
                if name != "zookeeper":
                    client.delete(f"/{name}", recursive=True)
        finally:
            end_client(client)

    def expire(self, session_id: int) -> None:
        """Let a session expire at the server, if it is there still; nothing happens where members are processes."""
        if isinstance(self.ensemble, EmbeddedEnsemble):
            with suppress(NoSuchSession):
                self.ensemble.find_leader().expire(session_id)

    def get_logs(self) -> list[str]:
        """The last lines of the logs of all members."""
        return [line for each in self for line in each.get_logs()]

    def get_ssl_client_configuration(self) -> dict[str, bytes]:
        """PEM for a client: client_key, client_cert, ca_cert. Raises NoTls without the extra `tls`."""
        return self._own_certificates().of_client()


def has_green_threads() -> bool:
    """Whether gevent or eventlet has changed what threads are: none can have an event loop of its own then."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    return bool(
        (gevent is not None and gevent.is_module_patched("threading"))
        or (eventlet is not None and eventlet.is_monkey_patched("thread"))
    )


def _wait_until_ready(member: Member) -> None:
    deadline = time.monotonic() + START_SECONDS
    while member.is_running and not member.is_ready:
        if time.monotonic() > deadline:
            raise EnsembleError(f"member {member.sid} does not start; its log ends with:\n{member.log_tail()}")
        time.sleep(POLL_SECONDS)


def _member_plan(info: ServerInfo) -> MemberPlan:
    is_observer = info.peer_type == OBSERVER
    return MemberPlan(info.server_id, is_observer, info.client_port, info.leader_port, info.election_port)
