"""Certificates that are renewed on disk while a member runs."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio
import trio.testing

from pyzoo.config.ensemble_settings import QuorumSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.tls.contexts import client_tls, make_context, quorum_tls
from pyzoo.runtime.tls.reload_stores import reload_client_stores, reload_stores
from pyzoo.runtime.transport.client_tls import ClientTls
from pyzoo.runtime.transport.tls import PeerTls, TlsSession
from tests.support.identities import HOST, pem_settings

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60


def member(home: Path) -> tuple[ServerConfig, PeerTls]:
    """A member with stores in `home`."""
    settings = pem_settings(home)
    config = ServerConfig(data_dir="/nowhere", quorum=QuorumSettings(ssl=True), quorum_tls=settings)
    return config, quorum_tls(config)


def is_trusted(tls: PeerTls, settings: TlsSettings) -> bool:
    """Whether a member with the stores as they are now gets on with `tls`."""
    dialling = TlsSession(make_context(settings, server_side=False), False, HOST, False)
    accepting = tls.accepted(HOST)
    assert accepting is not None
    try:
        for _ in range(4):
            accepting.received(dialling.to_send(b""))
            dialling.received(accepting.to_send(b""))
        return dialling.received(accepting.to_send(b"hello")) == b"hello"
    except OSError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again until it is so."""
    with trio.fail_after(PATIENCE_SECONDS):
        while not condition():
            await trio.sleep(LOOK_SECONDS)


async def test_renewed_certificates_are_used_by_later_connections(tmp_path: Path) -> None:
    config, tls = member(tmp_path)
    assert is_trusted(tls, config.quorum_tls)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reload_stores, config, tls, LOOK_SECONDS)
        await trio.testing.wait_all_tasks_blocked()
        pem_settings(tmp_path)
        assert not is_trusted(tls, config.quorum_tls)
        await until(lambda: is_trusted(tls, config.quorum_tls))
        nursery.cancel_scope.cancel()


async def test_renewed_certificates_of_the_client_port_are_used_by_later_connections(tmp_path: Path) -> None:
    config = ServerConfig(data_dir="/nowhere", secure_client_port=0, tls=pem_settings(tmp_path))
    context = client_tls(config)
    assert context is not None
    tls = ClientTls(context, False)
    first = certificate_of(tls, config.tls)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reload_client_stores, config, tls, LOOK_SECONDS)
        await trio.testing.wait_all_tasks_blocked()
        pem_settings(tmp_path)
        await until(lambda: certificate_of(tls, config.tls) not in (first, b""))
        nursery.cancel_scope.cancel()


def certificate_of(tls: ClientTls, settings: TlsSettings) -> bytes:
    """What a client with the stores as they are now has shown, empty when it is refused."""
    dialling = TlsSession(make_context(settings, server_side=False), False, HOST, False)
    accepted = tls.accepted(False, HOST)
    with suppress(OSError):
        for _ in range(2):
            accepted.feed(dialling.to_send(b""))
            accepted.step()
            dialling.received(accepted.to_send(b""))
    return accepted.certificate()


async def test_broken_stores_are_reported_and_the_old_ones_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config, tls = member(tmp_path)
    key = (tmp_path / "node.pem").read_bytes()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reload_stores, config, tls, LOOK_SECONDS)
        await trio.testing.wait_all_tasks_blocked()
        (tmp_path / "node.pem").write_text("half a file")
        await until(lambda: "cannot be used, those from before are" in caplog.text)
        (tmp_path / "node.pem").write_bytes(key)
        assert is_trusted(tls, config.quorum_tls)
        nursery.cancel_scope.cancel()
