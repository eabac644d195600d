"""EmbeddedEnsemble: the members of an ensemble in this process, and what tests do to them."""

import asyncio
import gc
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import assert_type

import pytest
import trio

from pyzoo.errors import ConfigError
from pyzoo.testing import (
    EmbeddedEnsemble,
    EmbeddedMember,
    EmbeddedServer,
    EnsembleError,
    LocalEnsemble,
    NotStarted,
    PortTaken,
)
from tests.support.kazoo_session import kazoo_session
from tests.support.ports import free_base_port
from tests.support.server_process import wait_until

TICK_TIME_MS = 500


@pytest.fixture
def ensemble() -> Iterator[EmbeddedEnsemble]:
    with EmbeddedEnsemble(tick_time_ms=TICK_TIME_MS) as started:
        yield started


def write(connect_string: str, path: str, data: bytes = b"") -> None:
    with kazoo_session(connect_string) as client:
        client.create(path, data)


def read(connect_string: str, path: str) -> bytes:
    with kazoo_session(connect_string) as client:
        client.sync("/")
        return bytes(client.get(path)[0])


def lacks(member: EmbeddedMember, path: str) -> bool:
    return not member.exists(path)


def follower_of(ensemble: EmbeddedEnsemble) -> EmbeddedMember:
    return next(member for member in ensemble.members if member.mode() == "follower")


def test_every_member_serves_and_all_have_the_same_data(ensemble: EmbeddedEnsemble) -> None:
    assert ["follower", "follower", "leader"] == sorted(str(member.mode()) for member in ensemble.members)
    write(ensemble.members[0].connect_string, "/app", b"value")
    assert [b"value"] * 3 == [read(member.connect_string, "/app") for member in ensemble.members]


def test_the_member_of_a_client_is_found_by_where_it_is_connected(ensemble: EmbeddedEnsemble) -> None:
    with kazoo_session(ensemble.connect_string) as client:
        host, port = client._connection._socket.getpeername()
        assert ensemble.member_at(f"{host}:{port}").client_port == port
    with pytest.raises(EnsembleError, match=r"no member at localhost:1: there are 127\.0\.0\.1:"):
        ensemble.member_at("localhost:1")


def test_without_its_leader_the_others_elect_and_it_comes_back_with_its_data(ensemble: EmbeddedEnsemble) -> None:
    write(ensemble.connect_string, "/before")
    old = ensemble.find_leader()
    assert_type(old, EmbeddedMember)
    ensemble.kill(old.sid)
    assert not old.is_running
    assert old.sid != ensemble.find_leader().sid
    write(ensemble.connect_string, "/after")
    ensemble.restart(old.sid)
    assert "follower" == old.mode()
    assert {"before", "after"} <= old.tree()["children"].keys()


def test_what_was_acknowledged_survives_the_death_of_all(ensemble: EmbeddedEnsemble) -> None:
    write(ensemble.connect_string, "/kept", b"value")
    for member in ensemble.members:
        ensemble.kill(member.sid)
    for member in ensemble.members:
        ensemble.launch(member.sid)
    ensemble.wait_until_serving()
    assert b"value" == read(ensemble.connect_string, "/kept")


def test_after_a_stop_it_begins_with_nothing(ensemble: EmbeddedEnsemble) -> None:
    write(ensemble.connect_string, "/gone")
    connect_string = ensemble.connect_string
    ensemble.stop()
    ensemble.start()
    assert connect_string == ensemble.connect_string
    assert not ensemble.members[0].exists("/gone")


def test_a_leader_that_is_cut_off_loses_its_office_until_the_network_is_whole(ensemble: EmbeddedEnsemble) -> None:
    old = ensemble.find_leader()
    ensemble.partition(old.sid)
    wait_until(lambda: old.mode() is None)
    new = ensemble.find_leader()
    assert new is not old
    write(new.connect_string, "/of-the-majority")
    ensemble.heal()
    ensemble.wait_until_serving()
    assert "follower" == old.mode()
    assert b"" == read(old.connect_string, "/of-the-majority")


