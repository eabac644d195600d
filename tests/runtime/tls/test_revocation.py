"""Revoked certificates: what lists and responders say, and that nobody gets in of whom nothing is known."""

import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyzoo.config.tls_settings import TlsSettings, TlsStore
from pyzoo.runtime.tls.contexts import make_context, make_server_contexts
from pyzoo.runtime.tls.revocation import CLOCK_SKEW, FAILURE_KEPT, LONGEST_KEPT, Revocation
from pyzoo.runtime.transport.client_tls import ClientTls
from pyzoo.runtime.transport.tls import PeerTls
from tests.support.authority import CLIENT, LIST, NAMES_LIST, NAMES_RESPONDER, NOW, RESPONDER, Ca, der
from tests.support.identities import pem_settings

OTHER = Ca("another")


@define
class Network:
    """What is at URLs; who is not there gives an OSError."""

    places: dict[str, Callable[[], bytes]] = field(factory=dict)
    asked: list[str] = field(factory=list)
    now: datetime = NOW

    def fetch(self, url: str, body: bytes | None) -> bytes:
        self.asked.append(url)
        assert (body is not None) == (url == RESPONDER)
        if url not in self.places:
            raise ConnectionRefusedError(111, "Connection refused")
        return self.places[url]()

    def revocation(self, responders: bool) -> Revocation:
        return Revocation(responders, self.fetch, lambda: self.now)


@pytest.fixture
def ca() -> Ca:
    return Ca()


@pytest.fixture
def network() -> Network:
    return Network()


def verdict(revocation: Revocation, ca: Ca, certificate: x509.Certificate) -> str:
    """Empty for a certificate that is good."""
    try:
        revocation.check([der(certificate), der(ca.certificate)], resumed=False)
    except ssl.SSLCertVerificationError as error:
        return str(error)
    return ""


# --- lists


def test_who_is_on_the_list_is_refused_and_others_are_not(ca: Ca, network: Network) -> None:
    good, bad = ca.issue(NAMES_LIST), ca.issue(NAMES_LIST)
    ca.revoked.append(bad.serial_number)
    network.places[LIST] = ca.list
    revocation = network.revocation(responders=False)
    assert "" == verdict(revocation, ca, good)
    assert "the certificate of CN=client is revoked" in verdict(revocation, ca, bad)
    assert [LIST] == network.asked


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (lambda ca: Ca().list(), "not signed by its authority"),
        (lambda ca: Ca("another").list(), "of another authority"),
        (lambda ca: ca.list(ends=NOW - CLOCK_SKEW - timedelta(seconds=1)), "out of date"),
        (lambda ca: ca.list((x509.DeltaCRLIndicator(1), True)), "an extension that is not known here"),
        (lambda ca: ca.list((x509.IssuingDistributionPoint(None, None, True, False, None, False, False), True)),
         "some kinds of certificates only"),
        (lambda ca: ca.list()[:50], LIST),
        (lambda ca: b"<html>", LIST),
    ],
)  # fmt: skip
def test_a_list_that_does_not_count_lets_nobody_in(
    ca: Ca, network: Network, listed: Callable[[Ca], bytes], reason: str
) -> None:
    network.places[LIST] = lambda: listed(ca)
    found = verdict(network.revocation(responders=False), ca, ca.issue(NAMES_LIST))
    assert "cannot be found out" in found
    assert reason in found


def test_without_a_list_nobody_gets_in(ca: Ca, network: Network) -> None:
    revocation = network.revocation(responders=False)
    assert "names no revocation list" in verdict(revocation, ca, ca.issue(NAMES_RESPONDER))
    assert "Connection refused" in verdict(revocation, ca, ca.issue(NAMES_LIST))


def test_a_place_that_does_not_answer_is_asked_again_after_a_while(ca: Ca, network: Network) -> None:
    revocation, certificate = network.revocation(responders=False), ca.issue(NAMES_LIST)
    for _ in range(3):
        assert "Connection refused" in verdict(revocation, ca, certificate)
    assert [LIST] == network.asked
    network.now += FAILURE_KEPT + timedelta(seconds=1)
    network.places[LIST] = ca.list
    assert "" == verdict(revocation, ca, certificate)


def test_a_list_is_fetched_again_after_a_while(ca: Ca, network: Network) -> None:
    revocation, certificate = network.revocation(responders=False), ca.issue(NAMES_LIST)
    network.places[LIST] = ca.list
    assert "" == verdict(revocation, ca, certificate)
    ca.revoked.append(certificate.serial_number)
    assert "" == verdict(revocation, ca, certificate)
    network.now += LONGEST_KEPT + timedelta(seconds=1)
    assert "is revoked" in verdict(revocation, ca, certificate)


# --- responders


def test_responders_are_asked_before_lists(ca: Ca, network: Network) -> None:
    certificate = ca.issue(NAMES_LIST, NAMES_RESPONDER)
    network.places |= {RESPONDER: lambda: ca.answer(certificate), LIST: ca.list}
    assert "" == verdict(network.revocation(responders=True), ca, certificate)
    assert [RESPONDER] == network.asked
    ca.revoked.append(certificate.serial_number)
    assert "is revoked" in verdict(network.revocation(responders=True), ca, certificate)


