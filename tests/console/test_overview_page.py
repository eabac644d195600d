"""The overview of a server alone, and of an ensemble, whichever member is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.console.conftest import ADMIN, Start
from tests.support.console import ask
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import wait_until

WORDS = {"4lw.commands.whitelist": "*"}


@pytest.fixture(scope="module")
def ensemble() -> Iterator[EmbeddedEnsemble]:
    with EmbeddedEnsemble(observers=1, properties={**ADMIN, **WORDS}) as started:
        with kazoo_session(started.connect_string) as client:
            client.create("/app", b"value")
        yield started


def overview_of(port: int | None) -> dict[str, Any]:
    found: dict[str, Any] = ask(port, "/console/api/overview").json
    return found


def test_every_member_shows_all_of_them(ensemble: EmbeddedEnsemble) -> None:
    for member in ensemble.members:
        found = overview_of(member.admin_port)
        leader = next(each for each in found["members"] if each["role"] == "leader")
        assert [1, 2, 3, 4] == [each["id"] for each in found["members"]]
        assert (member.sid, leader["id"], True) == (found["own_id"], found["leader_id"], found["has_quorum"])
        assert ["observer"] == [each["role"] for each in found["members"] if not each["is_voter"]]
        for each in found["members"]:
            assert ("3.9.6", 1) == (each["version"], each["epoch"])
            assert each["phase"].endswith(" - broadcast")
            assert (each["lag"] is None) == (each["id"] == leader["id"])


def test_the_leader_adds_what_its_followers_have_logged(ensemble: EmbeddedEnsemble) -> None:
    leader = next(member for member in ensemble.members if member.mode() == "leader")
    followers = [each for each in overview_of(leader.admin_port)["members"] if each["role"] == "follower"]
    assert 2 == len(followers)
    assert all(each["acknowledged"] == each["zxid"] for each in followers)


def test_the_page_has_a_row_and_graphs_for_each_member(ensemble: EmbeddedEnsemble) -> None:
    port = ensemble.members[0].admin_port
    wait_until(lambda: 'aria-labelledby="graphs-1"' in ask(port, "/").text)
    page = ask(port, "/").text
    for member in ensemble.members:
        assert f"127.0.0.1:{member.client_port}" in page
    assert 'role="img" aria-label="Requests: ' in page


def test_a_member_that_is_gone_is_a_warning_at_the_others() -> None:
    with EmbeddedEnsemble(properties=ADMIN) as ensemble:
        asked, gone = ensemble.members[:2]
        ensemble.kill(gone.sid)
        # If it led, there is no quorum for a moment, and the third one does not answer either.
        text = f"member {gone.sid} does not answer at 127.0.0.1:{gone.client_port}: Connection refused"
        wait_until(lambda: texts_of(asked.admin_port, "no answer") == [text])
        wait_until(lambda: len(texts_of(asked.admin_port, "fragile quorum")) == 1)


def texts_of(port: int | None, rule: str) -> list[str]:
    """What its warnings say."""
    return [each["text"] for each in overview_of(port)["warnings"] if each["rule"] == rule]


def test_a_server_alone_shows_its_disk_and_its_snapshots(start: Start, tmp_path: Path) -> None:
    server = start(tmp_path)
    found = overview_of(server.admin_port)
    assert [(0, "standalone", None)] == [(each["id"], each["role"], each["lag"]) for each in found["members"]]
    disk, snapshots = found["disks"][0], found["snapshots"]
    assert str(tmp_path) in disk["path"]
    assert 0 < disk["free"] < disk["total"]
    assert snapshots["count"] >= 1
    assert "Snapshots" in ask(server.admin_port, "/").text


def test_a_server_in_memory_has_no_disk(console: EmbeddedServer) -> None:
    assert ([], None) == (overview_of(console.admin_port)["disks"], overview_of(console.admin_port)["snapshots"])


def test_programs_get_the_samples_too(console: EmbeddedServer) -> None:
    wait_until(lambda: bool(ask(console.admin_port, "/console/api/overview?samples=true").json["samples"]["0"]))
    sample = ask(console.admin_port, "/console/api/overview?samples=true").json["samples"]["0"][0]
    assert {"at", "requests", "txns", "latency", "connections", "outstanding"} == set(sample)
