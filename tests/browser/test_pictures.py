"""The pictures of the documentation. PYZOO_PICTURES=docs/images has them made anew there; otherwise nothing is kept."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pyzoo.testing import EmbeddedEnsemble
from tests.browser.conftest import Look
from tests.support.viewing import PHONE, WIDE

PICTURES = {
    "console-overview": ("/", "light", WIDE),
    "console-tree": ("/console/tree?path=/app/config", "light", WIDE),
    "console-recipe": ("/console/recipe?path=/app/lock", "light", WIDE),
    "console-sessions": ("/console/sessions", "dark", WIDE),
    "console-changes": ("/console/changes", "light", WIDE),
    "console-phone": ("/", "dark", PHONE),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(ensemble: EmbeddedEnsemble, look: Look, tmp_path: Path, name: str) -> None:
    path, theme, width = PICTURES[name]
    view = look(ensemble.members[0].admin_port, path, theme=theme, width=width)
    expect(view.page.locator("h1")).to_be_visible()
    file = Path(os.environ.get("PYZOO_PICTURES", tmp_path)) / f"{name}.png"
    view.page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")
