"""Who is kept out of the console, and which changes are believed to be wanted."""

import socket
from contextlib import closing

import pytest

from pyzoo.config.admin_settings import ConsoleSettings
from pyzoo.console.attempts import MOST_KEYS, Attempts
from pyzoo.console.guards import addresses_of, host_name, is_loopback, is_same_origin, refusal_of_place
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import HOST, SECONDS, ask

HERE = ConsoleSettings()
REMOTE = ConsoleSettings(remote=True, hosts=frozenset({"zoo.example"}))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "localhost."])
def test_this_machine_is_let_in(address: str, host: str) -> None:
    assert "" == refusal_of_place(HERE, [address], host, "machine")


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "fe80::1%eth0", "::ffff:192.0.2.1", "", "unknown"])
def test_other_machines_are_not(address: str) -> None:
    assert refusal_of_place(HERE, [address], "localhost", "machine")
    assert refusal_of_place(HERE, ["127.0.0.1", address], "localhost", "machine")


@pytest.mark.parametrize("host", ["evil.example", "machine", "192.0.2.1", "", "localhost.evil.example", "[::1", "a b"])
def test_a_name_of_another_site_is_not_this_one(host: str) -> None:
    assert refusal_of_place(HERE, ["127.0.0.1"], host, "machine")


@pytest.mark.parametrize("host", ["zoo.example", "ZOO.example:80", "Machine", "192.0.2.1:8080", "[2001:db8::1]"])
def test_with_remote_its_names_and_all_addresses_are_known(host: str) -> None:
    assert "" == refusal_of_place(REMOTE, ["192.0.2.1"], host, "machine")


def test_with_remote_other_names_stay_foreign() -> None:
    assert refusal_of_place(REMOTE, ["192.0.2.1"], "evil.example", "machine")
    anything = ConsoleSettings(remote=True, hosts=frozenset({"*"}))
    assert "" == refusal_of_place(anything, ["192.0.2.1"], "evil.example", "machine")


def test_what_a_proxy_passes_on_comes_from_elsewhere(console: EmbeddedServer) -> None:
    assert 403 == ask(console.admin_port, "/", X_Forwarded_For="192.0.2.1").status
    assert 403 == ask(console.admin_port, "/", X_Real_IP="192.0.2.1").status
    assert 403 == ask(console.admin_port, "/", Forwarded="for=192.0.2.1").status
    assert 200 == ask(console.admin_port, "/", X_Forwarded_For="127.0.0.1").status
    assert ["127.0.0.1"] == addresses_of("127.0.0.1", {})


def test_a_request_for_another_name_is_refused(console: EmbeddedServer) -> None:
    for path in ("/", "/console/static/console.css", "/console/api/overview"):
        answer = ask(console.admin_port, path, Host="evil.example")
        assert 403 == answer.status
        assert "Overview" not in answer.text


def test_a_request_from_another_address_of_this_machine_is_refused(start: Start) -> None:
    """By an address that is not of the loopback, if there is one."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("there is no network")
        own: str = probe.getsockname()[0]
    server = start(admin_serverAddress="0.0.0.0")
    with closing(socket.create_connection((own, server.admin_port or 0), SECONDS)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert sock.recv(64).startswith(b"HTTP/1.1 403 ")
    other = start(admin_serverAddress="0.0.0.0", admin_console_remote="true")
    with closing(socket.create_connection((own, other.admin_port or 0), SECONDS)) as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n".encode())
        assert sock.recv(64).startswith(b"HTTP/1.1 200 ")


def test_names_and_addresses_are_read_as_browsers_write_them() -> None:
    assert ["a.b", "::1", "", ""] == [host_name(text) for text in ("A.b.:80", "[::1]:1", "[", "")]
    assert not is_loopback("localhost")
    assert HOST == host_name(HOST)


@pytest.mark.parametrize(
    ("origin", "fetch_site", "same"),
    [
        ("http://localhost:8080", None, True),
        ("http://localhost:8080", "same-origin", True),
        ("https://localhost:8080", None, False),
        ("http://localhost:8081", None, False),
        ("http://evil.example", "same-origin", False),
        ("null", None, False),
        (None, None, True),
        (None, "same-origin", True),
        (None, "none", True),
        (None, "same-site", False),
        (None, "cross-site", False),
    ],
)
def test_a_change_has_to_come_from_a_page_of_the_console(
    origin: str | None, fetch_site: str | None, same: bool
) -> None:
    assert same == is_same_origin(origin, fetch_site, "http", "localhost:8080")


def test_attempts_come_back_one_after_the_other() -> None:
    attempts = Attempts(2, 1000)
    for now_ms in (0, 10):
        assert 0 == attempts.wait_ms("a", now_ms)
        attempts.count("a", now_ms)
    assert (980, 0) == (attempts.wait_ms("a", 20), attempts.wait_ms("b", 20))
    assert 0 == attempts.wait_ms("a", 1010)
    attempts.count("a", 1010)
    attempts.take_back("a")
    assert 0 == attempts.wait_ms("a", 1010)


def test_not_all_who_try_are_remembered_for_ever() -> None:
    attempts = Attempts(1, 1000)
    for number in range(MOST_KEYS + 1):
        attempts.count(str(number), 0)
    assert 0 == attempts.wait_ms("0", 0)
    assert 1000 == attempts.wait_ms(str(MOST_KEYS), 0)
