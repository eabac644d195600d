"""Which host a certificate is for, and that members that dial have to have one for theirs."""

from pathlib import Path

import pytest
from attrs import evolve

from pyzoo.config.ensemble_settings import QuorumSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.tls.contexts import quorum_tls
from pyzoo.runtime.transport.certificate_names import Certificate, jdk_accepts, zookeeper_accepts
from tests.support.identities import HOST, pem_settings

HOSTS = [
    "127.0.0.1",
    "fe80:0:0:0:0:0:0:1",
    "zoo1.example.org",
    "ZOO12.example.org",
    "a.zoo1.example.org",
    "example.org",
    "zoo_1.example.org",
    "zoo1.example.org.",
    "localhost",
]


def certificate(alternatives: str, *common_names: str) -> Certificate:
    """`alternatives` as in a configuration of openssl."""
    kinds = {"IP": "IP Address"}
    found = [one.partition(":") for one in alternatives.split(",") if one]
    return {
        "subject": tuple((("commonName", name),) for name in common_names),
        "subjectAltName": tuple((kinds.get(kind, kind), value) for kind, _, value in found),
    }


@pytest.mark.parametrize(
    ("shown", "by_zookeeper", "by_jdk"),
    [
        (certificate("IP:127.0.0.1", "localhost"), "0", "08"),
        (certificate("IP:FE80:0:0:0:0:0:0:1", "x"), "1", "1"),
        (certificate("DNS:Zoo1.example.org", "localhost"), "2", "2"),
        (certificate("DNS:other,IP:127.0.0.1", "zoo1.example.org"), "0", "0"),
        (certificate("DNS:127.0.0.1", "127.0.0.1"), "", ""),
        (certificate("", "zoo1.example.org"), "2", "2"),
        (certificate("", "localhost", "zoo1.example.org"), "2", "2"),
        (certificate("", "127.0.0.1"), "0", ""),
        (certificate("IP:10.0.0.9", "zoo1.example.org"), "", "2"),
        (certificate("email:a@b.c", "zoo1.example.org"), "2", "2"),
        (certificate("URI:spiffe://x/y", "127.0.0.1"), "0", ""),
        (certificate(""), "", ""),
        (certificate("DNS:*.example.org"), "236", "23"),
        (certificate("", "*.example.org"), "236", "23"),
        (certificate("DNS:zoo*.example.org"), "236", "23"),
        (certificate("DNS:z*1.example.org"), "26", "2"),
        (certificate("DNS:*.*.example.org"), "", "4"),
        (certificate("DNS:*.org"), "5", "5"),
        (certificate("DNS:*"), "8", ""),
        (certificate("DNS:zoo1.example.org."), "7", ""),
        (certificate("DNS:zoo_1.example.org"), "6", ""),
    ],
)
def test_a_certificate_is_for_the_hosts_that_java_takes_it_for(
    shown: Certificate, by_zookeeper: str, by_jdk: str
) -> None:
    """Which of HOSTS; `interop/test_tls_stores.py` asks Java."""
    for accepts, expected in ((zookeeper_accepts, by_zookeeper), (jdk_accepts, by_jdk)):
        assert expected == "".join(str(n) for n, host in enumerate(HOSTS) if accepts(shown, host)), accepts


@pytest.mark.parametrize("host", ["fe80::1%eth0", "[fe80::1]", "fe80::1"])
def test_an_address_is_one_however_it_is_written(host: str) -> None:
    shown = certificate("IP:fe80:0:0:0:0:0:0:1")
    assert (True, True) == (zookeeper_accepts(shown, host), jdk_accepts(shown, host))


@pytest.mark.parametrize(
    ("fips_mode", "checked", "address", "works"),
    [(fips_mode, *case) for fips_mode in (False, True)
     for case in ((True, HOST, True), (True, "10.0.0.1", False), (False, "10.0.0.1", True))],
)  # fmt: skip
def test_who_dials_needs_a_certificate_of_its_address(
    tmp_path: Path, fips_mode: bool, checked: bool, address: str, works: bool
) -> None:
    settings = evolve(pem_settings(tmp_path), fips_mode=fips_mode, client_hostname_verification=checked)
    tls = quorum_tls(ServerConfig(data_dir="/nowhere", quorum=QuorumSettings(ssl=True), quorum_tls=settings))
    dialling, accepting = tls.dialled(HOST), tls.accepted(address)
    assert dialling is not None
    assert accepting is not None

    def shake_hands() -> None:
        for _ in range(4):
            accepting.received(dialling.to_send(b""))
            dialling.received(accepting.to_send(b""))

    if works:
        shake_hands()
        assert b"hello" == accepting.received(dialling.to_send(b"hello"))
    else:
        with pytest.raises(OSError, match=r"certificate of 10\.0\.0\.1 is that of another host"):
            shake_hands()


@pytest.mark.parametrize(
    ("fips_mode", "reverse", "dialled", "asks"),
    [(True, True, True, False), (False, True, True, True), (False, False, True, False), (False, True, False, False)],
)
def test_names_of_diallers_count_out_of_fips_mode_only(
    tmp_path: Path, fips_mode: bool, reverse: bool, dialled: bool, asks: bool
) -> None:
    settings = evolve(
        pem_settings(tmp_path),
        fips_mode=fips_mode,
        allow_reverse_dns_lookup=reverse,
        # Without the check of who is dialled there is none of who dials.
        hostname_verification=dialled,
    )
    tls = quorum_tls(ServerConfig(data_dir="/nowhere", quorum=QuorumSettings(ssl=True), quorum_tls=settings))
    assert asks == tls.asks_names


@pytest.mark.parametrize(
    ("fips_mode", "checked", "host", "works"),
    [
        (True, True, HOST, True),
        (True, True, "localhost", False),
        (True, False, "localhost", True),
        (False, True, "localhost", True),
        (False, False, "localhost", True),
    ],
)
def test_who_is_dialled_needs_a_certificate_of_its_name_or_out_of_fips_mode_of_its_address(
    tmp_path: Path, fips_mode: bool, checked: bool, host: str, works: bool
) -> None:
    """The certificate is that of an address."""
    settings = evolve(pem_settings(tmp_path), fips_mode=fips_mode, hostname_verification=checked)
    tls = quorum_tls(ServerConfig(data_dir="/nowhere", quorum=QuorumSettings(ssl=True), quorum_tls=settings))
    dialling, accepting = tls.dialled(host, HOST), tls.accepted(HOST)
    assert dialling is not None
    assert accepting is not None
    accepting.received(dialling.to_send(b"hello"))
    if works:
        dialling.received(accepting.to_send(b""))
        assert b"hello" == accepting.received(dialling.to_send(b""))
    else:
        with pytest.raises(OSError, match=rf"certificate of {HOST} \({host}\) is that of another host"):
            dialling.received(accepting.to_send(b""))
