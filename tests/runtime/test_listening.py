"""Which addresses a port is open on, and what is said of one that cannot be opened."""

import socket

import pytest

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.listening import bind, check_client_address, open_listener

LOOPBACKS = ("127.0.0.1", "::1")


def reachable(listener: socket.socket) -> list[str]:
    port = listener.getsockname()[1]
    found = []
    for host in LOOPBACKS:
        try:
            socket.create_connection((host, port), 5).close()
        except OSError:
            continue
        found.append(host)
    return found


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_all_addresses_are_those_of_both_families(host: str) -> None:
    with bind(host, 0) as listener:
        assert list(LOOPBACKS) == reachable(listener)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_one_address_is_no_other(host: str) -> None:
    with bind(host, 0) as listener:
        assert [host] == reachable(listener)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_a_connection_of_a_client_is_of_the_listeners_kind(host: str) -> None:
    [listener] = open_listener(ServerConfig(data_dir="/d", client_port=0, client_port_address=host))
    with listener, socket.create_connection(listener.getsockname()[:2], 5) as client:
        accepted, _ = listener.accept()
        with accepted:
            client.sendall(b"ruok")
            assert (client.family, client.type, b"ruok") == (accepted.family, accepted.type, accepted.recv(4))


def test_without_a_client_port_nothing_is_opened() -> None:
    assert [] == open_listener(ServerConfig(data_dir="/d"))


def test_an_ipv6_address_is_named_with_brackets() -> None:
    with bind("::1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on \[::1\]:{port}: Address already in use"):
            open_listener(ServerConfig(data_dir="/d", client_port=port, client_port_address="::1"))


def test_a_name_that_nobody_knows_is_a_mistake_of_the_configuration() -> None:
    config = ServerConfig(data_dir="/d", client_port=0, client_port_address="no.such.host.invalid")
    with pytest.raises(ConfigError, match="clientPortAddress=no\\.such\\.host\\.invalid is not known on this machine"):
        check_client_address(config)


def test_what_is_numeric_is_asked_of_nobody() -> None:
    for host in (None, "0.0.0.0", "::", "127.0.0.1", "::1"):
        check_client_address(ServerConfig(data_dir="/d", client_port=0, client_port_address=host))
