"""Reading and writing jute's primitive types; the generated codec is made of these calls.

Every read checks its length before it touches the data, so bad input costs a MalformedRecord and no memory.
Ints and longs are written by librt's write_i32_be and write_i64_be directly.
"""

import codecs
from typing import ClassVar, Final, final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, read_i64_le, write_i32_be, write_i64_le
from mypy_extensions import i32, i64, mypyc_attr

from pyzoo.errors import MalformedRecord

DEFAULT_MAX_BUFFER: Final = 0xFFFFF
MIN_EXTRA: Final = 1024

_MOST_IN_WORDS: Final = 64

_LONG_MASK: Final = 0xFFFFFFFFFFFFFFFF


JAVA_REPLACE: Final = "pyzoo-java-replace"
"""The error handler that replaces ill-formed UTF-8 as Java's decoder does."""


def _java_replace(error: UnicodeError) -> tuple[str, int]:
    """One U+FFFD for each ill-formed sequence; unlike Python, Java takes an encoded surrogate as one."""
    assert isinstance(error, UnicodeDecodeError)
    data, start = error.object, error.start
    following = data[start + 1 : start + 3]
    if data[start] == 0xED and following and 0xA0 <= following[0] <= 0xBF:
        whole = len(following) == 2 and 0x80 <= following[1] <= 0xBF
        return "\ufffd", start + (3 if whole else 2)
    return "\ufffd", error.end


codecs.register_error(JAVA_REPLACE, _java_replace)


class _Limits:
    def __init__(self) -> None:
        self.field: i64 = 2 * DEFAULT_MAX_BUFFER


_limits: Final = _Limits()


def set_field_limit(max_buffer: int, extra: int) -> None:
    """Set the longest string or buffer that a read accepts, in bytes (BinaryInputArchive.checkLength)."""
    _limits.field = min(max_buffer + max(extra, MIN_EXTRA), 0x7FFFFFFF)


def widen_field_limit(max_buffer: int, extra: int) -> None:
    """Accept what `set_field_limit` would, and what is accepted already: other servers of this process may need it."""
    before = _limits.field
    set_field_limit(max_buffer, extra)
    _limits.field = max(_limits.field, before)


def field_limit() -> int:
    """The longest string or buffer that a read accepts, in bytes."""
    return _limits.field


def to_i64(value: int) -> int:
    """Wrap to a signed 64-bit value, as Java's long arithmetic does."""
    value &= _LONG_MASK
    return value - 0x10000000000000000 if value >= 0x8000000000000000 else value


