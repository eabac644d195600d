"""What proves who somebody is, or is meant to: SASL tokens, names, certificates, stores, the first bytes of TLS."""

import hashlib
import ssl
from functools import cache

from pyzoo.certificates.certificate import alternative_names, subject
from pyzoo.certificates.name_syntax import is_distinguished_name
from pyzoo.errors import MalformedRecord, ProtocolViolation, SaslFailure
from pyzoo.outbox import Packets
from pyzoo.quorum.auth_packet import IN_PROGRESS, SUCCESS, AuthLearner, AuthServer, encode_auth
from pyzoo.quorum.hello import Hello, encode_hello
from pyzoo.quorum.link import ELECTION, QUORUM, PeerLink
from pyzoo.runtime.tls.java_stores import java_identities, java_trusted
from pyzoo.runtime.tls.pem_stores import pem_certificates, pem_identity
from pyzoo.runtime.tls.store_errors import StoreError
from pyzoo.runtime.transport.certificate_names import is_address, is_certificate_of
from pyzoo.runtime.transport.client_tls import ClientTlsSession, ServerContexts, Tickets
from pyzoo.runtime.transport.sasl import SaslSession, nobody_beside
from pyzoo.runtime.transport.tls import TlsSession
from pyzoo.sasl.digest_md5 import DigestMd5Client, DigestMd5Server, Service
from pyzoo.sasl.kerberos_name import ClientNames, parse_name, parse_rules
from tests.fuzz.pieces import arrivals, head_and_rest
from tests.fuzz.target import Target
from tests.support.identities import Identity

SERVICE = Service("zookeeper", "zk-sasl-md5")
NONCE = "n" * 40
TLS_FIRST_BYTE = 0x16


def _server() -> DigestMd5Server:
    return DigestMd5Server(SERVICE, {"bob": "secret"}, lambda user, wanted: user, NONCE)


def _client() -> DigestMd5Client:
    return DigestMd5Client(SERVICE, "bob", "secret", NONCE)


def fuzz_sasl_token(data: bytes) -> None:
    """A token proves the password or is refused, and so is a challenge; only the right proof gets a name."""
    how, token = head_and_rest(data)
    server = _server()
    challenge = server.evaluate(b"")
    try:
        server.evaluate(token)
        assert server.is_complete
        assert server.authorization_id == "bob"
        assert _proof() in token, "somebody has got in without the proof"
    except (SaslFailure, ProtocolViolation):
        assert not server.is_complete
    client = _client()
    try:
        answer = client.evaluate(challenge if how & 1 else token)
        assert answer is not None
        assert b"secret" not in answer
        client.evaluate(token)
        assert not client.is_complete or b"rspauth" in token.lower()
    except (SaslFailure, ProtocolViolation):
        assert not client.is_complete


@cache
def _proof() -> bytes:
    """What only somebody who knows the password can say."""
    answer = _client().evaluate(_server().evaluate(b"")) or b""
    return answer.partition(b"response=")[2].partition(b",")[0]


def fuzz_quorum_sasl(data: bytes) -> None:
    """A connection between members opens for who knows the password and for nobody else, in any split."""
    how, wire = head_and_rest(data)
    dials, optional, hello_first = bool(how & 1), bool(how & 2), bool(how & 4)
    learner = AuthLearner(_client()) if dials else None
    server = None if dials else AuthServer(_server())
    link = PeerLink(Packets(), ELECTION if hello_first else QUORUM, "", [], 0)
    session = SaslSession(link, learner, server, optional and not dials, nobody_beside)
    heard = b""
    try:
        for piece in arrivals(wire, how >> 3):
            heard += session.received(piece)
            session.to_send(b"")
    except ProtocolViolation:
        session.to_send(b"")
        return
    assert heard == b"" or session.is_open
    if session.is_open and not optional:
        assert _proof() in wire or dials


def fuzz_kerberos_name(data: bytes) -> None:
    """Names and rules: a short name, or an error with a reason."""
    rules, _, name = data.decode("utf-8", "replace").partition("\n")
    try:
        parsed = parse_rules(rules)
    except ValueError as error:
        assert str(error)
        return
    assert parse_name(name) is None or "@" not in (parse_name(name) or parse_name("a")).service  # type: ignore[union-attr]
    try:
        ClientNames(parsed, "R", False, False).authorize(name, "other")
    except ProtocolViolation as error:
        assert str(error)


def fuzz_certificate(data: bytes) -> None:
    """Subjects and alternative names are read or refused."""
    for read in (subject, alternative_names):
        try:
            read(data)
        except MalformedRecord as error:
            assert str(error)
    text = data.decode("utf-8", "replace")
    is_distinguished_name(text)
    pattern, _, name = text.partition("\n")
    for certificate in (
        {"subjectAltName": (("DNS", pattern), ("IP Address", pattern))},
        {"subject": ((("commonName", pattern),),)},
    ):
        for by_jdk in (True, False):
            is_for_it = is_certificate_of(certificate, "192.0.2.1", name, by_jdk)
            assert not is_for_it or "*" in pattern or name.lower() == pattern.lower() or _is_number(pattern)


def _is_number(text: str) -> bool:
    return is_address(text.strip())


