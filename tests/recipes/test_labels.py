"""What data says: it is whatever some client wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.recipes.labels import DECODED, LARGEST_LABEL, label_of

FORMS = [*DECODED, "{a.0.b}:{c}"]


@pytest.mark.parametrize(
    ("form", "data", "label"),
    [
        ("text", b"host-1", "host-1"),
        ("text", b"\x1b[31mred\nnext", "[31mred next"),
        ("text", b"\xff\xfe", ""),
        ("text", None, ""),
        ("none", b"x", ""),
        ("number", b"-5", "-5"),
        ("number", b"5 apples", ""),
        ("int32", b"\xff\xff\xff\xff", "-1"),
        ("int64", b"\0\0\0\1", ""),
        ("{a.0.b}:{c}", b'{"a":[{"b":"x"}],"c":5}', "x:5"),
        ("{a}:{c}", b'{"c":5}', ""),
        ("{a}", b"no json", ""),
        ("hbase", b"no protobuf", ""),
    ],
)
def test_data_is_a_label(form: str, data: bytes | None, label: str) -> None:
    assert label == label_of(form, data)


@given(form=st.sampled_from(FORMS), data=st.binary(max_size=300))
def test_no_data_is_too_odd(form: str, data: bytes) -> None:
    for each in (data, b"\xff\0\0\0\0PBUF" + data, b'{"a":[' + data):
        label = label_of(form, each)
        assert label.isprintable()
        assert len(label) <= LARGEST_LABEL + 1
