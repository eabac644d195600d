"""What a change of a few fields changes in the digest of a node, whatever else is in it: a CRC is linear.

Each part is the difference (xor) between two digests, so it takes neither the path nor the data.
"""

from typing import Final

from librt.strings import BytesWriter, read_i32_le, write_i32_le, write_i64_be
from mypy_extensions import i32, i64

from pyzoo.checksums import crc32

_BEHIND_PZXID: Final = 36
_BEHIND_CVERSION: Final = 12
_TABLE_SIZE: Final = 4 << 8
_CRC_MASK: Final = 0xFFFFFFFF
_SEVEN_BYTES: Final = 0xFFFFFFFFFFFFFF


def _tables(size: i64, behind: i64) -> bytes:
    """The parts of every value of each byte of a number, the last byte first; so many bytes are behind the number."""
    out = BytesWriter()
    for place in range(size):
        zeros = bytes(behind + place)
        parts: list[int] = [0]
        for value in range(256):
            lowest = value & -value
            if value == lowest and value != 0:
                parts.append(crc32(bytes([value]) + zeros) ^ crc32(bytes(1) + zeros))
            elif value != 0:
                parts.append(parts[lowest] ^ parts[value ^ lowest])
            part: i64 = parts[value]
            write_i32_le(out, i32(part if part <= 0x7FFFFFFF else part - 0x100000000))
    return out.getvalue()


_OF_PZXID: Final = _tables(8, _BEHIND_PZXID)
_OF_CVERSION: Final = _tables(4, _BEHIND_CVERSION)


def parent_part(pzxids: i64, cversions: i32) -> i64:
    """What changes in the digest of a node when its children have changed.

    These are its two pzxids and its two counters of creates, xor.
    """
    part: i64 = 0
    table: i64 = 0
    left = pzxids
    while left != 0:
        part ^= i64(read_i32_le(_OF_PZXID, table + ((left & 0xFF) << 2)))
        left = left >> 8 & _SEVEN_BYTES
        table += _TABLE_SIZE
    table = 0
    left = i64(cversions) & _CRC_MASK
    while left != 0:
        part ^= i64(read_i32_le(_OF_CVERSION, table + ((left & 0xFF) << 2)))
        left >>= 8
        table += _TABLE_SIZE
    return part & _CRC_MASK


def pzxid_part(pzxid: i64) -> i64:
    """The difference between a digest with this pzxid and one with 0."""
    return parent_part(pzxid, 0)


def zxid_part(zxid: i64, is_czxid: bool, is_mzxid: bool, is_pzxid: bool) -> i64:
    """The difference between a digest in which these three are this zxid and one in which they are 0."""
    out = BytesWriter()
    for is_it in (is_czxid, is_mzxid, is_pzxid):
        write_i64_be(out, zxid if is_it else i64(0))
    behind = bytes(_BEHIND_PZXID)
    return crc32(out.getvalue() + behind) ^ crc32(bytes(24) + behind)