def fuzz_store(data: bytes) -> None:
    """PEM, JKS and PKCS12 files are opened, or refused with a reason that has no password in it."""
    how, contents = head_and_rest(data)
    password = "changeit" if how & 1 else ""
    for read in (pem_identity, java_identities, java_trusted):
        try:
            read(contents, password)
        except StoreError as error:
            assert "changeit" not in error.of("ssl.keyStore")
    try:
        pem_certificates(contents)
    except StoreError as error:
        assert str(error)


@cache
def _context() -> ssl.SSLContext:
    return _identity_context(_identity().pem())


@cache
def _identity() -> Identity:
    return Identity()


def _identity_context(pem: bytes) -> ssl.SSLContext:
    import tempfile

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def fuzz_tls_start(data: bytes) -> None:
    """The first byte tells TLS from plain; plain bytes come through as they are, any others end in an error."""
    how, wire = head_and_rest(data)
    is_tls = wire[:1] == bytes([TLS_FIRST_BYTE])
    peer = TlsSession(_context(), True, None, True)
    heard = b""
    failed = False
    for piece in arrivals(wire, how):
        try:
            heard += peer.received(piece)
            peer.to_send(b"")
        except (OSError, ProtocolViolation):
            failed = True
            break
    assert heard == (b"" if is_tls else wire)
    assert not failed or is_tls
    session = ClientTlsSession(ServerContexts(_context(), _context()), Tickets(), True, None)
    is_plain = False
    for piece in arrivals(wire, how):
        if not session.feed(piece):
            is_plain = True
            break
        session.step()
        session.to_send(b"")
        if session.error is not None:
            break
    assert not session.is_ready
    assert is_plain == (bool(wire) and not is_tls)
    assert session.farewell() == b""


# --- seeds


def _token_seeds() -> list[bytes]:
    answer = _client().evaluate(_server().evaluate(b"")) or b""
    server = _server()
    challenge = server.evaluate(b"")
    last = server.evaluate(answer)
    return [b"\0" + answer, b"\1" + last, b"\0" + challenge, b"\1" + answer, b'\0username="b\\"",realm= x,nc=1,,']


def _session_seeds() -> list[bytes]:
    answer = _client().evaluate(_server().evaluate(b"")) or b""
    server = _server()
    challenge = server.evaluate(b"")
    last = server.evaluate(answer)
    dialled = encode_auth(IN_PROGRESS, b"") + encode_auth(IN_PROGRESS, answer)
    listened = encode_auth(IN_PROGRESS, challenge) + encode_auth(SUCCESS, last)
    hello = encode_hello(Hello(3, [("10.0.0.3", 3888)]), False)
    return [
        b"\0" + dialled + b"rest",
        b"\1" + listened + b"rest",
        b"\4" + hello + dialled,
        b"\x0e" + hello + dialled,
        b"\2" + b"no sasl at all, but sixteen bytes",
        b"\0" + encode_auth(-1, b""),
    ]


def _kerberos_seeds() -> list[bytes]:
    rules = b"RULE:[2:$1@$0](.*@R)s/@.*//g RULE:[1:$1] DEFAULT"
    return [rules + b"\nzk/host@R", b"DEFAULT\nbob@R", b"RULE:[1:a$1](b)s/a/\\$1/\nx@Y", b"\na/b/c@d"]


def _certificate_seeds() -> list[bytes]:
    return [_identity().der()[1], b'CN=a+O="b,c",OID.2.5.4.3=#0c0161;C=\\41', b"*.a.b\nx.a.b", b"::1\n0:0::1"]


def _store_seeds() -> list[bytes]:
    identity = _identity()
    return [
        b"\0" + identity.pem(),
        b"\1" + identity.pem(),
        b"\0" + identity.pem().replace(b"PRIVATE KEY", b"RSA PRIVATE KEY"),
        b"\1\xfe\xed\xfe\xed\0\0\0\2\0\0\0\0" + hashlib.sha1(b"").digest(),
        b"\1\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
    ]


def _tls_seeds() -> list[bytes]:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(incoming, outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    return [
        how + data for how in (b"\0", b"\1") for data in (hello, hello[:50], b"ruok", b"\0\0\0\x2d", b"\x16", b"\x80")
    ]


TARGETS = (
    Target(fuzz_sasl_token, _token_seeds, words=[b'username="', b"nonce=", b"qop=auth", b"maxbuf=", b"nonce-count="]),
    Target(fuzz_quorum_sasl, _session_seeds, words=[encode_auth(IN_PROGRESS, b"")[:12]]),
    Target(fuzz_kerberos_name, _kerberos_seeds, words=[b"RULE:[", b"$1", b"s/", b"DEFAULT", b"@"], most=300),
    Target(
        fuzz_certificate, _certificate_seeds, words=[b"OID.", b"CN=", b"#", b"\\", b"\x06\x03\x55\x1d\x11"], most=1500
    ),
    Target(fuzz_store, _store_seeds, words=[b"-----BEGIN ", b"-----END ", b"PRIVATE KEY-----\n"], most=2000),
    Target(fuzz_tls_start, _tls_seeds, words=[b"\x16\x03\x01", b"\x14\x03\x03"], most=1000),
)
