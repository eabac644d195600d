"""Providers of one's own, as a configuration asks for them: found, or a warning that says why not."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from pyzoo import auth
from pyzoo.config.parse import parse_config_text
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError


class Good(auth.AuthenticationProvider):
    scheme = "good"

    def __init__(self, properties: Mapping[str, str]) -> None:
        self.word = properties["zookeeper.auth.word"]

    def authenticate(self, credentials: bytes, client: auth.Client) -> Sequence[auth.Identity]:
        return []


class Nameless(Good):
    scheme = 7  # type: ignore[assignment]


def no_provider(properties: Mapping[str, str]) -> object:
    return object()


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"good": "Good", "nameless": "Nameless", "none": "no_provider", "missing": "NoSuchClass"}
    points = [EntryPoint(name, f"{__name__}:{what}", auth.GROUP) for name, what in names.items()]

    def entry_points(**selection: Any) -> list[EntryPoint]:
        assert {"group": auth.GROUP} == selection
        return points

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


def configured(*lines: str) -> tuple[ServerConfig, list[str]]:
    text = "\n".join(["dataDir=/d", "clientPort=1", *lines])
    config, warnings = parse_config_text(text, "zoo.cfg", {}, {})
    return config, [str(warning) for warning in warnings]


def test_a_provider_gets_the_settings_of_the_server() -> None:
    config, warnings = configured("authProvider.1=good", "auth.word=open")
    [provider] = config.custom_auth_providers
    assert isinstance(provider, Good)
    assert ("open", []) == (provider.word, warnings)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("good", "its clients will be refused: KeyError: 'zookeeper.auth.word'"),
        ("missing", "its clients will be refused: AttributeError: "),
        ("none", "it is no pyzoo.auth.AuthenticationProvider with a scheme"),
        (
            "other",
            "no entry point of the group pyzoo.auth_providers has this name; there are good, missing, nameless, none",
        ),
    ],
)
def test_one_that_cannot_be_had_is_a_warning(name: str, reason: str) -> None:
    config, [warning] = configured(f"authProvider.1={name}")
    assert () == config.custom_auth_providers
    assert warning.startswith(f"zoo.cfg:3: authProvider.1={name} is ignored")
    assert reason in warning


def test_a_scheme_is_a_text() -> None:
    _, warnings = configured("authProvider.1=nameless", "auth.word=open")
    assert 1 == len(warnings)


def test_everybody_may_be_made_to_need_it() -> None:
    lines = ("auth.word=open", "enforce.auth.enabled=true", "enforce.auth.schemes=good")
    config, _ = configured("authProvider.1=good", *lines)
    assert frozenset({"good"}) == config.enforce_auth_schemes
    with pytest.raises(ConfigError, match="no provider for 'good' is set up; there are ip, digest"):
        configured(*lines)


def test_it_may_judge_certificates() -> None:
    stores = ("ssl.keyStore.location=/k.pem", "ssl.trustStore.location=/t.pem", "secureClientPort=2")
    config, _ = configured("authProvider.1=good", "auth.word=open", "ssl.authProvider=good", *stores)
    assert "good" == config.ssl_auth_provider
