"""Ids that come from the alternative names of certificates."""

import ipaddress
import re

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from pyzoo.certificates.certificate import ADDRESS, DIRECTORY, DNS, EMAIL, REGISTERED_ID, URI, alternative_names
from pyzoo.certificates.client_ids import AlternativeNameRule
from pyzoo.errors import MalformedRecord
from tests.support.identities import certificate

COMMON_NAME = x509.NameAttribute(NameOID.COMMON_NAME, "a")
NAMES: list[x509.GeneralName] = [
    x509.DNSName("one.example"),
    x509.UniformResourceIdentifier("spiffe://example/ns/prod/sa/web"),
    x509.DNSName("two.example"),
    x509.RFC822Name("ops@example"),
    x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"), COMMON_NAME])),
    x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4")),
    x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01a"),
]
ALL = re.compile(".*")


def rule(kind: int, match: str = ".*", extract: str = ".*", group: int = 0) -> AlternativeNameRule:
    return AlternativeNameRule(kind, re.compile(match), re.compile(extract), group)


def test_all_kinds_of_names_are_read() -> None:
    assert [
        (DNS, "one.example"),
        (URI, "spiffe://example/ns/prod/sa/web"),
        (DNS, "two.example"),
        (EMAIL, "ops@example"),
        (ADDRESS, "10.0.0.1"),
        (ADDRESS, "2001:db8:0:0:0:0:0:1"),
        (DIRECTORY, "CN=a,C=CH"),
        (REGISTERED_ID, "1.2.3.4"),
        (0, None),
    ] == [(name.kind, name.text) for name in alternative_names(certificate(alternatives=NAMES))]


def test_a_certificate_without_alternative_names_has_none() -> None:
    assert [] == alternative_names(certificate(COMMON_NAME))


@pytest.mark.parametrize(
    ("given", "id"),
    [
        (rule(URI), "spiffe://example/ns/prod/sa/web"),
        (rule(URI, extract="sa/(.*)", group=1), "web"),
        (rule(URI, extract="(?<=ns/)[^/]+"), "prod"),
        (rule(DNS, match="^two"), "two.example"),
        (rule(DIRECTORY), "CN=a,C=CH"),
    ],
)
def test_the_one_name_that_matches_gives_the_id(given: AlternativeNameRule, id: str) -> None:
    assert id == given.client_id(certificate(COMMON_NAME, alternatives=NAMES))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (rule(DNS), "^2 alternative names of the kind 2"),
        (rule(DNS, match="^three"), "^0 alternative names of the kind 2"),
        (rule(5), "^0 alternative names"),
        (rule(0), "^0 alternative names"),
        (rule(URI, extract="none"), "finds nothing"),
        (rule(URI, extract="(x)?sa", group=1), "finds nothing"),
        (rule(URI, extract="x*"), "finds nothing"),
    ],
)
def test_no_name_several_or_none_of_it_give_no_id(given: AlternativeNameRule, reason: str) -> None:
    with pytest.raises(MalformedRecord, match=reason):
        given.client_id(certificate(COMMON_NAME, alternatives=NAMES))
