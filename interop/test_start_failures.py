"""What a start that fails ends with: the exit codes of both servers, and which of them does not fail.

The table of docs/compatibility.md has a row for each of these cases.
"""

import os
import shutil
import socket
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from attrs import define, field, frozen

from interop.certificates import PASSWORD, Authority
from interop.conftest import launch_subject, required, subject_is_real
from interop.java import JavaZooKeeper, zookeeper_39
from interop.ports import free_port
from interop.server import Config, Server, ask, launch_real

SERVES = "serves"
#: A server that neither ends nor answers `srvr` within this time runs without serving,
OUTCOME_SECONDS = 25.0
#: and within this time after it has written the last line of those that do so.
QUIET_SECONDS = 5.0
QUIET = "runs"
SERVING_SECONDS = 2.0
INVALID, DATA_DIRECTORY, ADMIN, ELECTION_PORT, OTHER = 2, 3, 4, 14, 1
LOG_HEADER = struct.pack(">4siq", b"ZKLG", 2, 0)
Outcome = int | str


@define
class Case:
    """What a case sets up before the start: zoo.cfg, properties and files below `home`."""

    home: Path
    lines: dict[str, str] = field(factory=dict)
    properties: dict[str, str] = field(factory=dict)
    sockets: list[socket.socket] = field(factory=list)
    has_foreign_client_port: bool = False
    #: Keys that zoo.cfg must not have.
    without: list[str] = field(factory=list)
    #: What a server writes that will run without serving.
    quiet_line: str = ""

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def version_2(self) -> Path:
        (self.data / "version-2").mkdir(parents=True, exist_ok=True)
        return self.data / "version-2"

    def member(self, my_id: str | None = "1", **lines: str) -> tuple[int, int]:
        """The only member of an ensemble; returns its quorum and election ports."""
        ports = free_port(), free_port()
        self.data.mkdir(exist_ok=True)
        if my_id is not None:
            (self.data / "myid").write_text(my_id)
        self.lines |= {"initLimit": "5", "syncLimit": "5", "standaloneEnabled": "false"}
        self.lines |= {"server.1": f"127.0.0.1:{ports[0]}:{ports[1]}", **lines}
        return ports

    def take(self, port: int) -> None:
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", port))
        taken.listen()
        self.sockets.append(taken)

    def log(self, name: str, contents: bytes) -> None:
        (self.version_2 / name).write_bytes(contents)


def record(zxid: int, damage: int = 0) -> bytes:
    """A createSession as the log has it."""
    payload = struct.pack(">qiqqii", 0x100000000000000, 0, zxid, 1_700_000_000_000, -10, 4000)
    return struct.pack(">qi", zlib.adler32(payload) ^ damage, len(payload)) + payload + b"B"


def log_of(*zxids: int) -> bytes:
    return LOG_HEADER + b"".join(map(record, zxids))


def setting(**lines: str) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.lines |= {key.replace("__", "."): value for key, value in lines.items()}

    return prepare


def without(*keys: str) -> Callable[[Case], None]:
    return lambda case: case.without.extend(keys)


def no_client_port(case: Case) -> None:
    case.without += ["clientPort", "clientPortAddress"]
    case.quiet_line = "running in standalone mode"


def member_with(**lines: str) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.member(**{key.replace("__", "."): value for key, value in lines.items()})

    return prepare


def member_called(my_id: str | None) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.member(my_id)

    return prepare


def clients_over_tls(password: str = PASSWORD, key_store: str = "server.p12", **lines: str) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        authority = Authority()
        authority.issue().write_pkcs12(case.home / "server.p12")
        authority.write_pem(case.home / "ca.pem")
        case.lines |= {
            "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
            "secureClientPort": str(free_port()),
            "ssl.keyStore.location": str(case.home / key_store),
            "ssl.keyStore.password": password,
            "ssl.trustStore.location": str(case.home / "ca.pem"),
            **{"ssl." + name.replace("__", "."): value for name, value in lines.items()},
        }

    return prepare


def data_directory_below_a_file(case: Case) -> None:
    (case.home / "file").touch()
    case.lines["dataDir"] = str(case.home / "file" / "data")


def data_directory_is_a_file(case: Case) -> None:
    (case.home / "file").touch()
    case.lines["dataDir"] = str(case.home / "file")


def data_directory_may_not_be_made(case: Case) -> None:
    case.lines |= {"dataDir": str(case.home / "none"), "datadir.autocreate": "false"}


