"""Who may do what, as somebody at a browser sees it."""

import re

from playwright.sync_api import expect

from pyzoo.testing import EmbeddedServer
from tests.browser.conftest import Look
from tests.support.console_world import READER, WRITER

REFUSED = 403


def test_a_login_shows_what_it_may_see_and_a_logout_hides_it_again(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port, "/console/tree?path=/app/secret", allowed=[REFUSED])
    main = view.page.locator("main")
    expect(main).not_to_contain_text("hidden")
    view.log_in(*WRITER)
    expect(view.page.locator("header")).to_contain_text("digest alice")
    expect(view.page.locator("header")).to_contain_text("may write")
    view.open("/console/tree?path=/app/secret")
    expect(main).to_contain_text("hidden")
    view.page.get_by_role("button", name="Log out").click()
    expect(view.page.locator("header")).not_to_contain_text("digest alice")
    view.open("/console/tree?path=/app/secret")
    expect(main).not_to_contain_text("hidden")


def test_a_wrong_password_is_refused_in_words(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port, allowed=[401, REFUSED])
    view.log_in(WRITER[0], "a guess")
    expect(view.page.get_by_role("alert").first).to_be_visible()
    expect(view.page.locator("header")).not_to_contain_text("digest alice")


def test_who_may_not_write_is_offered_nothing_to_write_with(server: EmbeddedServer, look: Look) -> None:
    view = look(server.admin_port)
    for login in (None, READER):
        if login is not None:
            view.log_in(*login)
        view.open("/console/tree?path=/app/config")
        expect(view.page.get_by_role("link", name=re.compile("Edit|Create|Delete|Import|Set ACL"))).to_have_count(0)
