"""How the shell asks an admin server: where it is, as whom, and what is said when it does not answer."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyzoo.runtime.free_ports import free_port
from pyzoo.shell.admin_port import AdminUrl
from pyzoo.shell.errors import ShellError
from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.support.identities import pem_settings
from tests.support.stub_admin import StubAdmin, stub_admin

from .conftest import Cli

SESSIONS = {"total": 0, "matching": 0, "sessions": []}
OF_CONSOLE = "/console/api/sessions"


@pytest.fixture
def stub() -> Iterator[StubAdmin]:
    with stub_admin({OF_CONSOLE: SESSIONS}) as stub:
        yield stub


def test_an_address_may_be_short() -> None:
    assert ["http://h:8080/", "https://h:9/", "http://[::1]:8080/"] == [
        str(AdminUrl.parse(text)) for text in ("h", "https://h:9/", "http://[::1]")
    ]


@pytest.mark.parametrize("text", ["ftp://h", "http://", "h:x", "http://h/console", "http://h/?a=b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ShellError, match="give the address of an admin server, such as http://localhost:8080/"):
        AdminUrl.parse(text)


def test_it_is_named_by_an_option_of_the_shell_or_the_command_or_by_the_environment(
    cli: Cli, stub: StubAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == cli("--admin", stub.url, "sessions").code
    assert 0 == cli("sessions", "--admin", stub.url).code
    monkeypatch.setenv("PYZOO_ADMIN", stub.url)
    assert 0 == cli("sessions").code
    assert [OF_CONSOLE] * 3 == [asked.path for asked in stub.asked]


def test_without_a_name_it_is_where_the_shell_is_connected_to(
    cli: Cli, stub: StubAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyzoo.shell.admin_search.DEFAULT_PORT", AdminUrl.parse(stub.url).port)
    assert 0 == cli("sessions").code
    assert [OF_CONSOLE] == [asked.path for asked in stub.asked]


def test_of_an_ensemble_all_hosts_are_asked(run: Cli, stub: StubAdmin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyzoo.shell.admin_search.DEFAULT_PORT", AdminUrl.parse(stub.url).port)
    with EmbeddedEnsemble() as ensemble:
        _, port = ensemble.connect_string.split(",")[0].split(":")
        # Its members know each other by another name of the same host.
        assert 0 == run("-server", f"localhost:{port}", "sessions").code
        stub.answers["/commands/watches_by_path"] = {"path_to_session_ids": {}}
        ended = run("-server", f"localhost:{port}", "--admin", stub.url, "who", "/")
        assert "1 of 3 members asked: watches at the others are not known\n" == ended.err
    assert [OF_CONSOLE] * 2 == [asked.path for asked in stub.asked][:2]


def test_who_is_not_there_is_told_with_what_to_do(cli: Cli) -> None:
    ended = cli("sessions", "--admin", f"127.0.0.1:{free_port()}")
    assert 1 == ended.code
    assert ": nobody listens there: the admin server is off (admin.enableServer), or has another port" in ended.err
    assert ended.err.endswith("give --admin URL, or set PYZOO_ADMIN\n")


def test_the_credentials_of_the_shell_go_along(cli: Cli, stub: StubAdmin) -> None:
    cli("--admin", stub.url, lines="sessions\naddauth digest bob:pässword\nsessions\n")
    assert [None, "digest bob:pässword".encode().decode("latin-1")] == [asked.authorization for asked in stub.asked]


def test_who_is_not_known_by_his_credentials_is_shown_what_anybody_may_see(cli: Cli) -> None:
    refused = (401, {"error": "Nobody is known by this name and password."})
    with stub_admin({OF_CONSOLE: [refused, SESSIONS]}) as stub:
        ended = cli("--admin", stub.url, lines="addauth digest bob:secret\nsessions\n")
    assert (0, True) == (ended.code, "does not know these credentials; without them" in ended.err)
    assert ["digest bob:secret", None] == [asked.authorization for asked in stub.asked]


def test_a_shell_with_tls_gives_no_password_away_without_it(run: Cli, stub: StubAdmin, tmp_path: Path) -> None:
    trusted = pem_settings(tmp_path).trust_store.location
    key = pem_settings(tmp_path).key_store.location
    properties = {"ssl.keyStore.location": key, "ssl.trustStore.location": trusted, "secureClientPort": "0"}
    (tmp_path / "client.cfg").write_text(
        f"zookeeper.client.secure=true\nzookeeper.ssl.trustStore.location={trusted}\n"
        f"zookeeper.ssl.keyStore.location={key}\nzookeeper.ssl.hostnameVerification=false\n"
    )
    with EmbeddedServer(properties=properties) as server:
        words = ("-server", f"127.0.0.1:{server.secure_port}", "-client-configuration", str(tmp_path / "client.cfg"))
        ended = run(*words, "--admin", stub.url, lines="addauth digest bob:secret\nsessions\n")
    assert (0, True) == (ended.code, "is asked without the credentials of this shell, as it has no TLS" in ended.err)
    assert [None] == [asked.authorization for asked in stub.asked]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((503, {"error": "The server is not serving."}), "The server is not serving"),
        ((500, "<html>"), "it answers with status 500"),
        ((302, ""), "it sends elsewhere: it may want https://"),
        ((200, "hello"), "what answers there is no admin server of ZooKeeper"),
    ],
)
def test_a_refusal_is_told_as_it_is_given(cli: Cli, answer: tuple[int, object], line: str) -> None:
    with stub_admin({OF_CONSOLE: answer}) as stub:
        ended = cli("--admin", stub.url, "sessions")
    assert (1, f"{stub.url}: {line}\n") == (ended.code, ended.err)


def test_what_speaks_no_http_is_told_so(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def close_at_once() -> None:
            sock, _ = server.accept()
            sock.recv(1)
            sock.sendall(b"\x15\x03\x03\x00\x02\x02\x50")
            sock.close()

        threading.Thread(target=close_at_once, daemon=True).start()
        ended = cli("--admin", f"http://127.0.0.1:{server.getsockname()[1]}", "sessions")
    assert (1, True) == (ended.code, "does not speak HTTP, or wants https://" in ended.err)


def test_https_needs_to_know_whom_to_trust(cli: Cli) -> None:
    ended = cli("--admin", "https://127.0.0.1:1", "sessions")
    assert "--admin https://127.0.0.1:1/: TLS needs zookeeper.client.secure=true" in ended.err


def test_of_a_document_that_failed_scripts_get_the_reason(cli: Cli, stub: StubAdmin) -> None:
    ended = cli("--admin", stub.url, "history", "/a", "--json")
    assert (1, True) == (ended.code, "it has no console" in ended.out)