def test_where_a_responder_tells_nothing_the_list_decides(ca: Ca, network: Network) -> None:
    certificate = ca.issue(NAMES_LIST, NAMES_RESPONDER)
    network.places |= {RESPONDER: lambda: ca.answer(certificate, ocsp.OCSPCertStatus.UNKNOWN), LIST: ca.list}
    assert "" == verdict(network.revocation(responders=True), ca, certificate)
    ca.revoked.append(certificate.serial_number)
    assert "is revoked" in verdict(network.revocation(responders=True), ca, certificate)


@pytest.mark.parametrize("usage", [ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.CLIENT_AUTH])
def test_an_authority_lets_others_answer_by_a_certificate_for_that(
    ca: Ca, network: Network, usage: x509.ObjectIdentifier
) -> None:
    certificate = ca.issue(NAMES_RESPONDER)
    delegate = ca.issue(x509.ExtendedKeyUsage([usage]), name="responder")
    network.places[RESPONDER] = lambda: ca.answer(certificate, signer=(delegate, CLIENT))
    found = verdict(network.revocation(responders=True), ca, certificate)
    assert (usage == ExtendedKeyUsageOID.OCSP_SIGNING) == (found == ""), found


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda ca, _: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER), "TRY_LATER"),
        (lambda ca, certificate: Ca().answer(certificate), "about another certificate"),
        (lambda ca, _: ca.answer(ca.issue(NAMES_RESPONDER)), "about another certificate"),
        (lambda ca, certificate: ca.answer(certificate, signer=(OTHER.certificate, OTHER.key)), "not signed by"),
        (lambda ca, certificate: ca.answer(certificate, ends=NOW - CLOCK_SKEW - timedelta(seconds=1)), "out of date"),
        (lambda ca, certificate: ca.answer(certificate, ocsp.OCSPCertStatus.UNKNOWN), "does not know the certificate"),
        (lambda ca, _: b"<html>", RESPONDER),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_count_lets_nobody_in(
    ca: Ca, network: Network, answer: Callable[[Ca, x509.Certificate], bytes], reason: str
) -> None:
    certificate = ca.issue(NAMES_RESPONDER)
    network.places[RESPONDER] = lambda: answer(ca, certificate)
    found = verdict(network.revocation(responders=True), ca, certificate)
    assert "cannot be found out" in found
    assert reason in found


# --- sessions


def shake_hands(
    tls: ClientTls, client: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[str, ssl.SSLObject]:
    """What the server made of it, and the client's end."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    dialling = client.wrap_bio(incoming, outgoing, session=session)
    accepting = tls.accepted(False, "127.0.0.1")
    for _ in range(3):
        try:
            dialling.do_handshake()
            dialling.read(1)
        except ssl.SSLWantReadError:
            pass
        data = outgoing.read()
        if data:
            accepting.feed(data)
            accepting.step()
        incoming.write(accepting.to_send(b""))
    return "" if accepting.error is None else str(accepting.error), dialling


def test_a_session_that_is_resumed_is_looked_at_again(ca: Ca, network: Network, tmp_path: Path) -> None:
    certificate = ca.issue(NAMES_LIST)
    network.places[LIST] = ca.list
    key = CLIENT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "client.pem").write_bytes(key + certificate.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    own, trusted = (TlsStore(str(tmp_path / name), "PEM") for name in ("client.pem", "ca.pem"))
    settings = TlsSettings(key_store=own, trust_store=trusted, hostname_verification=False)
    revocation = network.revocation(responders=False)
    tls = ClientTls(make_server_contexts(settings), False, refuse_revoked=revocation.check_session)
    client = make_context(settings, False)
    reason, first = shake_hands(tls, client)
    assert "" == reason
    reason, second = shake_hands(tls, client, first.session)
    assert ("", True) == (reason, second.session_reused)
    ca.revoked.append(certificate.serial_number)
    network.now += LONGEST_KEPT + timedelta(seconds=1)
    reason, third = shake_hands(tls, client, first.session)
    assert third.session_reused
    assert "is revoked" in reason


def test_members_say_nothing_before_what_was_shown_is_examined(tmp_path: Path) -> None:
    settings = pem_settings(tmp_path)
    tls = PeerTls(make_context(settings, False), make_context(settings, True), True, False, examine=lambda tls: None)
    dialling, accepting = tls.dialled("127.0.0.1"), tls.accepted("127.0.0.1")
    assert dialling is not None
    assert accepting is not None
    said = b""
    for _ in range(4):
        said += accepting.received(dialling.to_send(b"hello"))
        said += dialling.received(accepting.to_send(b"answer"))
    assert b"" == said
    for end in (dialling, accepting):
        assert end.to_examine is not None
        assert end.holds_back
    assert b"" == dialling.admit()
    assert b"" == accepting.received(dialling.to_send(b""))
    assert b"hello" * 4 == accepting.admit()
    assert b"answer" * 4 == dialling.received(accepting.to_send(b""))