def snapshots_among_the_logs(case: Case) -> None:
    logs = case.home / "logs" / "version-2"
    logs.mkdir(parents=True)
    (logs / "snapshot.0").touch()
    case.lines["dataLogDir"] = str(case.home / "logs")


def version_2_is_a_file(case: Case) -> None:
    case.data.mkdir(exist_ok=True)
    (case.data / "version-2").touch()


def client_port_is_taken(case: Case) -> None:
    port = free_port()
    case.take(port)
    case.lines["clientPort"] = str(port)
    case.has_foreign_client_port = True


def admin_port_is_taken(case: Case) -> None:
    port = free_port()
    case.take(port)
    case.lines["admin.serverPort"] = str(port)
    case.properties["zookeeper.admin.enableServer"] = "true"


def admin_port_of_a_member_is_taken(case: Case) -> None:
    case.member()
    admin_port_is_taken(case)


def election_port_is_taken(case: Case) -> None:
    case.properties["zookeeper.electionPortBindRetry"] = "1"
    case.take(case.member()[1])


def quorum_port_is_taken(case: Case) -> None:
    case.take(case.member()[0])
    case.quiet_line = "PeerState set to LOOKING"


def client_port_of_a_member_is_taken(case: Case) -> None:
    case.member()
    client_port_is_taken(case)


def epoch_older_than_the_log(case: Case) -> None:
    case.member()
    shutil.copy(case.version_2 / "snapshot.0", case.version_2 / "snapshot.300000000")
    for name in ("currentEpoch", "acceptedEpoch"):
        (case.version_2 / name).write_text("1")


def epoch_that_is_no_number(case: Case) -> None:
    case.member()
    for name in ("currentEpoch", "acceptedEpoch"):
        (case.version_2 / name).write_text("x")


def logs(**contents: bytes) -> Callable[[Case], None]:
    """log.1 with one transaction, and others."""

    def prepare(case: Case) -> None:
        case.log("log.1", log_of(1))
        for name, data in contents.items():
            case.log(name.replace("_", "."), data)

    return prepare


def damaged_snapshot(case: Case) -> None:
    (case.version_2 / "snapshot.0").unlink()
    (case.version_2 / "snapshot.5").write_bytes(b"ZKSN" + b"garbage" * 20 + b"\0\0\0\1/")


def cut_snapshot_alone(case: Case) -> None:
    (case.version_2 / "snapshot.0").unlink()
    (case.version_2 / "snapshot.5").write_bytes(b"garbage" * 20)


def logs_without_a_snapshot(case: Case) -> None:
    (case.version_2 / "snapshot.0").unlink()
    case.log("log.1", log_of(1))


def directory_called(name: str) -> Callable[[Case], None]:
    return lambda case: (case.version_2 / name).mkdir()


def link_to_nothing_called(name: str) -> Callable[[Case], None]:
    return lambda case: (case.version_2 / name).symlink_to("/nowhere/at/all")


def device_called(name: str) -> Callable[[Case], None]:
    return lambda case: (case.version_2 / name).symlink_to("/dev/zero")


def pipe_called(name: str) -> Callable[[Case], None]:
    return lambda case: os.mkfifo(case.version_2 / name)


