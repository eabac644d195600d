"""The pictures of the documentation. PYZOO_PICTURES=docs/images has them made anew there; otherwise nothing is kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pyzoo.testing import EmbeddedEnsemble
from tests.browser.conftest import Look
from tests.support.console_world import ADMIN, build
from tests.support.kazoo_session import kazoo_session
from tests.support.viewing import PHONE, WIDE

PICTURES = {
    "console-overview": ("/", "light", WIDE),
    "console-tree": ("/console/tree?path=/app", "light", WIDE),
    "console-recipe": ("/console/recipe?path=/app/lock", "light", WIDE),
    "console-sessions": ("/console/sessions", "dark", WIDE),
    "console-changes": ("/console/changes", "light", WIDE),
    "console-phone": ("/", "dark", PHONE),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEnsemble]:
    """Three members with files, and so with a past."""
    with (
        EmbeddedEnsemble(3, data_dir=tmp_path_factory.mktemp("ensemble"), properties=ADMIN) as ensemble,
        kazoo_session(ensemble.connect_string) as client,
    ):
        build(client)
        yield ensemble


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(kept: EmbeddedEnsemble, look: Look, tmp_path: Path, name: str) -> None:
    path, theme, width = PICTURES[name]
    view = look(kept.members[0].admin_port, path, theme=theme, width=width)
    expect(view.page.locator("h1")).to_be_visible()
    file = Path(os.environ.get("PYZOO_PICTURES", tmp_path)) / f"{name}.png"
    view.page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")
