"""A part of bytes is appended as a slice of them would be."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.jute.primitives import write_part


@given(st.binary(max_size=90), st.integers(0, 90), st.integers(0, 90), st.binary(max_size=3))
def test_a_part_is_appended_as_a_slice_would_be(data: bytes, one: int, other: int, before: bytes) -> None:
    begin, end = sorted((min(one, len(data)), min(other, len(data))))
    out = BytesWriter()
    out.write(before)
    write_part(out, data, begin, end)
    assert before + data[begin:end] == out.getvalue()