#: What happens: how it is set up, then how Apache's server and how pyzoo ends.
CASES: dict[str, tuple[Callable[[Case], None], Outcome, Outcome]] = {
    # configuration
    "a number that is none": (setting(tickTime="soon"), INVALID, INVALID),
    "a port that is none": (setting(clientPort="70000"), INVALID, INVALID),
    "no data directory given": (without("dataDir"), INVALID, INVALID),
    "an address without its port": (without("clientPort"), INVALID, INVALID),
    "minSessionTimeout above maxSessionTimeout": (
        setting(minSessionTimeout="5000", maxSessionTimeout="4000"),
        INVALID,
        INVALID,
    ),
    "a broken escape": (setting(dataDir="/\\u00zz"), INVALID, INVALID),
    "an unknown class of metrics": (setting(metricsProvider__className="no.Such"), INVALID, INVALID),
    "enforced authentication without schemes": (setting(enforce__auth__enabled="true"), INVALID, INVALID),
    "a dynamic file that is missing": (setting(dynamicConfigFile="/nowhere/dynamic"), INVALID, INVALID),
    "an unknown serverCnxnFactory": (setting(serverCnxnFactory="no.Such"), OTHER, INVALID),
    "secureClientPort without Netty": (setting(secureClientPort="0"), OTHER, INVALID),
    "an unknown digestAlg": (setting(DigestAuthenticationProvider__digestAlg="SHA9"), OTHER, INVALID),
    "clientPortAddress that nobody knows": (setting(clientPortAddress="no.such.host.invalid"), INVALID, INVALID),
    "clientPortAddress of another machine": (setting(clientPortAddress="192.0.2.1"), OTHER, OTHER),
    "no client port, alone": (no_client_port, QUIET, INVALID),
    # ports
    "a client port that is taken": (client_port_is_taken, OTHER, OTHER),
    "an AdminServer port that is taken": (admin_port_is_taken, ADMIN, SERVES),
    "an AdminServer port of a member that is taken": (admin_port_of_a_member_is_taken, SERVES, SERVES),
    "an election port that is taken": (election_port_is_taken, ELECTION_PORT, ELECTION_PORT),
    "a quorum port that is taken": (quorum_port_is_taken, QUIET, SERVES),
    "a client port of a member that is taken": (client_port_of_a_member_is_taken, OTHER, OTHER),
    # members
    "myid that is missing": (member_called(None), INVALID, INVALID),
    "myid that is no number": (member_called("x"), INVALID, INVALID),
    "myid that has no line": (member_called("7"), OTHER, INVALID),
    "initLimit that is missing": (member_with(initLimit="0"), INVALID, INVALID),
    "a server line that is none": (member_with(server__1="127.0.0.1:x:y"), INVALID, INVALID),
    "a role that nobody knows": (member_with(server__1="127.0.0.1:1:2:voter"), INVALID, INVALID),
    "an epoch that is no number": (epoch_that_is_no_number, OTHER, OTHER),
    "an epoch older than the snapshot": (epoch_older_than_the_log, OTHER, OTHER),
    "sslQuorum without stores": (member_with(sslQuorum="true"), SERVES, INVALID),
    # stores of TLS: where Apache's server serves, its TLS port takes nobody
    "a key store with another password": (clients_over_tls("another"), SERVES, INVALID),
    "a key store that is missing": (clients_over_tls(key_store="none.p12"), SERVES, INVALID),
    "a key store of type BCFKS": (clients_over_tls(keyStore__type="BCFKS"), SERVES, INVALID),
    # directories
    "a data directory that is a file": (data_directory_is_a_file, DATA_DIRECTORY, DATA_DIRECTORY),
    "a data directory below a file": (data_directory_below_a_file, DATA_DIRECTORY, DATA_DIRECTORY),
    "a data directory that may not be made": (data_directory_may_not_be_made, DATA_DIRECTORY, DATA_DIRECTORY),
    "snapshots in the directory of the logs": (snapshots_among_the_logs, DATA_DIRECTORY, DATA_DIRECTORY),
    "version-2 that is a file": (version_2_is_a_file, OTHER, DATA_DIRECTORY),
    # snapshots and logs
    "only a snapshot that is damaged": (damaged_snapshot, OTHER, OTHER),
    "only a snapshot that is cut off": (cut_snapshot_alone, SERVES, OTHER),
    "logs without a snapshot": (logs_without_a_snapshot, OTHER, OTHER),
    "a log with another magic number": (logs(log_2=b"garbage" * 20), OTHER, OTHER),
    "a wrong checksum": (logs(log_2=LOG_HEADER + record(2, damage=1) + record(3)), OTHER, OTHER),
    "a transaction missing within a log": (logs(log_2=log_of(2, 4)), OTHER, OTHER),
    "a log missing between others": (logs(log_5=log_of(5)), OTHER, OTHER),
    "the newest log cut in its header": (logs(log_2=LOG_HEADER[:7]), OTHER, OTHER),
    "the newest log all zeros": (logs(log_2=bytes(65552)), OTHER, OTHER),
    "an older log cut in its header": (logs(log_1=LOG_HEADER[:7], log_2=log_of(2)), OTHER, OTHER),
    "an empty newest log that comes next": (logs(log_2=b""), SERVES, SERVES),
    "an empty newest log that does not come next": (logs(log_5=b""), SERVES, OTHER),
    "the newest log with its header only": (logs(log_2=LOG_HEADER), SERVES, SERVES),
    "the newest log cut in its first record": (logs(log_2=log_of(2)[:40]), SERVES, SERVES),
    # what is no file
    "a directory `snapshot.bad`": (directory_called("snapshot.bad"), SERVES, SERVES),
    "a directory `log.bad`": (directory_called("log.bad"), OTHER, OTHER),
    "a link to nothing `snapshot.bad`": (link_to_nothing_called("snapshot.bad"), SERVES, SERVES),
    "a link to nothing `log.bad`": (link_to_nothing_called("log.bad"), OTHER, OTHER),
    "a device `snapshot.bad`": (device_called("snapshot.bad"), SERVES, SERVES),
    "a device `log.bad`": (device_called("log.bad"), OTHER, OTHER),
}
ONLY_PYZOO: dict[str, tuple[Callable[[Case], None], Outcome]] = {
    "a pipe `snapshot.bad`": (pipe_called("snapshot.bad"), SERVES),
    "a pipe `log.bad`": (pipe_called("log.bad"), OTHER),
}
#: These begin with a database that has a snapshot.
NEEDS_SNAPSHOT = ("log", "snapshot", "checksum", "transaction", "epoch older", "epoch that")


