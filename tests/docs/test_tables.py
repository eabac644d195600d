"""What the documentation says of keys, metrics and operations is what the tables of the code say."""

import re

import pytest

from pyzoo.server.requests.operations.table import OPERATIONS
from tests.support.tables import DOCS, TABLES, with_table


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_documentation_is_that_of_the_code(name: str) -> None:
    page, text = TABLES[name]
    written = (DOCS / page).read_text(encoding="utf-8")
    assert with_table(written, name, text()) == written, "run python -m tests.support.tables"


def test_every_operation_is_compared_with_apaches() -> None:
    page = (DOCS / "compatibility.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (-?\d+(?:, \d+)*) \| ([^|]+) \| (?:same|different)", page, re.MULTILINE)
    compared = {
        (int(number), name.split()[0])
        for numbers, names in rows
        for number, name in zip(numbers.split(", "), names.split(", "), strict=True)
    }
    own_requests = {(100, "auth"), (102, "sasl")}
    """Of the connection, not of a session."""
    assert {(int(each.opcode), each.name) for each in OPERATIONS} | own_requests == compared
