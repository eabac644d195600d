"""The checksums of logs, snapshots and digests: zlib's, computed by zlib-ng where it is installed.

It takes a third to a tenth of the time of most systems' zlib (docs/decisions/0028-checksums.md).
"""

try:
    from zlib_ng.zlib_ng import adler32, crc32
except ImportError:  # there is no wheel for this machine, and nothing else depends on it
    from zlib import adler32, crc32

__all__ = ["adler32", "crc32"]