def prepared(name: str, prepare: Callable[[Case], None], home: Path, snapshot: bytes) -> Case:
    home.mkdir()
    case = Case(home)
    if any(word in name for word in NEEDS_SNAPSHOT) and "directory of" not in name:
        (case.version_2 / "snapshot.0").write_bytes(snapshot)
    prepare(case)
    return case


def outcome(server: Server, quiet_line: str) -> Outcome:
    """The exit code, or whether it serves. The process is gone afterwards."""
    assert server.process is not None
    deadline = time.monotonic() + OUTCOME_SECONDS
    try:
        while time.monotonic() < deadline:
            if not server.is_running():
                return server.process.wait()
            if quiet_line and quiet_line in server.output():
                deadline, quiet_line = min(deadline, time.monotonic() + QUIET_SECONDS), ""
            try:
                if b"Mode: " in ask(server.address, b"srvr", 2):
                    # Some answer clients for a moment before they find out.
                    time.sleep(SERVING_SECONDS)
                    if server.is_running():
                        return SERVES
            except OSError:
                pass
            time.sleep(0.1)
        return QUIET
    finally:
        server.kill()


@frozen
class CaseConfig(Config):
    """A configuration whose zoo.cfg lacks some lines."""

    without: Sequence[str] = ()

    def zoo_cfg(self, data_dir: Path, port: int) -> str:
        lines = super().zoo_cfg(data_dir, port).splitlines()
        return "\n".join([*(line for line in lines if line.partition("=")[0] not in self.without), ""])


def start(launch: Callable[[Config, Path], Server], case: Case) -> Outcome:
    server = launch(CaseConfig(case.lines, case.properties, without=case.without), case.home)
    if case.has_foreign_client_port:
        server.address = ("127.0.0.1", 1)
    try:
        return outcome(server, case.quiet_line)
    finally:
        for taken in case.sockets:
            taken.close()


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A snapshot of an empty database, of Apache's server."""
    found = required(zookeeper_39)
    assert isinstance(found, JavaZooKeeper)
    server = launch_real(Config(), found, tmp_path_factory.mktemp("snapshot"))
    try:
        server.wait_until_serving()
        return (server.data_dir / "version-2" / "snapshot.0").read_bytes()
    finally:
        server.kill()


@pytest.mark.parametrize("name", CASES)
def test_a_start_ends_as_expected(name: str, tmp_path: Path, zookeeper: JavaZooKeeper, snapshot: bytes) -> None:
    prepare, of_apache, of_pyzoo = CASES[name]
    real = prepared(name, prepare, tmp_path / "real", snapshot)
    subject = prepared(name, prepare, tmp_path / "subject", snapshot)
    assert of_apache == start(lambda config, home: launch_real(config, zookeeper, home), real)
    assert (of_apache if subject_is_real() else of_pyzoo) == start(launch_subject, subject)


@pytest.mark.skipif(subject_is_real(), reason="Apache's server waits")
@pytest.mark.parametrize("name", ONLY_PYZOO)
def test_nobody_waits_for_a_pipe(name: str, tmp_path: Path, snapshot: bytes) -> None:
    prepare, expected = ONLY_PYZOO[name]
    assert expected == start(launch_subject, prepared(name, prepare, tmp_path / "subject", snapshot))


def test_every_case_is_a_row_of_the_documentation() -> None:
    document = Path(__file__).parents[1] / "docs" / "compatibility.md"
    rows = [line for line in document.read_text().splitlines() if line.startswith("| ")]
    for name, (_, of_apache, of_pyzoo) in CASES.items():
        assert f"| {name} | {of_apache} | {of_pyzoo} |" in rows
