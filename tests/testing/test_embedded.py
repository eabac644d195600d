"""EmbeddedServer and the pytest fixture, used with kazoo as a project would use them."""

import json
import socket
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError, NoNodeError
from kazoo.security import make_acl

from pyzoo.config.python_settings import PropertyValue, given_settings
from pyzoo.errors import ConfigError, PyzooError
from pyzoo.runtime.four_letters import ask
from pyzoo.runtime.local_ensemble import with_admin_off
from pyzoo.testing import AlreadyStarted, EmbeddedServer, EnsembleError, LocalEnsemble, NotStarted
from tests.support.kazoo_session import kazoo_session


def session_of(server: EmbeddedServer) -> AbstractContextManager[KazooClient]:
    return kazoo_session(server.connect_string)


def four_letter_word(server: EmbeddedServer, word: str) -> str:
    return ask("127.0.0.1", server.port, word)


def test_a_client_can_use_it() -> None:
    with EmbeddedServer() as server, session_of(server) as client:
        assert "/app" == client.create("/app", b"value")
        assert b"value" == client.get("/app")[0]
        assert "/app/job-0000000000" == client.create("/app/job-", sequence=True, ephemeral=True)
        transaction = client.transaction()
        transaction.check("/app", 0)
        transaction.set_data("/app", b"other")
        assert 2 == len(transaction.commit())
        client.delete("/app", recursive=True)
        assert client.exists("/app") is None


def test_recipes_work_between_clients() -> None:
    with (
        EmbeddedServer() as server,
        session_of(server) as one,
        session_of(server) as two,
    ):
        with one.Lock("/lock", "one"):
            assert ["one"] == two.Lock("/lock", "two").contenders()
            assert not two.Lock("/lock", "two").acquire(blocking=False)
        assert two.Lock("/lock", "two").acquire(timeout=60)


def test_watches_reach_other_clients() -> None:
    with (
        EmbeddedServer() as server,
        session_of(server) as one,
        session_of(server) as two,
    ):
        events = two.handler.queue_impl()
        two.exists("/node", watch=events.put)
        one.create("/node")
        event = events.get(timeout=60)
        assert ("CREATED", "/node") == (event.type, event.path)


def test_servers_of_one_process_know_nothing_of_each_other() -> None:
    with EmbeddedServer() as first, EmbeddedServer() as second:
        assert first.port != second.port
        with kazoo_session(first.connect_string) as one, kazoo_session(second.connect_string) as two:
            one.create("/only-here")
            assert two.exists("/only-here") is None


def test_nothing_is_kept_without_a_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedServer() as server, session_of(server) as client:
        client.create("/gone")
    assert [] == list(tmp_path.iterdir())
    with EmbeddedServer() as server, session_of(server) as client:
        assert client.exists("/gone") is None


def test_a_data_directory_keeps_everything(tmp_path: Path) -> None:
    with EmbeddedServer(data_dir=str(tmp_path)) as server, session_of(server) as client:
        client.create("/kept", b"value")
    with EmbeddedServer(data_dir=str(tmp_path)) as server, session_of(server) as client:
        assert b"value" == client.get("/kept")[0]


def test_properties_are_settings() -> None:
    acl = [make_acl("world", "anyone", read=True)]
    with EmbeddedServer() as server, session_of(server) as client:
        client.create("/locked", acl=acl)
        with pytest.raises(NoAuthError):
            client.set("/locked", b"value")
    with (
        EmbeddedServer(properties={"zookeeper.skipACL": "yes"}) as server,
        session_of(server) as client,
    ):
        client.create("/locked", acl=acl)
        client.set("/locked", b"value")


def test_ephemerals_go_with_their_client() -> None:
    with EmbeddedServer() as server, session_of(server) as watching:
        leaving = KazooClient(server.connect_string)
        leaving.start(timeout=60)
        leaving.create("/here", ephemeral=True)
        gone = watching.handler.event_object()
        watching.exists("/here", watch=lambda event: gone.set())
        leaving.stop()
        gone.wait(60)
        assert watching.exists("/here") is None
        leaving.close()


def test_the_port_is_free_again_afterwards() -> None:
    with EmbeddedServer() as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=60)
    with EmbeddedServer(port=port) as server:
        assert port == server.port


def test_a_port_that_is_taken_is_an_error_of_the_start() -> None:
    with EmbeddedServer() as server:
        second = EmbeddedServer(port=server.port)
        with pytest.raises(OSError, match=str(server.port)):
            second.start()


def test_settings_that_make_no_sense_are_an_error_at_once() -> None:
    with pytest.raises(PyzooError, match="tickTime"):
        EmbeddedServer(tick_time_ms=-5)


def test_a_broken_data_directory_is_an_error_of_the_start(tmp_path: Path) -> None:
    version_2 = tmp_path / "version-2"
    version_2.mkdir()
    (version_2 / "log.1").write_bytes(b"this is no log" * 100)
    with pytest.raises(PyzooError):
        EmbeddedServer(data_dir=str(tmp_path)).start()


def test_clients_notice_that_it_is_gone() -> None:
    with EmbeddedServer() as server:
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        # One that is not in yet would be reset.
        server.wait_until(lambda: "Connections: 2" in four_letter_word(server, "srvr"))
    assert b"" == sock.recv(1)
    sock.close()


def test_the_fixture_is_a_fresh_server(pyzoo_server: EmbeddedServer) -> None:
    with kazoo_session(pyzoo_server.connect_string) as client:
        with pytest.raises(NoNodeError):
            client.get("/left-over")
        client.create("/left-over")


