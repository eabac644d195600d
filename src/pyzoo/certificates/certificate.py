"""What a certificate says of whom it is for: its subject and its alternative names (RFC 5280)."""

import ipaddress
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzoo.certificates import der
from pyzoo.certificates.der import Element
from pyzoo.certificates.distinguished_names import name_text
from pyzoo.errors import MalformedRecord

_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_ALTERNATIVE_NAMES: Final = "2.5.29.17"
_BEFORE_THE_SUBJECT: Final = 4
"""Serial number, signature algorithm, issuer, validity."""

OTHER_NAME, EMAIL, DNS, X400, DIRECTORY, EDI, URI, ADDRESS, REGISTERED_ID = range(9)
"""Kinds of alternative names: GeneralName's tags, and X509Certificate.getSubjectAlternativeNames's numbers."""


@frozen
class AlternativeName:
    """One alternative name of a subject, of one of the kinds above; `text` is None for what has none in Java."""

    kind: int
    text: str | None


def subject(certificate: bytes) -> str:
    """The subject of a certificate in DER, as `distinguished_names` writes it; raises MalformedRecord."""
    return name_text(_subject(_to_be_signed(certificate)).encoded)


def alternative_names(certificate: bytes) -> list[AlternativeName]:
    """The alternative names of the subject, in their order; raises MalformedRecord."""
    names: list[AlternativeName] = []
    for field in _to_be_signed(certificate):
        if field.tag == _EXTENSIONS:
            for extension in der.elements(der.only_element(field.content, der.SEQUENCE).content):
                names += _names_of(extension)
    return names


def _to_be_signed(certificate: bytes) -> list[Element]:
    """The fields that are signed, but for the version, which may be left out."""
    signed = der.first_element(der.only_element(certificate, der.SEQUENCE).content)
    fields = list(der.elements(signed.content))
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    if signed.tag != der.SEQUENCE or len(fields) <= _BEFORE_THE_SUBJECT:
        raise MalformedRecord("not a certificate")
    return fields


def _subject(fields: list[Element]) -> Element:
    return fields[_BEFORE_THE_SUBJECT]


def _names_of(extension: Element) -> Iterator[AlternativeName]:
    parts = list(der.elements(extension.content))
    if not parts or parts[0].tag != der.OID or der.oid_text(parts[0].content) != _ALTERNATIVE_NAMES:
        return
    if parts[-1].tag != der.OCTET_STRING:
        raise MalformedRecord("an extension without a value")
    for name in der.elements(der.only_element(parts[-1].content, der.SEQUENCE).content):
        kind = name.tag & 0x1F
        yield AlternativeName(kind, _general_name(kind, name.content))


def _general_name(kind: int, content: bytes) -> str | None:
    """The text that Java has for a name; it gives others as bytes, which no regular expression is for."""
    if kind in (EMAIL, DNS, URI):
        return content.decode("latin-1")
    if kind == DIRECTORY:
        return name_text(content)
    if kind == REGISTERED_ID:
        return der.oid_text(content)
    if kind == ADDRESS and len(content) == 4:
        return str(ipaddress.IPv4Address(content))
    if kind == ADDRESS and len(content) == 16:
        return ":".join(f"{int.from_bytes(content[at : at + 2], 'big'):x}" for at in range(0, 16, 2))
    return None