def test_only_links_between_the_two_sides_are_cut() -> None:
    with EmbeddedEnsemble(5, tick_time_ms=TICK_TIME_MS) as ensemble:
        leader = ensemble.find_leader()
        minority = [member.sid for member in ensemble.members if member is not leader][:2]
        ensemble.partition(minority, [member.sid for member in ensemble.members if member.sid not in minority])
        wait_until(lambda: [None, None] == [ensemble.member(sid).mode() for sid in minority])
        assert "leader" == leader.mode()
        write(leader.connect_string, "/of-the-majority")


def test_a_member_that_starts_again_stays_cut_off(ensemble: EmbeddedEnsemble) -> None:
    follower = follower_of(ensemble)
    ensemble.partition(follower.sid)
    ensemble.kill(follower.sid)
    ensemble.launch(follower.sid)
    with pytest.raises(EnsembleError, match=f"member {follower.sid} does not serve after 0.3 s: "):
        ensemble.wait_until_serving(0.3)
    ensemble.heal()
    ensemble.wait_until_serving()


def test_while_its_leader_stands_still_the_others_elect(ensemble: EmbeddedEnsemble) -> None:
    old = ensemble.find_leader()
    ensemble.pause(old.sid)
    assert old.sid != ensemble.find_leader().sid
    ensemble.resume(old.sid)
    wait_until(lambda: old.mode() == "follower")


def test_an_ensemble_goes_on_when_its_members_hear_each_other_late(ensemble: EmbeddedEnsemble) -> None:
    ensemble.delay(20)
    write(follower_of(ensemble).connect_string, "/late")
    ensemble.kill(ensemble.find_leader().sid)
    ensemble.find_leader()
    write(ensemble.connect_string, "/later")
    ensemble.heal()
    write(ensemble.connect_string, "/in-time")


def test_a_rolling_restart_ends_no_session(ensemble: EmbeddedEnsemble) -> None:
    threads = [member._server_thread() for member in ensemble.members]
    with kazoo_session(ensemble.connect_string) as client:
        client.create("/mine", ephemeral=True)
        ensemble.rolling_restart()
        assert client.retry(client.exists, "/mine") is not None
    assert all(thread.is_over for thread in threads)


def test_members_have_the_controls_of_a_server(ensemble: EmbeddedEnsemble) -> None:
    with kazoo_session(ensemble.connect_string) as client:
        client.create("/mine", ephemeral=True)
        ensemble.find_leader().expire(client)
        for member in ensemble.members:
            wait_until(partial(lacks, member, "/mine"))


