"""Whether certificates are revoked: by lists (CRL) that they name, and by responders (OCSP) that they name.

As the JDK does it (RevocationChecker with the options of X509Util): of a chain that is good otherwise, each certificate
below the trusted one has to be shown not to be revoked, and what cannot be found out is refused. This waits for the
network, so it is for threads.
"""

import logging
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, TypeVar, final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from pyzoo.runtime.transport.certificate_names import refused

logger: Final = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")
Fetch = Callable[[str, bytes | None], bytes]
"""What a URL has, or what it answers to a body; raises OSError or ValueError."""

LONGEST_KEPT: Final = timedelta(minutes=5)
"""An answer is asked for again after that, though it may be good for longer."""
FAILURE_KEPT: Final = timedelta(seconds=10)
"""So long nobody is asked again who has not answered: others wait behind the connection that asks."""
MOST_KEPT: Final = 1000
MOST_LISTS: Final = 16
"""They may be large, and an authority has one or two."""
CLOCK_SKEW: Final = timedelta(minutes=15)
"""What clocks may differ by, as in the JDK."""
_ENCODING_DER: Final = 2
_UNREADABLE: Final = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound)


class Undetermined(Exception):
    """Why it could not be found out."""


@final
class Revocation:
    """Answers about certificates, kept for a while."""

    def __init__(self, asks_responders: bool, fetch: Fetch, now: Callable[[], datetime]) -> None:
        """With `asks_responders` they come first, and lists where they tell nothing; else there are lists alone."""
        self._asks_responders = asks_responders
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, bytes], tuple[datetime, bool | str]] = OrderedDict()
        self._lists: OrderedDict[str, tuple[datetime, x509.CertificateRevocationList | str]] = OrderedDict()
        self._chains: OrderedDict[bytes, tuple[bytes, ...]] = OrderedDict()

    def check_session(self, tls: ssl.SSLObject | ssl.SSLSocket) -> None:
        """Look at what the other end has shown in a handshake, if anything; raises ssl.SSLCertVerificationError."""
        leaf = tls.getpeercert(True)
        if leaf is not None:
            resumed = bool(tls.session_reused)
            self.check([leaf] if resumed else verified_chain(tls), resumed)

    def check(self, chain: Iterable[bytes], resumed: bool) -> None:
        """Look at a verified chain, DER, from the leaf to the trusted one; raises ssl.SSLCertVerificationError.

        A session that is `resumed` has its leaf alone; the rest is known from when it began.
        """
        shown = tuple(chain)
        if resumed:
            shown = self._chains.get(shown[0], ()) if shown else ()
            if not shown:
                raise refused("whether the certificate of its session is revoked is not known")
        else:
            _keep(self._chains, shown[0], shown)
        certificates = [x509.load_der_x509_certificate(each) for each in shown]
        for certificate, issuer in pairwise(certificates):
            self._check_one(certificate, issuer)

    def _check_one(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        subject = certificate.subject.rfc4514_string()
        try:
            revoked = self._is_revoked(certificate, issuer)
        except Undetermined as reason:
            raise refused(f"whether the certificate of {subject} is revoked cannot be found out: {reason}") from reason
        if revoked:
            raise refused(f"the certificate of {subject} is revoked")

    def _is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        if not self._asks_responders:
            return self._is_listed(certificate, issuer)
        try:
            return self._responders_say(certificate, issuer)
        except Undetermined as reason:
            try:
                return self._is_listed(certificate, issuer)
            except Undetermined as other:
                raise Undetermined(f"{reason}; {other}") from other

    # --- lists

    def _is_listed(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        reasons = []
        for url in lists_of(certificate):
            try:
                found = self._list_of(url)
                refuse_list(found, certificate, issuer, self._now())
                return found.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            except Undetermined as reason:
                reasons.append(f"{url}: {reason}")
            except _UNREADABLE as error:
                reasons.append(f"{url}: {error or type(error).__name__}")
        raise Undetermined("; ".join(reasons) or "it names no revocation list")

    def _list_of(self, url: str) -> x509.CertificateRevocationList:
        with self._lock:
            until, found = self._lists.get(url, (None, ""))
            if until is None or until < self._now():
                until, found = self._fetched_list(url)
                _keep(self._lists, url, (until, found), MOST_LISTS)
        if isinstance(found, str):
            raise Undetermined(found)
        return found

    def _fetched_list(self, url: str) -> tuple[datetime, x509.CertificateRevocationList | str]:
        until, data = self._asked(url, None)
        if isinstance(data, str):
            return until, data
        try:
            return until, x509.load_der_x509_crl(data)
        except _UNREADABLE as error:
            return self._now() + FAILURE_KEPT, str(error) or type(error).__name__

    def _asked(self, url: str, body: bytes | None) -> tuple[datetime, bytes | str]:
        """What was fetched, or why nothing was, and until when that counts."""
        try:
            return self._now() + LONGEST_KEPT, self._fetch(url, body)
        except (OSError, ValueError) as error:
            logger.warning("Nothing is known about revocations from %s: %s", url, error)
            return self._now() + FAILURE_KEPT, str(error)

    # --- responders

    def _responders_say(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        urls = responders_of(certificate)
        if not urls:
            raise Undetermined("it names no OCSP responder")
        with self._lock:
            key = (certificate.serial_number, issuer.public_bytes(Encoding.DER))
            until, found = self._kept.get(key, (None, False))
            if until is None or until < self._now():
                until, found = self._answer(urls[0], certificate, issuer)
                _keep(self._kept, key, (until, found))
        if isinstance(found, str):
            raise Undetermined(f"{urls[0]}: {found}")
        return found

    def _answer(self, url: str, certificate: x509.Certificate, issuer: x509.Certificate) -> tuple[datetime, bool | str]:
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())
        until, answer = self._asked(url, builder.build().public_bytes(Encoding.DER))
        if isinstance(answer, str):
            return until, answer
        try:
            return until, is_revoked_by(ocsp.load_der_ocsp_response(answer), certificate, issuer, self._now())
        except Undetermined as reason:
            return self._now() + FAILURE_KEPT, str(reason)
        except _UNREADABLE as error:
            return self._now() + FAILURE_KEPT, str(error) or type(error).__name__


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int = MOST_KEPT) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


# --- what certificates name


def lists_of(certificate: x509.Certificate) -> list[str]:
    """The URLs of its revocation lists."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    names = [name for point in points for name in point.full_name or ()]
    return [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]


def responders_of(certificate: x509.Certificate) -> list[str]:
    """The URLs of its OCSP responders."""
    try:
        places = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        place.access_location.value
        for place in places
        if place.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(place.access_location, x509.UniformResourceIdentifier)
    ]


# --- what lists and responders say


def refuse_list(
    found: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> None:
    """Raise Undetermined for a list that tells nothing of this certificate."""
    if found.issuer != certificate.issuer:
        raise Undetermined("the list is of another authority")
    if not found.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]  # others raise TypeError
        raise Undetermined("the list is not signed by its authority")
    ends = found.next_update_utc
    if found.last_update_utc > now + CLOCK_SKEW or ends is None or ends < now - CLOCK_SKEW:
        raise Undetermined("the list is out of date")
    for extension in found.extensions:
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            point = extension.value
            if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
                raise Undetermined("the list has only a part of them")
            if point.only_contains_ca_certs or point.only_contains_user_certs:
                raise Undetermined("the list is of some kinds of certificates only")
        elif extension.critical:
            raise Undetermined(f"the list has an extension that is not known here, {extension.oid.dotted_string}")


def is_revoked_by(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> bool:
    """What a responder says of a certificate; raises Undetermined where that does not count."""
    if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Undetermined(f"the responder says {response.response_status.name}")
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, response.hash_algorithm).build()
    if (response.serial_number, response.issuer_key_hash, response.issuer_name_hash) != (
        request.serial_number,
        request.issuer_key_hash,
        request.issuer_name_hash,
    ):
        raise Undetermined("the answer is about another certificate")
    _refuse_signer(response, issuer, now)
    ends = response.next_update_utc or response.this_update_utc
    if response.this_update_utc > now + CLOCK_SKEW or ends < now - CLOCK_SKEW:
        raise Undetermined("the answer is out of date")
    if response.certificate_status == ocsp.OCSPCertStatus.UNKNOWN:
        raise Undetermined("the responder does not know the certificate")
    return response.certificate_status == ocsp.OCSPCertStatus.REVOKED


def _refuse_signer(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """The authority itself answers, or whom it has given a certificate for that."""
    for signer in (issuer, *response.certificates):
        if signer is not issuer and not _may_answer(signer, issuer, now):
            continue
        try:
            _verify(signer, response)
        except InvalidSignature:
            continue
        return
    raise Undetermined("the answer is not signed by the authority")


def _may_answer(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        signer.verify_directly_issued_by(issuer)
        usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except _UNREADABLE:
        return False
    in_time = signer.not_valid_before_utc <= now <= signer.not_valid_after_utc
    return in_time and ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _verify(signer: x509.Certificate, response: ocsp.OCSPResponse) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key, digest = signer.public_key(), response.signature_hash_algorithm
    if digest is None:
        raise Undetermined("the answer is signed in a way that is not known here")
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
    else:
        raise Undetermined("the answer is signed in a way that is not known here")


def verified_chain(tls: ssl.SSLObject | ssl.SSLSocket) -> list[bytes]:
    """The certificates that the other end was verified by, DER; Python before 3.13 has them inside."""
    if hasattr(tls, "get_verified_chain"):
        return list(tls.get_verified_chain())
    inside: Any = tls
    return [each.public_bytes(_ENCODING_DER) for each in inside._sslobj.get_verified_chain()]


def utc_now() -> datetime:
    """The clock of a server."""
    return datetime.now(UTC)
