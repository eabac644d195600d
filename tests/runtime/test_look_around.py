"""The facts about this machine that a configuration needs, looked up without changing anything."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from pyzoo.config.membership import Membership, QuorumServer, ServerAddress
from pyzoo.config.own_ports import OwnPort
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings, TlsStore
from pyzoo.runtime.look_around import PID_FILE, busy_ports, look_around, why_unknown
from pyzoo.runtime.storage import open_storage
from pyzoo.runtime.tls.certificate_dates import certificates_of, warn_about_certificates
from tests.support.identities import Identity, pem_settings
from tests.support.server_process import wait_until


def tree_of(directory: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(directory.rglob("*"))}


def alone(directory: Path) -> ServerConfig:
    return ServerConfig(data_dir=str(directory), client_port=0)


def member(directory: Path) -> ServerConfig:
    """One of three."""
    members = Membership(tuple(QuorumServer(n, (ServerAddress("127.0.0.1", 1, 2),)) for n in (1, 2, 3)))
    return evolve(alone(directory), membership=members, server_id=1)


def test_a_directory_that_will_be_made_is_fine(tmp_path: Path) -> None:
    around = look_around(alone(tmp_path / "new" / "data"), quick=False)
    assert () == around.refusals
    assert [] == list(tmp_path.iterdir())


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    (refusal,) = look_around(alone(tmp_path / "data")).refusals
    assert refusal.message == f"Unable to create log directory {tmp_path}/data/version-2: Permission denied"


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    (refusal,) = look_around(alone(tmp_path / "data")).refusals
    assert refusal.message.startswith(f"Unable to create log directory {tmp_path}/data/version-2")


def test_an_empty_directory_is_left_empty(tmp_path: Path) -> None:
    assert () == look_around(alone(tmp_path)).refusals
    assert {} == tree_of(tmp_path)


def test_logs_without_a_snapshot_are_refused_with_the_words_of_a_start(tmp_path: Path) -> None:
    (tmp_path / "version-2").mkdir()
    (tmp_path / "version-2" / "log.1").write_bytes(b"ZKLG\0\0\0\2" + bytes(8))
    (refusal,) = look_around(alone(tmp_path)).refusals
    assert refusal.message.startswith(f"No snapshot found in {tmp_path}/version-2, but there are log entries")


def test_what_an_incomplete_snapshot_means_is_a_warning_and_nothing_changes(tmp_path: Path) -> None:
    storage, _ = open_storage(alone(tmp_path))
    storage.log_thread.start()
    storage.close()
    (tmp_path / "version-2" / "snapshot.5").write_bytes(b"ZKSN" + bytes(30))
    before = tree_of(tmp_path)
    around = look_around(alone(tmp_path))
    assert (1, ()) == (len(around.data_warnings), around.refusals)
    assert before == tree_of(tmp_path)


def test_a_directory_in_use_is_named_with_its_process(tmp_path: Path) -> None:
    storage, _ = open_storage(alone(tmp_path))
    storage.log_thread.start()
    try:
        (directory,) = look_around(alone(tmp_path)).directories
        assert f"in use by another server (process {os.getpid()})" in (directory.holder or "")
        assert look_around(alone(tmp_path), is_running=True).directories[0].holder is None
    finally:
        storage.close()


def test_the_pid_file_of_the_start_script_counts_while_its_server_runs(tmp_path: Path) -> None:
    code = "import sys; sys.stdin.read()"
    words = [sys.executable, "-c", code, "org.apache.zookeeper.server.quorum.QuorumPeerMain"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        (tmp_path / PID_FILE).write_text(str(process.pid))
        wait_until(lambda: look_around(alone(tmp_path)).directories[0].pid_of_script == process.pid)
    for other in (process.pid, os.getpid(), "not a number"):
        (tmp_path / PID_FILE).write_text(str(other))
        assert look_around(alone(tmp_path)).directories[0].pid_of_script is None


def test_ports_in_use_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        number = holder.getsockname()[1]
        ports = [OwnPort("client port", "127.0.0.1", number, "clientPort"), OwnPort("x", "127.0.0.1", 0, "y")]
        assert [(ports[0], f"cannot listen on 127.0.0.1:{number}: Address already in use")] == busy_ports(ports)


def test_names_are_looked_up() -> None:
    assert why_unknown("127.0.0.1") is None
    assert why_unknown("no-such-host.invalid")
    assert why_unknown("a" * 70 + ".invalid")


def test_a_member_needs_its_epochs_and_stores(tmp_path: Path) -> None:
    config = member(tmp_path)
    config = evolve(config, quorum=evolve(config.quorum, ssl=True, sasl_enabled=True))
    (tmp_path / "version-2").mkdir()
    (tmp_path / "version-2" / "currentEpoch").write_text("many")
    around = look_around(config, is_running=False)
    assert ["dataDir", "ssl.quorum.keyStore.location", "java.security.auth.login.config"] == [
        refusal.key for refusal in around.refusals
    ]


def test_dynamic_files_beside_the_configuration_are_found(tmp_path: Path) -> None:
    path = tmp_path / "zoo.cfg"
    config = evolve(alone(tmp_path / "data"), config_path=str(path))
    assert look_around(config).newest_dynamic_file is None
    for name in ("dynamic.100000003", "dynamic.20", "dynamic.next", "dynamic.old"):
        (tmp_path / f"zoo.cfg.{name}").write_text("")
    around = look_around(config)
    assert (f"{path}.dynamic.100000003", 0x100000003) == around.newest_dynamic_file
    assert f"{path}.dynamic.next" == around.next_file


def test_certificates_are_looked_at(tmp_path: Path) -> None:
    config = evolve(member(tmp_path), quorum_tls=pem_settings(tmp_path))
    config = evolve(config, quorum=evolve(config.quorum, ssl=True))
    around = look_around(config)
    assert ["ssl.quorum.keyStore.location", "ssl.quorum.trustStore.location"] == [
        each.key for each in around.certificates
    ]
    assert {"CN=member"} == {each.subject for each in around.certificates}
    assert all(0 < each.days_to_end <= 1 for each in around.certificates)


def test_a_key_that_is_not_that_of_its_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    settings, other = pem_settings(tmp_path), pem_settings(tmp_path / "other")
    key = Path(other.key_store.location).read_text().partition("-----BEGIN CERT")[0]
    certificate = Path(settings.trust_store.location).read_text()
    Path(settings.key_store.location).write_text(key + certificate)
    config = evolve(member(tmp_path), quorum_tls=settings)
    (refusal,) = look_around(evolve(config, quorum=evolve(config.quorum, ssl=True))).refusals
    where = f"ssl.quorum.keyStore.location={settings.key_store.location}"
    reason = "the key does not belong to the first certificate, which has to be the server's own"
    assert f"{where}: {reason}" == refusal.message


def test_a_start_says_which_of_its_own_certificates_nobody_accepts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    over = Identity(days=-3)
    (tmp_path / "over.pem").write_bytes(over.pem())
    settings = evolve(pem_settings(tmp_path), key_store=TlsStore(str(tmp_path / "over.pem"), "PEM", key="ssl.keyStore"))
    config = evolve(alone(tmp_path), tls=settings, client_port_unification=True)
    warn_about_certificates(config)
    (line,) = caplog.messages
    assert line.startswith("ssl.keyStore.location: the certificate of CN=member in")
    assert "has expired on" in line
    caplog.clear()
    warn_about_certificates(evolve(config, client_port_unification=False))
    assert [] == caplog.messages


def test_certificates_that_cannot_be_read_are_left_to_the_refusals(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    store = TlsStore(str(tmp_path / "x.pem"), "PEM")
    assert [] == certificates_of(TlsSettings(key_store=store, trust_store=TlsStore("/missing", "PEM")))
