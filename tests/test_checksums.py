"""The checksums that files and digests are made of, beside those of the standard library."""

import subprocess
import sys
import zlib

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.checksums import adler32, crc32

CHUNKS = st.lists(st.binary(max_size=3000), max_size=6)


@given(CHUNKS)
def test_both_are_those_of_zlib_whatever_the_pieces(chunks: list[bytes]) -> None:
    adler, crc = 1, 0
    for chunk in chunks:
        adler, crc = adler32(memoryview(chunk), adler), crc32(chunk, crc)
    whole = b"".join(chunks)
    assert (adler, crc) == (zlib.adler32(whole), zlib.crc32(whole))


def test_without_zlib_ng_they_are_the_standard_librarys() -> None:
    program = (
        "import sys, zlib; sys.modules['zlib_ng'] = None\n"
        "from pyzoo.checksums import adler32, crc32\n"
        "assert (adler32, crc32) == (zlib.adler32, zlib.crc32)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
