"""DER: the elements that certificates are made of (X.690)."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzoo.errors import MalformedRecord

OCTET_STRING: Final = 0x04
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
T61_STRING: Final = 0x14
IA5_STRING: Final = 0x16
GENERAL_STRING: Final = 0x1B
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31

_TAG_NUMBER: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_MOST_LENGTH_BYTES: Final = 4
_MOST_NUMBER: Final = 1 << 4096
"""Of an object identifier; Python writes none of more than 4300 digits."""


@frozen
class Element:
    """One element: `encoded` is all of it, `content` what is in it."""

    tag: int
    content: bytes
    encoded: bytes


def elements(data: bytes) -> Iterator[Element]:
    """The elements that these bytes are, one behind the other; raises MalformedRecord where they are none."""
    at = 0
    while at < len(data):
        element = first_element(data, at)
        yield element
        at += len(element.encoded)


def only_element(data: bytes, tag: int) -> Element:
    """The one element that these bytes are, which has this tag; raises MalformedRecord."""
    element = first_element(data)
    if element.tag != tag or len(element.encoded) != len(data):
        raise MalformedRecord(f"not one DER element with the tag 0x{tag:02x}")
    return element


def first_element(data: bytes, start: int = 0) -> Element:
    """The element that begins here; raises MalformedRecord where none does."""
    if len(data) - start < 2 or data[start] & _TAG_NUMBER == _TAG_NUMBER:
        raise MalformedRecord("not a DER element")
    at, length = start + 2, data[start + 1]
    if length & _LONG_LENGTH:
        count = length - _LONG_LENGTH
        if not 0 < count <= _MOST_LENGTH_BYTES or len(data) - at < count:
            raise MalformedRecord("a DER element without a length")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if len(data) - at < length:
        raise MalformedRecord("a DER element that is cut off")
    return Element(data[start], data[at : at + length], data[start : at + length])


def oid_text(content: bytes) -> str:
    """An object identifier with dots; raises MalformedRecord."""
    if not content or content[-1] & 0x80:
        raise MalformedRecord("an object identifier without an end")
    numbers: list[int] = []
    number, begins = 0, True
    for byte in content:
        if begins and byte == 0x80:
            raise MalformedRecord("an object identifier with a useless byte")
        number = number << 7 | byte & 0x7F
        if number >= _MOST_NUMBER:
            raise MalformedRecord("an object identifier with a number beyond all measure")
        begins = not byte & 0x80
        if begins:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(each) for each in (first, numbers[0] - 40 * first, *numbers[1:]))
