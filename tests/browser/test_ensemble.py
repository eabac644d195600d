"""One page for the ensemble, whichever member is asked, whatever happens to the others."""

import re

import pytest
from playwright.sync_api import expect

from pyzoo.testing import EmbeddedEnsemble
from tests.browser.conftest import Look
from tests.support.viewing import WIDE


@pytest.mark.parametrize("sid", [1, 2, 3])
def test_every_member_shows_all_three(ensemble: EmbeddedEnsemble, look: Look, sid: int) -> None:
    view = look(ensemble.member(sid).admin_port)
    rows = view.page.locator("[data-live=members] tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text=re.compile("leader", re.IGNORECASE))).to_have_count(1)
    expect(rows.filter(has_text=re.compile("follower", re.IGNORECASE))).to_have_count(2)


def test_pages_of_a_member_are_in_order(ensemble: EmbeddedEnsemble, look: Look) -> None:
    view = look(ensemble.members[1].admin_port)
    assert [] == view.barriers()
    for path in view.links():
        view.open(path)
        expect(view.page.locator("h1")).to_be_visible()
        assert not view.is_too_wide(), (path, WIDE)


def test_who_looks_while_the_leader_dies_sees_the_next_one(ensemble: EmbeddedEnsemble, look: Look) -> None:
    leader = ensemble.find_leader()
    assert leader is not None
    other = next(member for member in ensemble.members if member.sid != leader.sid)
    view = look(other.admin_port)
    row = view.page.locator("[data-live=members] tbody tr")
    expect(row.filter(has_text=re.compile("leader", re.IGNORECASE))).to_have_count(1)
    ensemble.kill(leader.sid)
    gone = row.nth(leader.sid - 1)
    expect(gone).not_to_contain_text(re.compile("leader", re.IGNORECASE))
    survivors = row.filter(has_text=re.compile("leader", re.IGNORECASE))
    expect(survivors).to_have_count(1)
    expect(view.page.locator("[data-live=warnings]")).not_to_contain_text("Nothing to warn of")
    ensemble.restart(leader.sid)
    expect(row.filter(has_text=re.compile("follower", re.IGNORECASE))).to_have_count(2)
    expect(view.page.locator("[data-live=warnings]")).to_contain_text("Nothing to warn of")
