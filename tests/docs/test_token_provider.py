"""The example of an authentication provider, installed as its reader would do it, in a server."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, NoAuthError
from kazoo.security import make_acl

from pyzoo.testing import EmbeddedServer
from tests.support.tables import DOCS

SECONDS = 60
LONG_AFTER = 2**40
LONG_BEFORE = 1
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
Token = Callable[[str, int], str]


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the key; the example is installed."""
    project, site = tmp_path / "project", tmp_path / "site"
    shutil.copytree(DOCS / "examples" / "token_provider", project)
    command = [sys.executable, *PIP, "--no-build-isolation", "--target", str(site), str(project)]
    subprocess.run(command, check=True, timeout=120)
    monkeypatch.syspath_prepend(str(site))
    key_file = tmp_path / "key"
    key_file.write_bytes(b"for tests")
    return key_file


@pytest.fixture
def token(key_file: Path) -> Token:
    """Makes the token of a user, who has it until a time in seconds."""
    provider = importlib.import_module("token_provider").TokenAuthenticationProvider(
        {"zookeeper.auth.token.keyFile": str(key_file)}
    )

    def make(user: str, expiry: int) -> str:
        claim = f"{user}:{expiry}".encode()
        return f"{claim.decode()}:{provider.signature(claim).decode()}"

    return make


def connected(server: EmbeddedServer) -> KazooClient:
    client = KazooClient(server.connect_string)
    client.start(SECONDS)
    return client


def test_the_example_of_the_documentation_lets_in_whom_it_knows(key_file: Path, token: Token) -> None:
    with EmbeddedServer(properties={"authProvider.1": "token", "auth.token.keyFile": str(key_file)}) as server:
        alice, nobody = connected(server), connected(server)
        alice.add_auth("token", token("alice", LONG_AFTER))
        alice.create("/mine", b"1", acl=[make_acl("token", "alice", all=True)])
        assert b"1" == alice.get("/mine")[0]
        with pytest.raises(NoAuthError):
            nobody.get("/mine")
        clients = [alice, nobody]
        for wrong in (token("alice", LONG_BEFORE), token("alice", LONG_AFTER)[:-1], "alice", ""):
            clients.append(connected(server))
            with pytest.raises(AuthFailedError):
                clients[-1].add_auth("token", wrong)
        for client in clients:
            client.stop()
            client.close()


def test_the_page_shows_the_example_as_it_is() -> None:
    example = (DOCS / "examples" / "token_provider" / "token_provider.py").read_text(encoding="utf-8")
    assert example in (DOCS / "authentication.md").read_text(encoding="utf-8")
