"""LocalEnsemble: what tests do to members that are processes. One ensemble for all, which each test leaves whole."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pyzoo.runtime.ensemble_plan import MemberPlan
from pyzoo.testing import EnsembleError, LocalEnsemble, Member
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import wait_until

TICK_TIME_MS = 500


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalEnsemble]:
    with LocalEnsemble(tick_time_ms=TICK_TIME_MS) as ensemble:
        yield ensemble


@pytest.fixture
def ensemble(shared: LocalEnsemble) -> Iterator[LocalEnsemble]:
    yield shared
    shared.heal()
    for member in shared.members:
        shared.resume(member.sid)
    shared.wait_until_serving()


def write(connect_string: str, path: str) -> None:
    with kazoo_session(connect_string) as client:
        client.create(path)


def test_a_leader_that_is_cut_off_loses_its_office_until_the_network_is_whole(ensemble: LocalEnsemble) -> None:
    old = ensemble.find_leader()
    ensemble.partition(old.sid)
    wait_until(lambda: old.mode() is None)
    new = ensemble.find_leader()
    write(new.connect_string, "/of-the-majority")
    ensemble.heal()
    ensemble.wait_until_serving()
    assert ("leader", "follower") == (new.mode(), old.mode())


def test_while_its_leader_stands_still_the_others_elect(ensemble: LocalEnsemble) -> None:
    old = ensemble.find_leader()
    ensemble.pause(old.sid)
    assert (True, None) == (old.is_paused, old.mode())
    assert old.sid != ensemble.find_leader().sid
    ensemble.partition(old.sid)
    ensemble.heal()
    ensemble.resume(old.sid)
    wait_until(lambda: old.mode() == "follower")


def test_members_that_hear_each_other_late_still_serve(ensemble: LocalEnsemble) -> None:
    ensemble.delay(20)
    follower = next(member for member in ensemble.members if member.mode() == "follower")
    write(follower.connect_string, "/late")


def test_the_member_of_a_client_is_found_by_where_it_is_connected(ensemble: LocalEnsemble) -> None:
    with kazoo_session(ensemble.members[1].connect_string) as client:
        host, port = client._connection._socket.getpeername()
        assert ensemble.members[1] is ensemble.member_at(f"{host}:{port}")


def test_who_does_not_run_cannot_be_paused() -> None:
    with pytest.raises(EnsembleError, match=r"member 2 does not run: start it with restart\(2\) first"):
        LocalEnsemble().pause(2)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("local_ensemble", "local_member"):
        monkeypatch.setattr(f"pyzoo.runtime.{module}.sys", SimpleNamespace(platform="win32"))


@pytest.mark.usefixtures("windows")
def test_on_windows_a_member_inherits_no_socket(tmp_path: Path) -> None:
    member = Member(MemberPlan(1, False, 1, 2, 3), "127.0.0.1", tmp_path)
    member.launch([sys.executable, "-c", "import sys; print(sys.argv[1:])"])
    assert member.process is not None
    assert member.process.wait(30) == 0
    assert member.log_file.read_text() == "[]\n"


@pytest.mark.usefixtures("windows")
def test_on_windows_the_links_of_processes_are_not_disturbed() -> None:
    with pytest.raises(EnsembleError, match="EmbeddedEnsemble"):
        LocalEnsemble().partition(1)
