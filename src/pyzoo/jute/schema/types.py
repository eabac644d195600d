"""Jute's primitive types as Construct classes, with the same checks as the generated codec."""

from typing import Any

import construct as c

from pyzoo.jute.primitives import JAVA_REPLACE, encode_ustring, field_limit

Int = c.Int32sb
Long = c.Int64sb


class BoolType(c.Construct):
    """One byte; any non-zero byte reads as true."""

    def _parse(self, stream: Any, context: Any, path: str) -> bool:
        return bool(c.stream_read(stream, 1, path) != b"\0")

    def _build(self, obj: bool, stream: Any, context: Any, path: str) -> bool:
        c.stream_write(stream, b"\1" if obj else b"\0", 1, path)
        return obj


class BufferType(c.Construct):
    """A length and that many bytes; length -1 is null."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        length = Int._parsereport(stream, context, path)
        if length == -1:
            return None
        if not 0 <= length <= field_limit():
            raise c.CheckError(f"unreasonable length {length}", path=path)
        return self.from_bytes(c.stream_read(stream, length, path))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None:
            Int._build(-1, stream, context, path)
        else:
            encoded = self.to_bytes(obj)
            Int._build(len(encoded), stream, context, path)
            c.stream_write(stream, encoded, len(encoded), path)
        return obj

    def from_bytes(self, data: bytes) -> Any:
        return data

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)


class UStringType(BufferType):
    """A buffer that holds UTF-8 text."""

    def from_bytes(self, data: bytes) -> str:
        return data.decode("utf-8", JAVA_REPLACE)

    def to_bytes(self, value: str) -> bytes:
        return encode_ustring(value)


class VectorType(c.Subconstruct):
    """A count and that many elements; -1 is null, other negative counts read as empty."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        count = Int._parsereport(stream, context, path)
        if count == -1:
            return None
        return [self.subcon._parsereport(stream, context, path) for _ in range(count)]

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        Int._build(-1 if obj is None else len(obj), stream, context, path)
        for element in obj or []:
            self.subcon._build(element, stream, context, path)
        return obj


class OptionalTailType(c.Subconstruct):
    """A last field that old peers do not send: None when the record ends before it."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        if c.stream_iseof(stream):
            return None
        return self.subcon._parsereport(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is not None:
            self.subcon._build(obj, stream, context, path)
        return obj


Bool = BoolType()
Buffer = BufferType()
UString = UStringType()


def Vector(element: c.Construct) -> VectorType:  # noqa: N802 - a type constructor, as in jute
    """vector<element>."""
    return VectorType(element)


def OptionalTail(element: c.Construct) -> OptionalTailType:  # noqa: N802
    """A trailing field that may be missing."""
    return OptionalTailType(element)
