"""Distinguished names as text, letter by letter as X500Principal.getName() writes them (RFC 2253).

What ACLs name is this text, so that it has to be the same wherever a node was made.
"""

from typing import Final

from pyzoo.certificates import der
from pyzoo.certificates.der import Element
from pyzoo.errors import MalformedRecord

KEYWORDS: Final = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
"""The attributes that RFC 2253 has names for; others are named by their numbers, and their values in hex."""

_ENCODINGS: Final = {
    der.PRINTABLE_STRING: "latin-1",
    der.T61_STRING: "latin-1",
    der.IA5_STRING: "latin-1",
    der.GENERAL_STRING: "latin-1",
    der.BMP_STRING: "utf-16-be",
    der.UTF8_STRING: "utf-8",
}
_ESCAPED: Final = frozenset(',=+<>#;"\\')
_SPACES: Final = " \r"


def name_text(name: bytes) -> str:
    """The text of a Name in DER, its last part first; raises MalformedRecord."""
    parts: list[str] = []
    for rdn in der.elements(der.only_element(name, der.SEQUENCE).content):
        if rdn.tag != der.SET:
            raise MalformedRecord("a part of a name is no set")
        parts.append("+".join(_attribute(each) for each in der.elements(rdn.content)))
    return ",".join(reversed(parts))


def _attribute(attribute: Element) -> str:
    pair = list(der.elements(attribute.content))
    if attribute.tag != der.SEQUENCE or len(pair) != 2 or pair[0].tag != der.OID:
        raise MalformedRecord("an attribute of a name is no pair")
    oid, value = der.oid_text(pair[0].content), pair[1]
    keyword, encoding = KEYWORDS.get(oid), _ENCODINGS.get(value.tag)
    if keyword is None or encoding is None:
        return f"{keyword or oid}=#{value.encoded.hex()}"
    if value.tag == der.BMP_STRING and _is_no_bmp(value.content):
        raise MalformedRecord("a BMPString with characters that it cannot have")
    return f"{keyword}={_escaped(value.content.decode(encoding, 'replace'))}"


def _is_no_bmp(content: bytes) -> bool:
    """Whether this is half a character somewhere: new releases of Java refuse that."""
    return len(content) % 2 == 1 or any(0xD8 <= byte <= 0xDF for byte in content[::2])


def _escaped(value: str) -> str:
    """The value, with a backslash before what would end it or be lost."""
    text = "".join(f"\\{c}" if c in _ESCAPED else "\\00" if c == "\0" else c for c in value)
    begin = len(text) - len(text.lstrip(_SPACES))
    if begin == len(text):
        return "".join(f"\\{c}" for c in text)
    end = len(text.rstrip(_SPACES))
    before, after = ("".join(f"\\{c}" for c in spaces) for spaces in (text[:begin], text[end:]))
    return before + text[begin:end] + after
