"""The table of keys: complete, consistent, and the same as in the documentation."""

from pathlib import Path

import pytest

from pyzoo.config.java_numbers import parse_float
from pyzoo.config.key_table import KEYS, key_reference
from pyzoo.config.keys import HEADINGS, Key, Kind, Source

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
ALL = [key for _, keys in KEYS.sections for key in keys]


def test_the_documentation_holds_the_tables_of_the_keys() -> None:
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition("<!-- keys: begin -->\n\n")
    assert key_reference() == rest.partition("\n<!-- keys: end -->")[0]


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.property_name)
def test_a_default_is_of_its_kind(key: Key) -> None:
    if key.default and key.kind in (Kind.INT, Kind.LONG, Kind.PORT):
        assert str(int(key.default)) == key.default
    elif key.kind is Kind.FLOAT:
        assert parse_float(key.default) is not None
    elif key.kind is Kind.BOOL:
        assert key.default in ("true", "false")


def test_properties_have_the_prefix_unless_they_are_raw() -> None:
    assert "zookeeper.snapCount" == KEYS.by_name["snapCount"].property_name
    assert "jute.maxbuffer" == KEYS.raw_by_name["jute.maxbuffer"].property_name


def test_a_family_stands_for_all_its_keys() -> None:
    key = KEYS.find("server.17")
    assert key is not None
    assert ("server.*", Source.FILE) == (key.name, key.source)


def test_headings_of_the_manual_lead_to_keys_that_exist() -> None:
    assert [] == [name for name, meant in HEADINGS.items() if meant not in KEYS.by_name or name in KEYS.by_name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ticktime", "tickTime"), ("snapCout", "snapCount"), ("connectionMaxTokens", "connection_throttle_tokens"),
     ("completelyDifferent", None)],
)  # fmt: skip
def test_the_closest_key_is_found(name: str, expected: str | None) -> None:
    assert expected == KEYS.closest(name)
