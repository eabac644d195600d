"""Which host a certificate is for, and that members that dial have to have one for theirs."""

from pathlib import Path

import pytest
from attrs import evolve

from pyzoo.config.ensemble_settings import QuorumSettings
from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.certificate_names import Certificate, is_certificate_of
from pyzoo.runtime.tls_contexts import quorum_tls
from tests.support.identities import HOST, pem_settings


def certificate(*alternatives: tuple[str, str], common_name: str = "other") -> Certificate:
    return {"subject": ((("commonName", common_name),),), "subjectAltName": alternatives}


@pytest.mark.parametrize(
    ("alternatives", "address", "name", "is_it"),
    [
        ([("IP Address", "10.0.0.1")], "10.0.0.1", "", True),
        ([("IP Address", "10.0.0.1")], "10.0.0.2", "", False),
        ([("IP Address", "FE80:0:0:0:0:0:0:1")], "fe80::1%eth0", "", True),
        ([("DNS", "Zoo1.example.org")], "10.0.0.1", "zoo1.EXAMPLE.org", True),
        ([("DNS", "zoo1.example.org")], "10.0.0.1", "", False),
        ([("DNS", "*.example.org")], "10.0.0.1", "zoo1.example.org", True),
        ([("DNS", "*.example.org")], "10.0.0.1", "a.zoo1.example.org", False),
        ([("DNS", "*.org")], "10.0.0.1", "example.org", False),
        ([("DNS", "10.0.0.1")], "10.0.0.1", "", False),
        ([("DNS", "zoo1"), ("IP Address", "10.0.0.1")], "10.0.0.1", "else", True),
    ],
)
def test_alternative_names_decide(alternatives: list[tuple[str, str]], address: str, name: str, is_it: bool) -> None:
    assert is_it == is_certificate_of(certificate(*alternatives, common_name=name), address, name)


@pytest.mark.parametrize(("common_name", "is_it"), [("10.0.0.1", True), ("zoo1", True), ("zoo2", False)])
def test_the_common_name_decides_where_there_are_no_others(common_name: str, is_it: bool) -> None:
    assert is_it == is_certificate_of(certificate(common_name=common_name), "10.0.0.1", "zoo1")


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
