"""TLS between members: stores of all kinds become contexts, and sessions turn bytes into bytes."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from pyzoo.config.tls_settings import QUORUM_TLS_DEFAULTS, TlsSettings, TlsStore
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.runtime.transport.tls import PeerTls, TlsSession
from tests.support.identities import HOST, jks_settings, pem_settings, pkcs12_settings


def peer_tls(settings: TlsSettings, accepts_plain: bool = False) -> PeerTls:
    return PeerTls(make_context(settings, False), make_context(settings, True), True, accepts_plain)


def shake_hands(dialling: TlsSession, accepting: TlsSession) -> None:
    for _ in range(4):
        accepting.received(dialling.to_send(b""))
        dialling.received(accepting.to_send(b""))


@pytest.mark.parametrize("make", [pem_settings, pkcs12_settings, jks_settings])
def test_bytes_go_both_ways_with_any_kind_of_store(make: Callable[[Path], TlsSettings], tmp_path: Path) -> None:
    tls = peer_tls(make(tmp_path))
    dialling, accepting = tls.dialled(HOST), tls.accepted()
    assert dialling is not None
    assert accepting is not None
    shake_hands(dialling, accepting)
    assert b"hello" == accepting.received(dialling.to_send(b"hello"))
    assert b"answer" == dialling.received(accepting.to_send(b"answer"))


def test_bytes_written_before_the_handshake_come_after_it(tmp_path: Path) -> None:
    tls = peer_tls(pem_settings(tmp_path))
    dialling, accepting = tls.dialled(HOST), tls.accepted()
    assert dialling is not None
    assert accepting is not None
    first = dialling.to_send(b"early")
    received = accepting.received(first)
    for _ in range(4):
        dialling.received(accepting.to_send(b""))
        received += accepting.received(dialling.to_send(b""))
    assert b"early" == received


def test_a_plain_connection_passes_where_that_is_allowed(tmp_path: Path) -> None:
    accepting = peer_tls(pem_settings(tmp_path), accepts_plain=True).accepted()
    assert accepting is not None
    assert b"\xff\xff plain" == accepting.received(b"\xff\xff plain")
    assert b"answer" == accepting.to_send(b"answer")


def test_a_plain_connection_is_refused_where_it_is_not(tmp_path: Path) -> None:
    accepting = peer_tls(pem_settings(tmp_path)).accepted()
    assert accepting is not None
    with pytest.raises(ssl.SSLError):
        accepting.received(b"\xff\xff plain")


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    dialling = peer_tls(pem_settings(tmp_path / "other")).dialled(HOST)
    accepting = peer_tls(pem_settings(tmp_path)).accepted()
    assert dialling is not None
    assert accepting is not None
    with pytest.raises(ssl.SSLError):
        shake_hands(dialling, accepting)


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    tls = peer_tls(pem_settings(tmp_path))
    dialling, accepting = tls.dialled("zoo1.example.org"), tls.accepted()
    assert dialling is not None
    assert accepting is not None
    with pytest.raises(ssl.SSLError):
        shake_hands(dialling, accepting)


@pytest.mark.parametrize(
    ("protocol", "enabled", "versions"),
    [
        ("TLSv1.3", (), ("TLSv1_2", "TLSv1_3")),
        ("TLSv1.2", (), ("TLSv1_2", "TLSv1_2")),
        ("TLSv1.2", ("TLSv1.3",), ("TLSv1_3", "TLSv1_3")),
        ("TLSv1.3", ("TLSv1.3", "TLSv1.2"), ("TLSv1_2", "TLSv1_3")),
    ],
)
def test_a_protocol_alone_means_all_up_to_it(
    protocol: str, enabled: tuple[str, ...], versions: tuple[str, str]
) -> None:
    context = make_context(evolve(QUORUM_TLS_DEFAULTS, protocol=protocol, enabled_protocols=enabled), True)
    assert versions == (context.minimum_version.name, context.maximum_version.name)


def test_two_authorities_of_one_name_both_count(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    members = [pem_settings(tmp_path / name) for name in ("one", "two")]
    trusted = tmp_path / "both.pem"
    trusted.write_bytes(b"".join(Path(member.trust_store.location).read_bytes() for member in members))
    one, two = (
        peer_tls(evolve(member, trust_store=TlsStore(str(trusted), "PEM", key="ssl.quorum.trustStore")))
        for member in members
    )
    for dials, accepts in ((one, two), (two, one)):
        dialling, accepting = dials.dialled(HOST), accepts.accepted()
        assert dialling is not None
        assert accepting is not None
        shake_hands(dialling, accepting)
        assert b"hello" == accepting.received(dialling.to_send(b"hello"))
