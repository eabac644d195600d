"""Who TLS lets in at the ports of members: the same asked at the election ports of 3.9.6 and pyzoo in one ensemble."""

import ssl
import struct
from collections.abc import Iterator

import pytest
from attrs import evolve

from interop.conftest import new_ensemble, subject_is_real
from interop.ensemble import LOOPBACK, Settings
from interop.member import JAVA39, PYZOO
from interop.test_tls_refusals import NO_CERTIFICATE, VERSIONS, probe, refused_with
from interop.tls_probe import CLOSED, SILENT, TLS_12, Address, Flights, exchange
from interop.tls_stores import EARLY, EXPIRED_ONE, GOOD, WRONG_CA, WRONG_HOST, TlsStores

#: For a member, TLS is over with a hello of the election: whoever is let in and says none is waited for.
LET_IN = SILENT
LET_IN_SECONDS = 1.0
#: Out of FIPS mode both speak both versions.
SETTINGS = {"sslQuorum": "true", "fips-mode": "false"}
PLAIN_HELLO = struct.pack(">qqi", -65536, 9, 14) + b"127.0.0.1:3888"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    return TlsStores.create(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def ports(stores: TlsStores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Address]]:
    """The election ports, that of 3.9.6 first."""
    settings = Settings({**SETTINGS, **stores.lines("ssl.quorum")})
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO), settings=settings) as ensemble:
        ensemble.start()
        yield [(LOOPBACK, member.election_port) for member in ensemble.members.values()]
        # What was sent to them has put neither off.
        ensemble.wait_until_serving()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_of_the_authority_and_the_address_is_let_in(
    ports: list[Address], stores: TlsStores, version: ssl.TLSVersion
) -> None:
    good = evolve(probe(stores, GOOD, version), patience=LET_IN_SECONDS)
    assert [LET_IN, LET_IN] == [good.outcome(port, admitted=False) for port in ports]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("identity", [WRONG_CA, EXPIRED_ONE, EARLY, NO_CERTIFICATE])
def test_a_certificate_that_is_no_good_and_none_are_refused(
    ports: list[Address], stores: TlsStores, identity: str, version: ssl.TLSVersion
) -> None:
    found = [probe(stores, identity, version).outcome(port, admitted=False) for port in ports]
    assert refused_with(identity, version) == found


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_of_another_host_is_refused(
    ports: list[Address], stores: TlsStores, version: ssl.TLSVersion
) -> None:
    found = [probe(stores, WRONG_HOST, version).outcome(port, admitted=False) for port in ports]
    assert ["certificate_unknown", "certificate_unknown" if subject_is_real() else CLOSED] == found


def test_versions_before_tls_1_2_are_refused(ports: list[Address], stores: TlsStores) -> None:
    old = probe(stores, GOOD, ssl.TLSVersion.TLSv1_1)
    assert ["protocol_version"] * 2 == [old.outcome(port, admitted=False) for port in ports]


def test_without_a_common_cipher_suite_the_handshake_fails(ports: list[Address], stores: TlsStores) -> None:
    other = evolve(probe(stores, GOOD, TLS_12), ciphers="ECDHE-ECDSA-AES128-CCM")
    assert ["handshake_failure"] * 2 == [other.outcome(port, admitted=False) for port in ports]


def test_a_plain_hello_is_closed(ports: list[Address]) -> None:
    ends = [exchange(port, PLAIN_HELLO)[1] for port in ports]
    assert [CLOSED] * 2 == ends


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("flights", "share"), [(0, 0), (0, 0.01), (0, 0.5), (0, 1), (1, 0.3), (1, 1)])
def test_a_handshake_that_is_cut_off_ends_the_connection(
    ports: list[Address], stores: TlsStores, flights: int, share: float, version: ssl.TLSVersion
) -> None:
    good = probe(stores, GOOD, version).context()
    cut = [Flights(good).cut(port, flights, share) for port in ports]
    assert cut[0] == cut[1]
