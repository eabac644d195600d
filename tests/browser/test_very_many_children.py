"""A node with a million children, which no page has at once."""

from playwright.sync_api import expect

from pyzoo.testing import EmbeddedServer
from tests.browser.conftest import Look
from tests.support.large_trees import grow_very_many

MOST_LINES = 200


def test_a_million_children_are_gone_through_in_pages(own_server: EmbeddedServer, look: Look) -> None:
    own_server._look(lambda server: grow_very_many(server.tree, 1_000_000, "/million"))
    view = look(own_server.admin_port, "/console/tree?path=/million", width=360)
    page = view.page
    lines = page.locator("ul.tree > li")
    expect(page.locator("main")).to_contain_text("1,000,000 children")
    assert 0 < lines.count() <= MOST_LINES
    expect(lines.first).to_contain_text("0000000")
    page.get_by_role("link", name="Last").click()
    expect(lines.last).to_contain_text("0999999")
    page.get_by_label("Names with").fill("99999*")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("of 1,000,000")
    assert not view.is_too_wide()


def test_nodes_expand_in_place_and_arrow_keys_move_between_them(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port, "/console/tree?path=/app")
    many = view.page.locator("ul.tree > li[data-path='/app/many']")
    many.locator("a.path").first.focus()
    view.page.keyboard.press("ArrowRight")
    expect(many.locator("ul > li").first).to_contain_text("item-0000")
    view.page.keyboard.press("ArrowDown")
    expect(many.locator("ul > li a.path").first).to_be_focused()
    view.page.keyboard.press("ArrowLeft")
    view.page.keyboard.press("ArrowLeft")
    expect(many.locator("ul")).to_have_count(0)
