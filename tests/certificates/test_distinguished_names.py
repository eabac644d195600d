"""Subjects as text: what X500Principal.getName() of Java 17 and 25 writes of the same bytes."""

import pytest
from cryptography import x509
from cryptography.x509 import NameAttribute, ObjectIdentifier, RelativeDistinguishedName
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.certificates.certificate import subject
from pyzoo.certificates.distinguished_names import name_text
from pyzoo.certificates.name_syntax import is_distinguished_name
from pyzoo.errors import MalformedRecord
from tests.support.identities import certificate

NAMES = [
    (
        [
            NameAttribute(NameOID.COUNTRY_NAME, "CH"),
            NameAttribute(NameOID.ORGANIZATION_NAME, "Some, Company"),
            NameAttribute(NameOID.COMMON_NAME, "zoo1"),
        ],
        "CN=zoo1,O=Some\\, Company,C=CH",
    ),
    ([NameAttribute(NameOID.COMMON_NAME, 'a,b=c+d<e>f#g;h"i\\j')], 'CN=a\\,b\\=c\\+d\\<e\\>f\\#g\\;h\\"i\\\\j'),
    ([NameAttribute(NameOID.COMMON_NAME, "  a b \r ")], "CN=\\ \\ a b\\ \\\r\\ "),
    ([NameAttribute(NameOID.COMMON_NAME, "   ")], "CN=\\ \\ \\ "),
    ([NameAttribute(NameOID.COMMON_NAME, "a\0b")], "CN=a\\00b"),
    ([NameAttribute(NameOID.ORGANIZATION_NAME, "Zürich 日本 😀")], "O=Zürich 日本 😀"),
    (
        [
            NameAttribute(NameOID.DOMAIN_COMPONENT, "org"),
            NameAttribute(NameOID.STREET_ADDRESS, "s"),
            NameAttribute(NameOID.LOCALITY_NAME, "l"),
            NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "st"),
            NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "ou"),
            NameAttribute(NameOID.USER_ID, "uid"),
        ],
        "UID=uid,OU=ou,ST=st,L=l,STREET=s,DC=org",
    ),
    (
        [
            NameAttribute(NameOID.EMAIL_ADDRESS, "a@b.c"),
            NameAttribute(NameOID.SERIAL_NUMBER, "17"),
            NameAttribute(ObjectIdentifier("1.3.6.1.4.1.99999.1"), "x"),
            NameAttribute(ObjectIdentifier("2.999.3"), "y"),
        ],
        "2.999.3=#0c0179,1.3.6.1.4.1.99999.1=#0c0178,2.5.4.5=#13023137,1.2.840.113549.1.9.1=#16056140622e63",
    ),
    ([], ""),
]


@pytest.mark.parametrize(("attributes", "text"), NAMES, ids=[text for _, text in NAMES])
def test_a_subject_is_named_as_java_names_it(attributes: list[NameAttribute[str]], text: str) -> None:
    assert text == subject(certificate(*attributes))
    # Java does not read all that it writes.
    assert is_distinguished_name(text) is ("\r" not in text)


def test_attributes_of_one_part_keep_their_order() -> None:
    one = RelativeDistinguishedName(
        [NameAttribute(NameOID.COMMON_NAME, "a"), NameAttribute(NameOID.USER_ID, "u")],
    )
    other = RelativeDistinguishedName([NameAttribute(NameOID.ORGANIZATION_NAME, "o")])
    assert "O=o,CN=a+UID=u" == name_text(x509.Name([one, other]).public_bytes())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1404e9a0303d", "é\xa00\\="),  # T61String
        ("1b0161", "a"),  # GeneralString
        ("1e0465e5672c", "日本"),  # BMPString
        ("0c02ff61", "\ufffda"),  # UTF8String that is none
        ("03020005", "#03020005"),  # BIT STRING
        ("1c0400000061", "#1c0400000061"),  # UniversalString
        ("0500", "#0500"),
    ],
)
def test_values_of_all_kinds(value: str, text: str) -> None:
    """As in new releases of Java; those up to 17 read each of these strings as UTF-8."""
    pair = bytes.fromhex("0603550403" + value)
    attribute = bytes([0x30, len(pair)]) + pair
    part = bytes([0x31, len(attribute)]) + attribute
    assert f"CN={text}" == name_text(bytes([0x30, len(part)]) + part)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x05\x00",
        b"\x30\x80\x00\x00",
        b"\x31\x00",
        b"\x30\x00\x00",
        bytes.fromhex("30043102 3000"),
        bytes.fromhex("300d310b 3009 0603550483 0c0161"),  # an object identifier without an end
        pytest.param(
            bytes.fromhex("30820bce 31820bca 30820bc6 06820bbf") + b"\xff" * 3006 + b"\x7f\x0c\x01a",
            id="an object identifier with a number of thousands of digits",
        ),
        bytes.fromhex("300f310d 300b 0603550403 1e04d83dde00"),  # half characters in a BMPString
    ],
)
def test_what_is_no_name_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedRecord):
        name_text(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_name_or_malformed(data: bytes) -> None:
    for read in (name_text, subject):
        try:
            read(data)
        except MalformedRecord:
            pass


@given(st.data())
def test_a_certificate_with_wrong_bytes_is_one_or_malformed(data: st.DataObject) -> None:
    encoded = bytearray(SOME)
    for at in data.draw(st.lists(st.integers(0, len(encoded) - 1), min_size=1, max_size=3)):
        encoded[at] = data.draw(st.integers(0, 255))
    try:
        subject(bytes(encoded[: data.draw(st.integers(0, len(encoded)))]))
    except MalformedRecord:
        pass


SOME = certificate(NameAttribute(NameOID.COMMON_NAME, "some"), alternatives=[x509.DNSName("a.example")])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CN=a",
        "cn = a , O=b;C=c",
        "OID.2.5.4.3=a+1.2.3=b",
        "CN=",
        "EMAILADDRESS=a@b",
        'CN="a,b" ,O=c',
        "CN=a\\,b",
        "CN=\\41\\e9",
        "CN=#0c0161",
        "CN= \n a",
        "S=x,T=y,IP=1",
    ],
)
def test_what_java_takes_for_a_name(text: str) -> None:
    assert is_distinguished_name(text)


def test_long_names_are_plain() -> None:
    """Others would be a way to keep the server busy."""
    assert is_distinguished_name(",".join(["CN=a\\,b"] * 100_000))
    assert not is_distinguished_name(",".join(["CN=#0c0161"] * 100_000))
    assert not is_distinguished_name("9" * 1_000_000 + ".1=a")


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "a",
        "=a",
        "X=a",
        "CN=a,",
        "CN=a,b",
        "CN=a+",
        "3.1=a",
        "0.40=a",
        "1.2.=a",
        "1=a",
        'CN="a',
        'CN="a"b',
        "CN=a<b",
        "CN=\\a",
        "CN=a\\",
        "CN=\\4x",
        "CN=#",
        "CN=#0",
        "CN=#0c0261",
        "spiffe://a/b",
        "anyone",
        pytest.param(f"1.{'9' * 5000}=a", id="a number of thousands of digits"),
    ],
)
def test_what_java_takes_for_no_name(text: str) -> None:
    assert not is_distinguished_name(text)
