"""Who TLS lets in at the ports of clients, beside 3.9.6: certificates, versions, cipher suites, cut handshakes.

The alerts of JSSE and OpenSSL differ where both are about the certificate: `ALERTS` has both.
"""

import ssl

import pytest
from attrs import evolve

from interop.conftest import PairWith, subject_is_real
from interop.pair import Pair
from interop.server import Config
from interop.tls_probe import CLOSED, SERVED, TLS_12, TLS_13, Flights, Probe, exchange
from interop.tls_stores import EARLY, EXPIRED_ONE, GOOD, WRONG_CA, WRONG_HOST, TlsStores

VERSIONS = [TLS_12, TLS_13]
NO_CERTIFICATE = ""
#: What a certificate that is no good is refused with by 3.9.6 and by pyzoo, in TLS 1.2 and in TLS 1.3.
ALERTS = {
    WRONG_CA: ("certificate_unknown", "unknown_ca", "unknown_ca"),
    EXPIRED_ONE: ("certificate_unknown", "certificate_expired", "certificate_expired"),
    EARLY: ("certificate_unknown", "bad_certificate", "bad_certificate"),
    NO_CERTIFICATE: ("bad_certificate", "handshake_failure", "certificate_required"),
}
#: Python before 3.15 offers all of these or none.
TLS_13_SUITES = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]
PLAIN_SRVR = b"srvr\n"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    return TlsStores.create(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def need(pair_with: PairWith, stores: TlsStores) -> Pair:
    """Both with `ssl.clientAuth` as it is when nothing is said."""
    return pair_with(Config(stores.lines(), secure=True))


@pytest.fixture
def want(pair_with: PairWith, stores: TlsStores) -> Pair:
    """Certificates are asked for and not needed, and there is one cipher suite of TLS 1.2."""
    suites = ",".join(["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", *TLS_13_SUITES])
    lines = stores.lines(clientAuth="want", enabledProtocols="TLSv1.2,TLSv1.3", ciphersuites=suites)
    return pair_with(Config(lines, secure=True))


@pytest.fixture
def none(pair_with: PairWith, stores: TlsStores) -> Pair:
    """Certificates are not asked for, and the plain port takes both."""
    lines = {**stores.lines(clientAuth="none"), "client.portUnification": "true"}
    return pair_with(Config(lines, secure=True))


@pytest.fixture
def names(pair_with: PairWith, stores: TlsStores) -> Pair:
    """The certificate of a client has to be that of its host."""
    return pair_with(Config(stores.lines(clientHostnameVerification="true"), secure=True))


def probe(stores: TlsStores, identity: str, version: ssl.TLSVersion = TLS_13) -> Probe:
    return Probe(stores.pem(identity) if identity else None).speaking(version)


def outcomes(pair: Pair, probe: Probe, admitted: bool) -> list[str]:
    return [probe.outcome(side.server.secure_address, admitted) for side in pair.sides]


def refused_with(identity: str, version: ssl.TLSVersion) -> list[str]:
    """The alerts of both."""
    of_real, *of_pyzoo = ALERTS[identity]
    return [of_real, of_real if subject_is_real() else of_pyzoo[VERSIONS.index(version)]]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("identity", [GOOD, WRONG_HOST])
def test_a_certificate_of_the_authority_is_let_in_whatever_its_host_is(
    need: Pair, stores: TlsStores, identity: str, version: ssl.TLSVersion
) -> None:
    assert [SERVED, SERVED] == outcomes(need, probe(stores, identity, version), admitted=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("identity", ALERTS)
def test_a_certificate_that_is_no_good_and_none_are_refused(
    need: Pair, stores: TlsStores, identity: str, version: ssl.TLSVersion
) -> None:
    assert refused_with(identity, version) == outcomes(need, probe(stores, identity, version), admitted=False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
def test_the_host_that_a_client_asks_for_does_not_matter(
    need: Pair, stores: TlsStores, name: str, version: ssl.TLSVersion
) -> None:
    asking = evolve(probe(stores, GOOD, version), name=name)
    assert [SERVED, SERVED] == outcomes(need, asking, admitted=True)


def test_versions_before_tls_1_2_are_refused(need: Pair, stores: TlsStores) -> None:
    old = probe(stores, GOOD, ssl.TLSVersion.TLSv1_1)
    assert ["protocol_version"] * 2 == outcomes(need, old, admitted=False)


def test_plain_text_at_the_tls_port_is_closed_without_a_byte(need: Pair) -> None:
    assert [(b"", CLOSED)] * 2 == [exchange(side.server.secure_address, PLAIN_SRVR) for side in need.sides]


def test_tls_at_the_plain_port_is_closed(need: Pair, stores: TlsStores) -> None:
    assert [CLOSED] * 2 == [probe(stores, GOOD).outcome(side.server.address, True) for side in need.sides]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("flights", "share"), [(0, 0), (0, 0.01), (0, 0.5), (0, 1), (1, 0.3), (1, 1)])
def test_a_handshake_that_is_cut_off_ends_the_connection_and_nothing_else(
    need: Pair, stores: TlsStores, flights: int, share: float, version: ssl.TLSVersion
) -> None:
    good = probe(stores, GOOD, version)
    cut = [Flights(good.context()).cut(side.server.secure_address, flights, share) for side in need.sides]
    need.compare(f"{flights} flights and {share} of one more", cut)
    assert [SERVED, SERVED] == outcomes(need, good, admitted=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("identity", [GOOD, NO_CERTIFICATE])
def test_where_certificates_are_wanted_none_is_let_in_too(
    want: Pair, stores: TlsStores, identity: str, version: ssl.TLSVersion
) -> None:
    assert [SERVED, SERVED] == outcomes(want, probe(stores, identity, version), admitted=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("identity", [WRONG_CA, EXPIRED_ONE, EARLY])
def test_where_certificates_are_wanted_those_that_are_no_good_are_refused(
    want: Pair, stores: TlsStores, identity: str, version: ssl.TLSVersion
) -> None:
    assert refused_with(identity, version) == outcomes(want, probe(stores, identity, version), admitted=False)


def test_without_a_common_cipher_suite_the_handshake_fails(want: Pair) -> None:
    other = Probe(newest=TLS_12, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")
    assert ["handshake_failure"] * 2 == outcomes(want, other, admitted=False)


@pytest.mark.parametrize("identity", [GOOD, WRONG_CA, EXPIRED_ONE, EARLY, NO_CERTIFICATE])
def test_where_certificates_are_not_asked_for_all_are_let_in(none: Pair, stores: TlsStores, identity: str) -> None:
    assert [SERVED, SERVED] == outcomes(none, probe(stores, identity), admitted=True)


def test_one_port_takes_tls_and_plain_text(none: Pair, stores: TlsStores) -> None:
    assert [SERVED] * 2 == [probe(stores, GOOD).outcome(side.server.address, True) for side in none.sides]
    for answer, end in [exchange(side.server.address, PLAIN_SRVR) for side in none.sides]:
        assert b"Mode: standalone" in answer
        assert CLOSED == end


@pytest.mark.skipif(subject_is_real(), reason="what 3.9.6 does is the first half of the test")
def test_a_client_of_another_address_is_refused_where_3_9_6_refuses_all(names: Pair, stores: TlsStores) -> None:
    here = probe(stores, GOOD)
    assert ["certificate_unknown", SERVED] == outcomes(names, here, admitted=True)
    for stranger in (evolve(here, source="127.0.0.2"), probe(stores, WRONG_HOST)):
        assert ["certificate_unknown", CLOSED] == outcomes(names, stranger, admitted=False)
