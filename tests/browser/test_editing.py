"""Changes of nodes by hand, and what comes of it when somebody else was faster."""

from kazoo.client import KazooClient
from playwright.sync_api import expect

from pyzoo.testing import EmbeddedServer
from tests.browser.conftest import Look

CONFLICT = 409


def test_a_node_is_made_changed_and_deleted(own_server: EmbeddedServer, client: KazooClient, write: Look) -> None:
    view = write(own_server.admin_port, "/console/tree?path=/")
    page = view.page
    page.get_by_role("link", name="Create below").click()
    page.get_by_label("Name", exact=True).fill("made")
    page.get_by_label("Data", exact=True).fill("by hand")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status").first).to_contain_text("Created")
    assert b"by hand" == client.get("/made")[0]
    view.open("/console/tree?path=/made")
    page.get_by_role("link", name="Edit data").click()
    page.get_by_label("Data", exact=True).fill("changed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    assert b"changed" == client.get("/made")[0]
    view.open("/console/tree?path=/made")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").first).to_contain_text("Deleted")
    assert client.exists("/made") is None


def test_who_loses_a_race_sees_both_and_chooses(own_server: EmbeddedServer, client: KazooClient, write: Look) -> None:
    client.create("/raced", b"before")
    view = write(own_server.admin_port, "/console/tree/edit?path=/raced", allowed=[CONFLICT])
    page = view.page
    page.get_by_label("Data", exact=True).fill("mine")
    client.set("/raced", b"theirs")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("theirs")
    expect(page.get_by_label("Data", exact=True)).to_have_value("mine")
    assert b"theirs" == client.get("/raced")[0]
    assert [] == view.barriers()
    page.get_by_role("button", name="Save yours").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    assert b"mine" == client.get("/raced")[0]


def test_what_is_below_is_counted_before_it_is_deleted(
    own_server: EmbeddedServer, client: KazooClient, write: Look
) -> None:
    for number in range(5):
        client.create(f"/branch/leaf-{number}", makepath=True)
    view = write(own_server.admin_port, "/console/tree/delete?path=/branch")
    expect(view.page.locator("main")).to_contain_text("6 nodes")
    view.page.get_by_role("button", name="Delete").click()
    expect(view.page.get_by_role("status").first).to_contain_text("eleted")
    assert client.exists("/branch") is None
