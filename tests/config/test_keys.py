"""The table of keys: complete and consistent."""

import pytest

from pyzoo.config.java_numbers import parse_float
from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import HEADINGS, Key, Kind, Source, Treatment
from pyzoo.config.parse import parse_config_text
from pyzoo.errors import ConfigError

ALL = [key for _, keys in KEYS.sections for key in keys]
UNUSED = (Treatment.NO_EFFECT, Treatment.NOT_YET)
NOT_TEXTS = [
    key
    for key in ALL
    if key.kind in (Kind.BOOL, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.PORT) and key.treatment not in UNUSED
]
BOUNDED = [key for key in ALL if key.at_least is not None or key.at_most is not None]
MEMBER = "".join(f"server.{n}=host{n}:2888:3888\n" for n in (1, 2, 3))


def complaints(key: Key, value: str) -> list[str]:
    """What a member's parser says about a key with this value, whether it is an error or a warning."""
    name = key.name.replace("*", "1")
    lines = {"dataDir": "/d", "clientPort": "1", "initLimit": "5", "syncLimit": "2"}
    properties = {}
    if key.source is Source.RAW:
        properties[name] = value
    else:
        lines[name] = value
    text = MEMBER + "".join(f"{line}={of}\n" for line, of in lines.items())
    try:
        _, warnings = parse_config_text(text, "zoo.cfg", properties, {"/d/myid": "1"})
    except ConfigError as error:
        return [str(error)] if error.key == name else []
    return [str(warning) for warning in warnings if warning.key == name]


@pytest.mark.parametrize("key", NOT_TEXTS, ids=lambda key: key.property_name)
def test_a_text_that_is_no_such_value_is_found_at_the_start(key: Key) -> None:
    assert [one for one in complaints(key, "soon") if "soon" in one]


@pytest.mark.parametrize("key", BOUNDED, ids=lambda key: key.property_name)
def test_a_number_outside_of_its_range_is_found_at_the_start(key: Key) -> None:
    outside = [] if key.at_least is None else [key.at_least - 1]
    outside += [] if key.at_most is None else [key.at_most + 1]
    assert [] == [number for number in outside if not any(str(number) in one for one in complaints(key, str(number)))]


@pytest.mark.parametrize("value", ["", "0", "-1", "soon", "0x7fffffff", "9" * 30, "true", "a:b,c=d", "\u0130"])
def test_no_value_of_any_key_is_more_than_an_error_of_the_configuration(value: str) -> None:
    for key in ALL:
        complaints(key, value)


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
