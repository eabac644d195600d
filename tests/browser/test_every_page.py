"""Every page of the console: without errors, for everybody, at every width, and without JavaScript."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from pyzoo.testing import EmbeddedServer
from tests.browser.conftest import Look
from tests.support.viewing import PHONE, WIDE, View

NODES = ("/", "/app", "/app/config", "/app/binary", "/app/many", "/app/<b>&amp;\"'", "/app/secret", "/none")
SHOWN_AS_REFUSED = (403, 404)
KEYBOARD = ("/", "/console/tree?path=/app", "/console/tree/edit?path=/app/config", "/console/sessions")


def paths(view: View) -> list[str]:
    """The pages of the navigation, and those of single things."""
    found = view.links()
    found += [f"/console/tree?path={quote(node)}" for node in NODES if "/console/tree" in found]
    if "/console/recipes" in found:
        found.append("/console/recipe?path=/app/lock")
    if "/console/sessions" in found:
        view.open("/console/sessions")
        found += view.page.locator("main a[href*='/console/session?']").evaluate_all(
            "links => links.slice(0, 1).map(link => link.getAttribute('href'))"
        )
    return [*found, "/console/login"]


def writing_paths() -> list[str]:
    """The pages with forms that change something."""
    return [
        f"/console/tree/{form}?path=/app/config" for form in ("edit", "create", "acl", "delete", "import", "export")
    ]


def faults(view: View, path: str) -> list[str]:
    view.open(path)
    found = view.barriers()
    if view.is_too_wide():
        found.append("it is wider than the window")
    if view.page.locator("h1").count() != 1 or view.page.locator("main").count() != 1:
        found.append("it does not have one heading and one main part")
    return [f"{path}: {fault}" for fault in found]


@pytest.mark.parametrize(("theme", "width"), [("light", WIDE), ("dark", PHONE)])
def test_nothing_keeps_anybody_out_of_a_page(server: EmbeddedServer, look: Look, theme: str, width: int) -> None:
    view = look(server.admin_port, theme=theme, width=width, allowed=SHOWN_AS_REFUSED)
    assert [] == [fault for path in paths(view) for fault in faults(view, path)]


def test_nothing_keeps_anybody_out_of_a_form(server: EmbeddedServer, write: Look) -> None:
    view = write(server.admin_port, theme="dark", width=PHONE)
    assert [] == [fault for path in writing_paths() for fault in faults(view, path)]


def test_every_page_can_be_read_without_javascript(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port, has_javascript=False, allowed=SHOWN_AS_REFUSED)
    for path in paths(view):
        view.open(path)
        expect(view.page.locator("h1")).to_be_visible()
        expect(view.page.locator("header nav a").first).to_be_visible()
        assert 20 < len(view.page.locator("main").inner_text()), path


def test_what_a_node_has_is_text_whatever_it_says(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port, f"/console/tree?path={quote(NODES[5])}")
    expect(view.page.locator("main")).to_contain_text("<script>alert(1)</script>")
    expect(view.page.locator("h1")).to_contain_text("<b>&amp;\"'")


def test_a_keyboard_is_enough(server: EmbeddedServer, write: Look) -> None:
    view = write(server.admin_port)
    wrong = []
    for path in KEYBOARD:
        view.open(path)
        wrong += [f"{path}: {each}" for each in view.out_of_reach()]
    assert [] == wrong


def test_the_first_key_leads_to_the_content(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port)
    view.page.keyboard.press("Tab")
    expect(view.page.get_by_text("Skip to the content")).to_be_focused()
    view.page.keyboard.press("Enter")
    expect(view.page.locator("main")).to_be_focused()


def test_the_browser_remembers_the_theme(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port)
    background = "getComputedStyle(document.body).backgroundColor"
    light = view.page.evaluate(background)
    button = view.page.get_by_role("button", name="Theme")
    while "dark" not in button.inner_text():
        button.click()
    assert light != view.page.evaluate(background)
    dark = view.page.evaluate(background)
    view.open("/console/login")
    assert dark == view.page.evaluate(background)
