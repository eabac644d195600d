"""Data of nodes as people read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.console.nodes.data_text import (
    HEX,
    JSON,
    MOST_HEX,
    MOST_TEXT,
    TEXT,
    hex_rows,
    indented_json,
    is_text,
    view_of,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=3) | st.dictionaries(st.text(), VALUES, max_size=3))
def test_json_is_indented_as_pythons_own_writer_does(value: object) -> None:
    assert json.dumps(value, indent=2) == indented_json(json.dumps(value).encode())


def test_numbers_keep_their_digits_and_names_that_are_there_twice_stay() -> None:
    assert '{\n  "a": 1.10,\n  "a": 1E400,\n  "b": []\n}' == indented_json(b'{"a":1.10,"a":1E400, "b" : [ ]}')


@pytest.mark.parametrize("data", [b"", b"12", b"{", b'"x"', b"[" * 5000 + b"]" * 5000, b"[\xff]", b"[1e]"])
def test_what_is_no_json_or_too_deep_is_not_indented(data: bytes) -> None:
    assert indented_json(data) is None


def test_json_that_would_grow_out_of_bounds_is_not_indented() -> None:
    deep = b"[" * 60 + b"1," * 5000 + b"1" + b"]" * 60
    assert indented_json(deep) is None


@pytest.mark.parametrize(
    ("data", "form"),
    [(b"hello\n", TEXT), (b"", TEXT), (b'{"a": 1}', JSON), (b"\x00\x01", HEX), (b"\xff", HEX), ("ü".encode(), TEXT)],
)
def test_data_is_shown_in_the_form_that_suits_it(data: bytes, form: str) -> None:
    assert form == view_of(data).form


def test_a_form_that_was_asked_for_is_kept_where_it_is_possible() -> None:
    assert HEX == view_of(b"text", HEX).form
    assert TEXT == view_of(b"text", JSON).form
    assert (TEXT, JSON, HEX) == view_of(b"[1]", TEXT).possible


def test_what_cannot_be_seen_gets_a_picture() -> None:
    assert "a␀b⟨U+202E⟩c␍d\r\n" == view_of("a\x00b\u202ec\rd\r\n".encode(), TEXT).text


@given(st.text(alphabet="aüす🐘", min_size=1, max_size=40), st.integers(0, 50))
def test_no_character_is_cut(text: str, begin: int) -> None:
    data = text.encode() * (MOST_TEXT // len(text.encode()) + 60)
    view = view_of(data, TEXT, begin)
    assert "\ufffd" not in view.text
    assert data[view.begin : view.end].decode() == view.text
    assert view.end - view.begin > MOST_TEXT - 8


def test_parts_of_a_dump_follow_each_other() -> None:
    data = bytes(range(256)) * 40
    first = view_of(data, HEX)
    second = view_of(data, HEX, first.end)
    assert (MOST_HEX, MOST_HEX, False) == (first.end, second.begin, first.is_whole)
    assert second.text.startswith("00001000  00 01 02 03")


def test_a_row_has_sixteen_bytes() -> None:
    rows = hex_rows(bytes(range(0x3A, 0x4B)), 16).splitlines()
    assert "00000010  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI" == rows[0]
    assert "00000020  4a" + " " * 48 + "J" == rows[1]


@given(st.binary(max_size=30))
def test_any_data_can_be_shown_in_each_form(data: bytes) -> None:
    for form in (TEXT, JSON, HEX):
        assert len(data) == view_of(data, form).size


def test_an_escape_sequence_is_no_text() -> None:
    assert is_text(b"a\tb\r\n")
    assert not is_text(b"\x1b[0m")
