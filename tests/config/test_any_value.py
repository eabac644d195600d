"""No value of any key does more than be refused, wherever it stands."""

import pytest

from pyzoo.config.diagnosis import diagnose
from pyzoo.config.java_numbers import decode_integer, parse_decimal
from pyzoo.config.key_table import KEYS
from pyzoo.config.membership import members_of_text
from pyzoo.config.parse import parse_config_text
from pyzoo.config.problems import Severity
from pyzoo.errors import ConfigError, KeeperError
from pyzoo.quorum.reconfig import proposed_members
from pyzoo.quorum.verifier import make_verifier

VERY_LONG = "9" * 5000
"""Python reads no number of more than 4300 digits."""
BASICS = "dataDir=/d\nclientPort=2181\n"


@pytest.mark.parametrize("value", [VERY_LONG, "1e999"], ids=["very long", "infinite"])
def test_a_value_is_taken_or_refused(value: str) -> None:
    for name in KEYS.by_name:
        for text, properties in ((f"{BASICS}{name}={value}\n", {}), (BASICS, {"zookeeper." + name: value})):
            is_refused = False
            try:
                parse_config_text(text, "zoo.cfg", properties, {})
            except ConfigError:
                is_refused = True
            assert is_refused == any(
                problem.severity is Severity.ERROR for problem in diagnose(text, "zoo.cfg", properties, {}).problems
            )


@pytest.mark.parametrize("read", [parse_decimal, decode_integer])
def test_a_number_of_very_many_digits_fits_nowhere(read: object) -> None:
    assert callable(read)
    assert read(VERY_LONG) is None
    assert read("-" + VERY_LONG, 64) is None
    assert parse_decimal("0" * 5000 + "7") == 7


def test_a_port_of_very_many_digits_is_none() -> None:
    with pytest.raises(ConfigError, match="does not have the form"):
        members_of_text(f"server.1=a:{VERY_LONG}:2")
    last_seen = make_verifier(members_of_text("server.1=a:1:2;5\nserver.2=b:1:2;5"))
    with pytest.raises(KeeperError):
        proposed_members(last_seen, f"server.3=c:1:2;{VERY_LONG}", None, None, True)
