"""JSON, held to what Jackson wrote on real servers."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.admin.json_text import json_bytes
from pyzoo.admin.response import CommandResponse, Json, LongArray, LongObject

CAPTURED = Path(__file__).parents[1] / "fixtures" / "captures" / "admin-standalone.txt"


def captured_answers() -> list[str]:
    """The JSON bodies of the capture."""
    text = CAPTURED.read_text(encoding="utf-8")
    return re.findall(r"^=== .*?\n(\{.*?^\})$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("body", captured_answers(), ids=lambda body: json.loads(body)["command"])
def test_every_captured_answer_is_written_again_to_the_same_text(body: str) -> None:
    assert body == json_bytes(json.loads(body)).decode()


VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_can_be_read_back(value: Json) -> None:
    assert value == json.loads(json_bytes(value))


def made_long(value: Json) -> Json:
    """The same, where it is an object or an array, in slices; some of them are empty."""
    if isinstance(value, list):
        return LongArray(iter([[], *[[item] for item in value], []]))
    if isinstance(value, dict):
        fields = [(name, made_long(field)) for name, field in value.items()]
        return LongObject(iter([fields[:1], [], fields[1:]]))
    return value


@given(VALUES)
def test_what_is_long_is_the_same_text_in_pieces(value: Json) -> None:
    assert json_bytes(value) == json_bytes(made_long(value))


def test_characters_are_escaped_as_jackson_does() -> None:
    assert rb'"\"\\\b\t\n\f\r\u0001\u001F/' + "é\u2028".encode() + b'"' == json_bytes('"\\\b\t\n\f\r\x01\x1f/é\u2028')


def test_half_a_surrogate_becomes_a_question_mark() -> None:
    assert b'"?"' == json_bytes("\ud800")


def test_command_and_error_come_last_unless_the_command_sets_them() -> None:
    assert ["a", "command", "error"] == list(CommandResponse("x", {"a": 1}).to_map())
    assert {"error": "why", "command": "x"} == CommandResponse("x", {"error": "why"}).to_map()
    assert ["error", "command"] == list(CommandResponse("x", {"error": "why"}).to_map())
