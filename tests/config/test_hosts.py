"""Hosts in settings: IPv6 with and without brackets, in every key that is an address of this server."""

import pytest

from pyzoo.config.hosts import bare_host, is_any_host
from pyzoo.config.parse import parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError

BASE = "dataDir=/d\nclientPort=2181\n"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("[::]", "::"),
        ("[0:0:0:0:0:0:0:1]", "0:0:0:0:0:0:0:1"),
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("[::1%lo]", "::1"),
        ("10.0.0.1", "10.0.0.1"),
        ("zoo1", "zoo1"),
        ("", ""),
    ],
)
def test_brackets_go(text: str, host: str) -> None:
    assert host == bare_host(text)


@pytest.mark.parametrize("text", ["[127.0.0.1]", "[localhost]", "[]", "[::1", "::1]", "[::1]:2181", "[[::1]]"])
def test_brackets_belong_around_an_ipv6_address(text: str) -> None:
    with pytest.raises(ValueError, match="IPv6 address"):
        bare_host(text)


def test_all_addresses_have_several_names() -> None:
    assert [True, True, True, False, False] == [is_any_host(host) for host in ("", "0.0.0.0", "::", "::1", "zoo1")]


def address_of(config: ServerConfig, key: str) -> str | None:
    return {
        "clientPortAddress": config.client_port_address,
        "admin.serverAddress": config.admin.address,
        "metricsProvider.httpHost": config.metrics.http_host,
    }[key]


KEYS = ["clientPortAddress", "admin.serverAddress", "metricsProvider.httpHost"]


@pytest.mark.parametrize("key", KEYS)
def test_every_address_may_be_in_brackets(key: str) -> None:
    config, _ = parse_config_text(f"{BASE}{key}=[::1]\n", "zoo.cfg")
    assert "::1" == address_of(config, key)


@pytest.mark.parametrize("key", KEYS)
def test_what_cannot_be_an_address_is_refused_with_its_key(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"zoo.cfg:3: {key}=\[127.0.0.1\]: only an IPv6 address stands in brackets"):
        parse_config_text(f"{BASE}{key}=[127.0.0.1]\n", "zoo.cfg")