def test_the_fixture_is_fresh_for_the_next_test_too(pyzoo_server: EmbeddedServer) -> None:
    with kazoo_session(pyzoo_server.connect_string) as client:
        assert client.exists("/left-over") is None


def test_the_admin_server_is_there_for_who_asks() -> None:
    properties = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": "127.0.0.1"}
    with EmbeddedServer() as without, EmbeddedServer(properties=properties) as server:
        assert without.admin_port is None
        with urllib.request.urlopen(f"http://127.0.0.1:{server.admin_port}/commands/ruok", timeout=60) as answer:
            assert {"command": "ruok", "error": None} == json.load(answer)


@pytest.mark.parametrize(
    ("given", "off"),
    [
        ({}, True),
        ({"snapCount": 9}, True),
        ({"zookeeper.admin.serverPort": 0}, False),
        ({"admin.serverPort": 0}, False),
    ],
)
def test_members_of_a_local_ensemble_have_none_unless_it_is_asked_for(
    given: dict[str, PropertyValue], off: bool
) -> None:
    settings = given_settings(given, {})
    properties = with_admin_off(settings)
    assert settings.all_properties().items() <= properties.items()
    assert off == (properties.get("zookeeper.admin.enableServer") == "false")


# --- settings


def test_settings_are_values_of_python(tmp_path: Path) -> None:
    settings: dict[str, PropertyValue] = {
        "zookeeper.skipACL": "yes",
        "zookeeper.extendedTypesEnabled": True,
        "snapCount": 1000,
        "maxSessionTimeout": 7000,
        "zookeeper.ssl.quorum.keyStore.location": tmp_path / "no.pem",
        "jute.maxbuffer": 4000,
    }
    with EmbeddedServer(properties=settings, data_dir=tmp_path, tick_time_ms=500) as server:
        shown = four_letter_word(server, "conf")
    assert "maxSessionTimeout=7000\n" in shown
    assert f"dataDir={tmp_path}/version-2\n" in shown


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zookeeper.snapcount", "is not a known setting; did you mean zookeeper.snapCount?"),
        ("snapCuont", "is not a known setting; did you mean snapCount?"),
        ("jute.maxbufer", "is not a known setting; did you mean jute.maxbuffer?"),
        ("colour", "is not a known setting; `pyzoo config keys` lists all"),
        ("zookeeper.maxSessionTimout", "is not a known setting; did you mean maxSessionTimeout?"),
        ("zookeeper.maxSessionTimeout", "means nothing: write maxSessionTimeout, without the prefix"),
        ("zookeeper.java.security.krb5.conf", "means nothing: write java.security.krb5.conf, without the prefix"),
        ("clientPort", "is not given here: use port"),
        ("server.1", "is not given here: LocalEnsemble makes the members"),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_the_nearest_right_one(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        EmbeddedServer(properties={name: 1})
    assert f"{name} {message}" == str(caught.value)


def test_a_local_ensemble_knows_the_same_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean zookeeper\.snapCount\?"):
        LocalEnsemble(properties={"zookeeper.snapcount": 1})
    ensemble = LocalEnsemble(data_dir=tmp_path, properties={"maxSessionTimeout": 7000, "extendedTypesEnabled": True})
    with ensemble:
        assert "maxSessionTimeout=7000" in (tmp_path / "3" / "zoo.cfg").read_text().splitlines()
    with pytest.raises(EnsembleError, match=r"maxSessionTimeout=8000: write it into the zoo\.cfg of each member"):
        LocalEnsemble(data_dir=tmp_path, properties={"maxSessionTimeout": 8000})


def test_a_value_without_a_text_is_refused() -> None:
    values: Any = {"zookeeper.snapCount": [1]}
    with pytest.raises(ConfigError, match=r"zookeeper.snapCount=\[1\]: give text, a number, True or False, or a path"):
        EmbeddedServer(properties=values)


def test_all_four_letter_words_are_allowed_unless_some_are_named() -> None:
    with EmbeddedServer() as server:
        assert "zk_server_state\tstandalone\n" in four_letter_word(server, "mntr")
    for name in ("4lw.commands.whitelist", "zookeeper.4lw.commands.whitelist"):
        with EmbeddedServer(properties={name: "ruok"}) as server:
            assert "imok" == four_letter_word(server, "ruok")
            assert "mntr is not executed because it is not in the whitelist.\n" == four_letter_word(server, "mntr")


# --- states


def test_what_needs_a_start_says_so() -> None:
    server = EmbeddedServer()
    for look in (lambda: server.port, lambda: server.admin_port, lambda: server.connect_string):
        with pytest.raises(NotStarted, match=r"call start\(\), or write `with EmbeddedServer\(\) as server:`"):
            look()
    with pytest.raises(NotStarted, match=r"nothing to stop: call start\(\) first"):
        server.stop()


def test_a_second_start_is_refused_and_the_server_goes_on() -> None:
    with EmbeddedServer() as server:
        with pytest.raises(AlreadyStarted, match=r"call stop\(\) first, or make another EmbeddedServer"):
            server.start()
        assert "imok" == four_letter_word(server, "ruok")
    server.stop()


def test_it_starts_again_with_its_data(tmp_path: Path) -> None:
    server = EmbeddedServer(data_dir=tmp_path)
    with server, session_of(server) as client:
        client.create("/kept", b"value")
    with server, session_of(server) as client:
        assert b"value" == client.get("/kept")[0]


def test_a_start_that_failed_may_be_tried_again() -> None:
    with EmbeddedServer() as other:
        server = EmbeddedServer(port=other.port)
        with pytest.raises(OSError, match="already in use"):
            server.start()
        server.stop()
    with server:
        assert "imok" == four_letter_word(server, "ruok")