@mypyc_attr(acyclic=True)
class Record:
    """The base of every generated record.

    Records of one kind are equal when their bytes are. No request compares or shows one, so this is written once,
    not generated for each.
    """

    fields: ClassVar[tuple[str, ...]] = ()
    """The names of the fields, in their order in the protocol."""

    def encode(self, out: BytesWriter) -> None:
        """Append the record's bytes to `out`."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and type(other) is type(self) and _bytes_of(other) == _bytes_of(self)

    def __hash__(self) -> int:
        return hash(_bytes_of(self))

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self.fields]
        return f"{type(self).__name__}({', '.join(shown)})"


def _bytes_of(record: Record) -> bytes:
    out = BytesWriter()
    record.encode(out)
    return out.getvalue()


@final
@mypyc_attr(acyclic=True)
class InputArchive:
    """A cursor over bytes; each read moves `pos`, none goes past `end`."""

    def __init__(self, data: bytes, pos: i64 = 0, end: i64 = -1) -> None:
        self.data = data
        self.pos: i64 = pos
        self.end: i64 = end
        if end < 0:
            self.end = len(data)

    def read_bool(self) -> bool:
        pos = self.pos
        if pos >= self.end:
            raise MalformedRecord("a boolean is missing")
        self.pos = pos + 1
        return self.data[pos] != 0

    def read_int(self) -> i32:
        pos = self.pos
        if self.end - pos < 4:
            raise MalformedRecord("an int is missing")
        self.pos = pos + 4
        return read_i32_be(self.data, pos)

    def read_long(self) -> i64:
        pos = self.pos
        if self.end - pos < 8:
            raise MalformedRecord("a long is missing")
        self.pos = pos + 8
        return read_i64_be(self.data, pos)

    def read_length(self) -> i64:
        """The length of a string or buffer: -1 for null, otherwise one that the data can hold."""
        length = i64(self.read_int())
        if length == -1:
            return -1
        if length < 0 or length > _limits.field:
            raise MalformedRecord(f"unreasonable length {length}")
        if length > self.end - self.pos:
            raise MalformedRecord(f"length {length} goes past the end of the record")
        return length

    def read_ustring(self) -> str | None:
        """Ill-formed UTF-8 never fails: each bad sequence reads as U+FFFD, as in Java."""
        length = self.read_length()
        if length < 0:
            return None
        pos = self.pos
        self.pos = pos + length
        return text_of(self.data[pos : pos + length])

    def read_buffer(self) -> bytes | None:
        length = self.read_length()
        if length < 0:
            return None
        pos = self.pos
        self.pos = pos + length
        return self.data[pos : pos + length]

    def read_vector(self) -> i64:
        """The count of a vector: -1 for null; other negative counts read as empty."""
        count = i64(self.read_int())
        if count < -1:
            return 0
        if count > self.end - self.pos:
            # No element takes less than a byte, so this cannot end well: fail before looping.
            raise MalformedRecord(f"a vector of {count} elements goes past the end of the record")
        return count


def text_of(encoded: bytes) -> str:
    """The text of a string; ill-formed UTF-8 never fails, as in `read_ustring`."""
    try:
        return encoded.decode("utf-8")
    except UnicodeDecodeError:
        return encoded.decode("utf-8", JAVA_REPLACE)


def write_bool(out: BytesWriter, value: bool) -> None:
    """Append a boolean."""
    out.append(1 if value else 0)


def write_ustring(out: BytesWriter, value: str | None) -> None:
    """Append a string; null is length -1. Characters beyond the BMP go out as two surrogates (CESU-8)."""
    if value is None:
        write_i32_be(out, -1)
        return
    encoded = encode_ustring(value)
    length: i64 = len(encoded)
    write_i32_be(out, i32(length))
    out.write(encoded)


def encode_ustring(value: str) -> bytes:
    """The bytes of a string as BinaryOutputArchive.stringToByteBuffer makes them."""
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError:
        return _encode_cesu(value)
    if len(encoded) == len(value):
        return encoded
    for character in value:
        if character > "\uffff":
            return _encode_cesu(value)
    return encoded


def _encode_cesu(value: str) -> bytes:
    units = value.encode("utf-16-be", "surrogatepass")
    halves = [chr((units[at] << 8) | units[at + 1]) for at in range(0, len(units), 2)]
    return "".join(halves).encode("utf-8", "surrogatepass")


def write_part(out: BytesWriter, data: bytes, begin: i64, end: i64) -> None:
    """Append data[begin:end]: a few words are copied faster than an object is made of them."""
    if end - begin > _MOST_IN_WORDS or end < 8:
        out.write(data[begin:end])
        return
    while end - begin >= 8:
        write_i64_le(out, read_i64_le(data, begin))
        begin += 8
    left = end - begin
    if left > 0:
        # The last whole word that there is, without what was copied before.
        write_i64_le(out, read_i64_le(data, end - 8) >> (64 - 8 * left))
        out.truncate(len(out) - 8 + left)


def write_buffer(out: BytesWriter, value: bytes | None) -> None:
    """Append a buffer; null is length -1."""
    if value is None:
        write_i32_be(out, -1)
        return
    length: i64 = len(value)
    write_i32_be(out, i32(length))
    out.write(value)