def test_a_member_in_memory_gives_a_snapshot_to_whoever_asks_its_admin_server() -> None:
    with EmbeddedEnsemble(2, tick_time_ms=TICK_TIME_MS, properties={"admin.serverPort": 0}) as ensemble:
        url = f"http://127.0.0.1:{ensemble.find_leader().admin_port}/commands/snapshot?streaming=true"
        request = urllib.request.Request(url, headers={"Authorization": "digest anybody:secret"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.read().startswith(b"ZKSN")


def test_observers_serve_too() -> None:
    with EmbeddedEnsemble(1, 1, tick_time_ms=TICK_TIME_MS) as ensemble:
        assert ["leader", "observer"] == [member.mode() for member in ensemble.members]
        write(ensemble.members[1].connect_string, "/through-the-observer")


def test_a_directory_goes_on_and_is_one_for_processes_too(tmp_path: Path) -> None:
    with EmbeddedEnsemble(data_dir=tmp_path, tick_time_ms=TICK_TIME_MS) as embedded:
        write(embedded.connect_string, "/kept", b"value")
    assert embedded.connect_string == LocalEnsemble(data_dir=tmp_path).connect_string
    with EmbeddedEnsemble(data_dir=tmp_path) as again:
        assert b"value" == read(again.connect_string, "/kept")


def test_reconfigured_members_are_still_there_after_a_restart(tmp_path: Path) -> None:
    properties = {"reconfigEnabled": "true", "skipACL": "yes"}
    with EmbeddedEnsemble(tick_time_ms=TICK_TIME_MS, properties=properties) as ensemble:
        with kazoo_session(ensemble.connect_string) as client:
            client.reconfig(None, "1", None)
        ensemble.restart(2)
        ensemble.restart(3)
        with kazoo_session(ensemble.member(2).connect_string) as client:
            assert b"server.1=" not in client.get("/zookeeper/config")[0]


def test_a_port_of_somebody_else_is_an_error_before_anything_is_started() -> None:
    port = free_base_port(3)
    with socket.create_server(("127.0.0.1", port + 201)):
        ensemble = EmbeddedEnsemble(base_port=port)
        with pytest.raises(PortTaken, match=rf"the election port of member 2: cannot listen on .*:{port + 201}"):
            ensemble.start()
        assert [False] * 3 == [member.is_running for member in ensemble.members]


@pytest.mark.parametrize("purpose", ["quorum port", "election port"])
def test_a_port_for_members_that_was_taken_after_it_was_tried_is_an_error(
    monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    monkeypatch.setattr("pyzoo.testing.embedded.ensemble.refuse_taken_ports", lambda host, members: None)
    ensemble = EmbeddedEnsemble(2, base_port=free_base_port(), tick_time_ms=TICK_TIME_MS)
    port = ensemble.plan.members[1].ports[purpose]
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(
            PortTaken, match=f"member 2 cannot listen on the {purpose} .*:{port}: Address already in use"
        ):
            ensemble.start()
    assert [False] * 2 == [member.is_running for member in ensemble.members]


def test_wrong_use_is_an_error_that_says_what_to_do(ensemble: EmbeddedEnsemble) -> None:
    with pytest.raises(EnsembleError, match=r"started already \(members 1, 2, 3 run\): stop it first"):
        ensemble.start()
    with pytest.raises(EnsembleError, match="member 1 runs already: stop or kill it first"):
        ensemble.launch(1)
    with pytest.raises(EnsembleError, match="member 2 is on both sides"):
        ensemble.partition([1, 2], [2, 3])
    with pytest.raises(KeyError, match="no member 9: there are 1, 2, 3"):
        ensemble.partition(9)
    ensemble.kill(1)
    with pytest.raises(NotStarted, match=r"member 1 does not run: start the ensemble, or call restart\(1\)"):
        ensemble.pause(1)
    ensemble.kill(2)
    wait_until(lambda: ensemble.leader() is None)
    with pytest.raises(
        EnsembleError, match=r"nobody leads after 0.5 s: member 1 does not run, .*a majority has to run"
    ):
        ensemble.find_leader(0.5)
    with pytest.raises(ConfigError, match="snapCount"):
        EmbeddedEnsemble(properties={"snapCuont": 5})


def test_members_leave_their_process_as_it_is() -> None:
    def settings() -> tuple[object, ...]:
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        return gc.get_threshold(), gc.get_freeze_count(), sys.getswitchinterval(), *handlers

    before = settings()
    with EmbeddedEnsemble(tick_time_ms=TICK_TIME_MS):
        assert before == settings()
    assert before == settings()


def test_what_one_server_takes_does_not_depend_on_others_of_its_process() -> None:
    with EmbeddedServer(properties={"jute.maxbuffer": 1 << 23}) as first, EmbeddedServer():
        write(first.connect_string, "/large", bytes(1 << 22))
        assert 1 << 22 == len(read(first.connect_string, "/large"))


@pytest.mark.parametrize("run", [trio.run, lambda main: asyncio.run(main())], ids=["trio", "asyncio"])
def test_it_is_used_from_coroutines_too(run: Callable[[Callable[[], Coroutine[object, object, None]]], None]) -> None:
    async def main() -> None:
        async with EmbeddedEnsemble(tick_time_ms=TICK_TIME_MS) as ensemble:
            leader = await ensemble.in_thread(ensemble.find_leader)
            assert "leader" == leader.mode()
        assert not leader.is_running

    run(main)


def test_two_ensembles_of_one_process_know_nothing_of_each_other(ensemble: EmbeddedEnsemble) -> None:
    with EmbeddedEnsemble(tick_time_ms=TICK_TIME_MS) as other:
        write(ensemble.connect_string, "/here")
        ensemble.find_leader().wait_until("/here")
        assert [False] * 3 == [member.exists("/here") for member in other.members]
