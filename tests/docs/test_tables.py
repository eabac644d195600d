"""What the documentation says of keys and metrics is what the tables of the code say."""

import pytest

from tests.support.tables import DOCS, TABLES, with_table


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_documentation_is_that_of_the_code(name: str) -> None:
    page, text = TABLES[name]
    written = (DOCS / page).read_text(encoding="utf-8")
    assert with_table(written, name, text()) == written, "run python -m tests.support.tables"
