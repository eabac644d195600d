"""What the documentation refers to is there."""

import re
from pathlib import Path

import pytest

from pyzoo import testing
from tests.support.documented import REPOSITORY, name_of, pages

TESTS = re.compile(r"`((?:tests|interop|src/pyzoo)/[\w/.]+\.py)(?:::(\w+))?`")
LINKS = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_tests_and_sources_that_a_page_names_exist(page: Path) -> None:
    missing = [
        (file, name)
        for file, name in TESTS.findall(page.read_text())
        if not (REPOSITORY / file).exists() or name not in (REPOSITORY / file).read_text()
    ]
    assert missing == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_pages_that_a_page_links_to_exist(page: Path) -> None:
    assert [link for link in LINKS.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_page_of_the_python_api_has_all_of_pyzoo_testing() -> None:
    shown = (REPOSITORY / "docs" / "api.md").read_text()
    assert [name for name in testing.__all__ if f"::: pyzoo.testing.{name}\n" not in shown] == []
