"""Compressed snapshot streams: none, gz (RFC 1952), and snappy in the framing of xerial's SnappyOutputStream.

    snappy    82 'SNAPPY' 00 | int version 1 | int lowest compatible version 1 | (int n | n bytes raw block)*

Compressors turn chunks into chunks; sources turn a `read(size)` of the file into a `read(size)` of the
contents. The rule: the end of a damaged stream is never taken for its end, except in snappy between two
blocks, where the format has no end mark; there the seals of the snapshot tell.
"""

import zlib
from collections.abc import Callable
from typing import Final, Protocol

from pyzoo.errors import CorruptStorage, StorageError

PLAIN: Final = ""
GZ: Final = "gz"
SNAPPY: Final = "snappy"

GZIP_MAGIC: Final = b"\x1f\x8b"
SNAPPY_MAGIC: Final = b"\x82SNAPPY\x00"

_GZIP_WBITS: Final = 31
_SNAPPY_VERSION: Final = 1
_SNAPPY_BLOCK: Final = 32768
# ZooKeeper's servers write blocks of 32768 bytes; nobody gets more memory for a block by claiming that it is larger.
_SNAPPY_BLOCK_LIMIT: Final = 1 << 26
_CHUNK: Final = 1 << 20
# What is left of a chunk is copied for each piece of contents and for each member.
_GZIP_CHUNK: Final = 1 << 14

Read = Callable[[int], bytes]


class Compressor(Protocol):
    """Chunks in, chunks out; `finish` gives what is left."""

    def compress(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class PlainCompressor:
    """Passes everything through."""

    def compress(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""


class GzipCompressor:
    """One gzip member around the whole stream."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(wbits=_GZIP_WBITS)

    def compress(self, chunk: bytes) -> bytes:
        return self._stream.compress(chunk)

    def finish(self) -> bytes:
        return self._stream.flush()


class SnappyCompressor:
    """Blocks of 32768 bytes and a rest."""

    def __init__(self) -> None:
        self._compress, _ = _snappy_functions()
        self._waiting = b""
        version = _SNAPPY_VERSION.to_bytes(4, "big")
        self._header = SNAPPY_MAGIC + version + version

    def compress(self, chunk: bytes) -> bytes:
        waiting = self._waiting + chunk
        whole = len(waiting) - len(waiting) % _SNAPPY_BLOCK
        self._waiting = waiting[whole:]
        out = [self._take_header()]
        out += [self._block(waiting[at : at + _SNAPPY_BLOCK]) for at in range(0, whole, _SNAPPY_BLOCK)]
        return b"".join(out)

    def finish(self) -> bytes:
        rest = self._block(self._waiting) if self._waiting else b""
        self._waiting = b""
        return self._take_header() + rest

    def _take_header(self) -> bytes:
        header = self._header
        self._header = b""
        return header

    def _block(self, data: bytes) -> bytes:
        block = self._compress(data)
        return len(block).to_bytes(4, "big") + block


def compressor_for(method: str) -> Compressor:
    """The compressor of `zookeeper.snapshot.compression.method`; anything unknown is no compression."""
    if method == GZ:
        return GzipCompressor()
    if method == SNAPPY:
        return SnappyCompressor()
    return PlainCompressor()


def source_for(method: str, read: Read, path: str) -> Read:
    """A `read` of the uncompressed contents; raises CorruptStorage naming `path` where they are damaged."""
    if method == GZ:
        return _GzipSource(read, path).read
    if method == SNAPPY:
        return _SnappySource(read, path).read
    return read


class _GzipSource:
    """Any number of gzip members, one after the other, as java.util.zip.GZIPInputStream reads them."""

    def __init__(self, read: Read, path: str) -> None:
        self._read = read
        self._path = path
        self._stream = zlib.decompressobj(wbits=_GZIP_WBITS)
        self._offset = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, none at the end."""
        while True:
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._stream.unused_data or self._next()
                if not data.startswith(GZIP_MAGIC):
                    return b""  # Java ignores what is not another member
                self._stream = zlib.decompressobj(wbits=_GZIP_WBITS)
            elif not data:
                data = self._next()
                if not data:
                    raise CorruptStorage(self._path, self._offset, "the gzip stream ends too early")
            try:
                piece = self._stream.decompress(data, size)
            except zlib.error as error:
                raise CorruptStorage(self._path, self._offset, f"damaged gzip stream: {error}") from error
            if piece:
                return piece

    def _next(self) -> bytes:
        data = self._read(_GZIP_CHUNK)
        self._offset += len(data)
        return data


class _SnappySource:
    """xerial's framing; a magic header may stand again where a block could begin."""

    def __init__(self, read: Read, path: str) -> None:
        _, self._decompress = _snappy_functions()
        self._read = read
        self._path = path
        self._buffer = b""
        self._pos = 0
        self._offset = 0
        self._begun = False

    def read(self, size: int) -> bytes:
        """The contents of the next block, whatever `size` is; none at the end."""
        while True:
            lead = self._take(4, may_end=self._begun)
            if not lead:
                return b""
            if lead == SNAPPY_MAGIC[:4]:
                self._check_header(lead + self._take(12))
                self._begun = True
                continue
            if not self._begun:
                raise self._corrupt("not a snappy stream")
            length = int.from_bytes(lead, "big")
            if length > _SNAPPY_BLOCK_LIMIT:
                raise self._corrupt(f"unreasonable length {length} of a snappy block")
            contents = self._decode(self._take(length))
            if contents:
                return contents

    def _decode(self, block: bytes) -> bytes:
        if _claimed_length(block) > _SNAPPY_BLOCK_LIMIT:
            raise self._corrupt("a snappy block with unreasonably long contents")
        try:
            return self._decompress(block)
        except Exception as error:  # cramjam's own error type, known only when it is installed
            raise self._corrupt(f"damaged snappy block: {error}") from error

    def _check_header(self, header: bytes) -> None:
        if header[:8] != SNAPPY_MAGIC:
            raise self._corrupt("not a snappy stream")
        lowest = int.from_bytes(header[12:], "big")
        if lowest > _SNAPPY_VERSION:
            raise self._corrupt(f"the snappy stream needs a reader of version {lowest}")

    def _take(self, size: int, may_end: bool = False) -> bytes:
        while len(self._buffer) - self._pos < size:
            chunk = self._read(_CHUNK)
            if not chunk:
                if may_end and self._pos == len(self._buffer):
                    return b""
                raise self._corrupt("the snappy stream ends too early")
            self._buffer = self._buffer[self._pos :] + chunk
            self._pos = 0
        taken = self._buffer[self._pos : self._pos + size]
        self._pos += size
        self._offset += size
        return taken

    def _corrupt(self, message: str) -> CorruptStorage:
        return CorruptStorage(self._path, self._offset, message)


def _claimed_length(block: bytes) -> int:
    """The length of its contents, with which a raw block begins: at most five bytes, the lowest seven bits first."""
    length = 0
    for index, byte in enumerate(block[:5]):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            break
    return length


def _snappy_functions() -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    """Raw block compression and decompression; imported only where a snappy file is at hand."""
    try:
        from cramjam import snappy
    except ImportError as error:
        raise StorageError("snappy snapshots need the package cramjam: pip install cramjam") from error

    def compress(data: bytes) -> bytes:
        return bytes(snappy.compress_raw(data))

    def decompress(data: bytes) -> bytes:
        return bytes(snappy.decompress_raw(data))

    return compress, decompress
