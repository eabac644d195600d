"""Paths in UTF-8: the hash by which NodeTable finds a node, and what one has to know of the bytes."""

from typing import Final

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i64_le
from mypy_extensions import i64

from pyzoo.jute.primitives import JAVA_REPLACE

_HALF: Final = 31
_SUM_MASK: Final = (1 << 62) - 1
_WORD_MASK: Final = 0xFFFFFFFF
_KEY_WORDS: Final = 128
_LAST_PLACE: Final = 8 * (_KEY_WORDS - 2)
_HASH_MASK: Final = (1 << 31) - 1
_MIX: Final = 0x45D9F3B
_HIGH_BITS: Final = 0x80808080
_SLASH: Final = 0x2F


def _secret_words() -> bytes:
    """Words of 62 bits that nobody outside can guess: Python's own hashes of text are made with a secret."""
    out = BytesWriter()
    for at in range(_KEY_WORDS + 1):
        write_i64_le(out, hash(f"word {at}") & _SUM_MASK)
    return out.getvalue()


_WORDS: Final = _secret_words()


def hash_of_key(key: bytes) -> i64:
    """The hash of a path in UTF-8, 31 bits: the upper half of a sum of its words times secret ones, well mixed.

    For two paths it is the same by chance alone (multilinear hashing), so nobody can make paths for which it is.
    """
    size: i64 = len(key)
    value = size * read_i64_le(_WORDS, 8 * _KEY_WORDS) & _SUM_MASK
    at: i64 = 0
    place: i64 = 0
    while at + 8 <= size:
        # Two words at once.
        word = read_i64_le(key, at)
        value += (word & _WORD_MASK) * read_i64_le(_WORDS, place)
        value += ((word >> 32) & _WORD_MASK) * read_i64_le(_WORDS, place + 8)
        value &= _SUM_MASK
        at += 8
        place += 16
        if place == _LAST_PLACE:
            # What was summed up so far becomes a word itself, for the secret ones are used again.
            value = (value >> _HALF) * read_i64_le(_WORDS, place) & _SUM_MASK
            place = 0
    if at + 4 <= size:
        word = i64(read_i32_le(key, at)) & _WORD_MASK
        value = (value + word * read_i64_le(_WORDS, place)) & _SUM_MASK
        at += 4
        place += 8
    if at < size:
        if size >= 4:
            word = i64(read_i32_le(key, size - 4)) & _WORD_MASK
        else:
            word = 0
            while at < size:
                word = word * 256 + i64(key[at])
                at += 1
        value = (value + word * read_i64_le(_WORDS, place)) & _SUM_MASK
    value >>= _HALF
    # Names that count up make sums that are equally far apart: taken as they are, these fill places side by side.
    value ^= value >> 16
    value = value * _MIX & _HASH_MASK
    return value ^ value >> 15


def key_of(path: str) -> bytes:
    """The path in UTF-8; what is no text, and so not the path of any node, becomes something that is not UTF-8."""
    try:
        return path.encode("utf-8")
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")


def is_ascii(key: bytes) -> bool:
    """Whether no byte is above 127: the same as `isascii`, which compiled code can only look up by its name."""
    size: i64 = len(key)
    at: i64 = 0
    high = i64(_HIGH_BITS) << 32 | _HIGH_BITS
    while at + 8 <= size:
        if read_i64_le(key, at) & high != 0:
            return False
        at += 8
    while at < size:
        if key[at] > 127:
            return False
        at += 1
    return True


def last_slash(key: bytes) -> i64:
    """Where the name begins, but for the slash before it; -1 where there is none."""
    at: i64 = len(key) - 1
    while at >= 0 and key[at] != _SLASH:
        at -= 1
    return at


def well_formed(path: bytes) -> bytes:
    """A path as UTF-8 is meant to be."""
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return path.decode("utf-8", JAVA_REPLACE).encode("utf-8")
    return path
