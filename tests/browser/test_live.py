"""Pages that change while somebody looks at them."""

from playwright.sync_api import expect

from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.browser.conftest import Look
from tests.support.kazoo_session import kazoo_session


def test_the_overview_counts_a_client_that_comes(own_server: EmbeddedServer, look: Look) -> None:
    view = look(own_server.admin_port)
    expect(view.page.locator("[data-live-topics]")).to_have_text("Live")
    row = view.page.locator("[data-live=members] tbody tr").first
    expect(row.locator("[data-label=Connections]")).to_have_text("0")
    with kazoo_session(own_server.connect_string):
        expect(row.locator("[data-label=Connections]")).to_have_text("1")


def test_a_session_is_listed_while_it_lasts(own_server: EmbeddedServer, look: Look) -> None:
    view = look(own_server.admin_port, "/console/sessions")
    expect(view.page.locator("[data-live-topics]")).to_have_text("Live")
    with kazoo_session(own_server.connect_string) as client:
        link = view.page.locator(f"main a[href*='{client.client_id[0]:x}']")
        expect(link.first).to_be_visible()
    expect(link).to_have_count(0)


def test_a_change_is_shown_as_it_happens(ensemble: EmbeddedEnsemble, look: Look) -> None:
    view = look(ensemble.members[0].admin_port, "/console/changes?path=/new")
    rows = view.page.locator("#changes tr")
    with kazoo_session(ensemble.connect_string) as client:
        client.create("/new", b"just now")
        expect(rows.first).to_contain_text("just now")
        client.set("/new", b"again")
        expect(rows.first).to_contain_text("again")
        expect(rows).to_have_count(2)


def test_what_cannot_be_live_does_not_say_that_it_is(own_server: EmbeddedServer, look: Look) -> None:
    view = look(own_server.admin_port, "/console/changes")
    expect(view.page.get_by_role("alert")).to_contain_text("nothing on disk")
    expect(view.page.locator("#live-state")).to_have_count(0)


def test_a_page_says_so_when_its_server_is_gone(own_server: EmbeddedServer, look: Look) -> None:
    view = look(own_server.admin_port)
    live = view.page.locator("[data-live-topics]")
    expect(live).to_have_text("Live")
    own_server.kill()
    expect(live).to_contain_text("does not answer")
    own_server.restart()
    expect(live).to_have_text("Live")
