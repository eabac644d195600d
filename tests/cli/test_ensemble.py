"""`pyzoo ensemble` and LocalEnsemble: start, use, disturb, stop, go on."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyzoo.runtime.ensemble_plan import EnsembleError, PortTaken, new_plan, stored_plan
from pyzoo.runtime.free_ports import free_port
from pyzoo.testing import EmbeddedServer, LocalEnsemble
from tests.support.kazoo_session import kazoo_session
from tests.support.ports import free_base_port
from tests.support.server_process import PATIENCE_SECONDS, clean_environment, command, wait_until

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]

TICK_TIME_MS = 500


class Command:
    """`pyzoo ensemble` with its output in a file."""

    def __init__(self, home: Path, *words: object) -> None:
        self._path = home / "output.txt"
        with self._path.open("wb") as output:
            self.process = subprocess.Popen(
                command("ensemble", "--tick-time", str(TICK_TIME_MS), *map(str, words)),
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=home,
                env=clean_environment(home),
            )

    @property
    def output(self) -> str:
        return self._path.read_text()

    def wait_for(self, text: str) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None or text in self.output, self.output
            return text in self.output

        wait_until(is_there)

    @property
    def connect_string(self) -> str:
        """Where to connect; returns when all are ready, with the lines of all members."""
        self.wait_for("server.3")
        [found] = re.findall(r"ready on (.*)", self.output)
        return str(found)

    def pids(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"server\.\d+ .* pid (\d+)", self.output)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(*words: object) -> Command:
        started.append(Command(tmp_path, *words))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def base_port() -> int:
    """From here on the ports of a few members are free: client, quorum and election ports."""
    return free_base_port()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def write(connect_string: str, path: str, data: bytes) -> None:
    with kazoo_session(connect_string) as client:
        client.create(path, data)


def read(connect_string: str, path: str) -> bytes:
    with kazoo_session(connect_string) as client:
        client.sync("/")
        return bytes(client.get(path)[0])


# --- the command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_member_and_removes_the_directory(
    run: Callable[..., Command], number: signal.Signals
) -> None:
    ensemble = run()
    assert 3 == len(ensemble.connect_string.split(","))
    pids = ensemble.pids()
    [directory] = re.findall(r"starting 3 members in (.*)", ensemble.output)
    assert [True] * 3 == [is_alive(pid) for pid in pids]
    assert 0 == ensemble.stop(number)
    assert [False] * 3 == [is_alive(pid) for pid in pids]
    assert not Path(directory).exists()


def test_the_same_directory_goes_on_with_data_and_ports(run: Callable[..., Command], tmp_path: Path) -> None:
    first = run("--data-dir", tmp_path / "d")
    connect_string = first.connect_string
    write(connect_string, "/kept", b"value")
    assert 0 == first.stop()
    second = run("--data-dir", tmp_path / "d")
    assert connect_string == second.connect_string
    assert b"value" == read(connect_string, "/kept")


def test_a_member_that_dies_is_reported_and_started_again(run: Callable[..., Command], pyzoo: Pyzoo) -> None:
    ensemble = run()
    connect_string = ensemble.connect_string
    os.kill(ensemble.pids()[0], signal.SIGKILL)
    ensemble.wait_for("server.1 is started again")
    assert "server.1 ended with code -9; its log ends with:\n  | " in ensemble.output
    wait_until(lambda: pyzoo("status", connect_string).returncode == 0)


def test_status_shows_roles_of_all_members(pyzoo: Pyzoo) -> None:
    with LocalEnsemble(3, 1, tick_time_ms=TICK_TIME_MS) as ensemble:
        ended = pyzoo("status", "--json", ensemble.connect_string)
    servers = json.loads(ended.stdout)["servers"]
    leader = next(server for server in servers if server["mode"] == "leader")
    assert 0 == ended.returncode
    assert ["follower", "follower", "leader", "observer"] == sorted(server["mode"] for server in servers)
    assert (1, 2, 3) == (leader["epoch"], leader["synced_followers"], leader["learners"])


def test_a_directory_of_another_shape_is_refused(pyzoo: Pyzoo, tmp_path: Path) -> None:
    new_plan(3, 0, "127.0.0.1", None, 2000).write(tmp_path / "d")
    ended = pyzoo("ensemble", "--data-dir", tmp_path / "d", "--nodes", 5)
    assert (1, "") == (ended.returncode, ended.stdout)
    assert "holds an ensemble made with --nodes 3: leave --nodes away to go on with it" in ended.stderr


def test_a_member_that_cannot_start_ends_the_command_with_its_log(pyzoo: Pyzoo, tmp_path: Path) -> None:
    plan = new_plan(3, 0, "127.0.0.1", None, 2000)
    plan.write(tmp_path / "d")
    (tmp_path / "d" / "2" / "zoo.cfg").write_text("tickTime=2000\n")
    ended = pyzoo("ensemble", "--data-dir", tmp_path / "d")
    assert 1 == ended.returncode
    assert "pyzoo: member 2 ended with code 2; its log ends with:" in ended.stderr
    assert "dataDir is not set" in ended.stderr


def test_an_ensemble_on_the_ports_of_another_one_is_an_error_at_once(
    run: Callable[..., Command], pyzoo: Pyzoo, base_port: int
) -> None:
    first = run("--base-port", base_port)
    write(first.connect_string, "/mine", b"1")
    second = pyzoo("ensemble", "--base-port", base_port, "--tick-time", TICK_TIME_MS)
    assert 1 == second.returncode
    assert "ready on" not in second.stdout
    assert (
        f"pyzoo: the client port of member 1: cannot listen on 127.0.0.1:{base_port}: Address already in use; "
        "does this ensemble run already? If not, end what listens there or choose another base port\n"
    ) == second.stderr
    assert b"1" == read(first.connect_string, "/mine")


def test_a_member_that_does_not_come_back_ends_the_command_with_its_reason(
    run: Callable[..., Command], tmp_path: Path
) -> None:
    ensemble = run("--data-dir", tmp_path / "d")
    assert ensemble.connect_string
    pids = ensemble.pids()
    (tmp_path / "d" / "2" / "zoo.cfg").write_text("tickTime=2000\n")
    os.kill(pids[1], signal.SIGKILL)
    assert 1 == ensemble.process.wait(PATIENCE_SECONDS)
    assert 3 == ensemble.output.count("dataDir is not set")
    assert "pyzoo: server.2 could not be started again, 3 times in a row; why is said above" in ensemble.output
    assert [False] * 3 == [is_alive(pid) for pid in pids]


def test_an_address_of_another_machine_is_one_line(pyzoo: Pyzoo) -> None:
    ended = pyzoo("ensemble", "--host", "192.0.2.1")
    assert (1, 1) == (ended.returncode, ended.stderr.count("\n"))
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("word", ["ensemble", "status"])
def test_help_is_there(pyzoo: Pyzoo, word: str) -> None:
    ended = pyzoo(word, "--help")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith(f"Usage: python -m pyzoo {word} ")


# --- the library


def test_a_write_survives_the_kill_of_the_leader() -> None:
    with LocalEnsemble(3, tick_time_ms=TICK_TIME_MS) as ensemble:
        write(ensemble.connect_string, "/n", b"1")
        leader = ensemble.leader()
        assert leader is not None
        ensemble.kill(leader.sid)
        assert (None, -9) == (leader.mode(), leader.exit_code)
        assert b"1" == read(ensemble.connect_string, "/n")
        ensemble.restart(leader.sid)
        assert "follower" == leader.mode()


def test_one_node_is_a_standalone_server() -> None:
    with LocalEnsemble(1) as ensemble:
        assert ["standalone"] == [member.mode() for member in ensemble.members]
        write(ensemble.connect_string, "/n", b"1")


def test_ports_that_another_process_took_are_chosen_anew() -> None:
    ensemble = LocalEnsemble(3, tick_time_ms=TICK_TIME_MS)
    taken = ensemble.members[1].client_port
    with socket.create_server(("127.0.0.1", taken)), ensemble:
        assert taken not in [member.client_port for member in ensemble.members]
        write(ensemble.connect_string, "/n", b"1")


def test_ports_that_were_asked_for_stay(tmp_path: Path) -> None:
    ensemble = LocalEnsemble(1, data_dir=tmp_path / "d")
    with socket.create_server(("127.0.0.1", ensemble.members[0].client_port)):
        with pytest.raises(EnsembleError, match="Address already in use"):
            ensemble.start()


def test_the_members_of_another_ensemble_are_left_alone(base_port: int) -> None:
    with LocalEnsemble(3, base_port=base_port, tick_time_ms=TICK_TIME_MS) as first:
        write(first.connect_string, "/mine", b"1")
        second = LocalEnsemble(3, base_port=base_port, tick_time_ms=TICK_TIME_MS)
        with pytest.raises(PortTaken, match=f"client port of member 1: cannot listen on 127.0.0.1:{base_port}"):
            second.start()
        assert [None] * 3 == [member.mode() for member in second.members]
        assert b"1" == read(first.connect_string, "/mine")


@pytest.mark.parametrize("purpose", ["client port", "quorum port", "election port"])
def test_every_port_of_a_member_has_to_be_free(purpose: str, base_port: int) -> None:
    ensemble = LocalEnsemble(2, base_port=base_port)
    with socket.create_server(("127.0.0.1", ensemble.members[1].plan.ports[purpose])):
        with pytest.raises(PortTaken, match=f"the {purpose} of member 2: .*: Address already in use"):
            ensemble.start()
    assert not ensemble.directory.exists()


def test_who_else_answers_on_the_port_of_a_member_does_not_make_it_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if that server had begun to listen after the ports were tried.
    monkeypatch.setattr("pyzoo.runtime.local_ensemble.refuse_taken_ports", lambda host, members: None)
    ensemble = LocalEnsemble(1, data_dir=tmp_path / "d")
    with EmbeddedServer(port=ensemble.members[0].client_port):
        with pytest.raises(
            PortTaken, match=r"member 1 (ended with code 1|cannot open one of its ports).*; its log ends with:"
        ):
            ensemble.start()


def test_a_member_whose_file_names_another_port_is_not_ready_at_the_planned_one(tmp_path: Path) -> None:
    ensemble = LocalEnsemble(1, data_dir=tmp_path)
    ensemble.plan.write(tmp_path)
    planned, other = ensemble.members[0].client_port, free_port()
    path = tmp_path / "1" / "zoo.cfg"
    path.write_text(path.read_text().replace(f":{planned}", f":{other}"))
    with pytest.raises(EnsembleError, match=f"member 1 serves clients on 127.0.0.1:{other}, and ensemble.json says "):
        ensemble.start()


def test_a_second_start_is_refused_and_changes_nothing() -> None:
    with LocalEnsemble(1) as ensemble:
        with pytest.raises(EnsembleError, match=r"started already \(members 1 run\): stop it first"):
            ensemble.start()
        with pytest.raises(EnsembleError, match=r"member 1 runs already, as process \d+: stop or kill it first"):
            ensemble.launch(1)
        assert "standalone" == ensemble.members[0].mode()


def test_the_fixture_is_an_ensemble_of_three(pyzoo_ensemble: LocalEnsemble) -> None:
    write(pyzoo_ensemble.connect_string, "/n", b"1")
    modes = sorted(member.mode() or "" for member in pyzoo_ensemble.members)
    assert ["follower", "follower", "leader"] == modes


# --- the plan


def test_ports_of_a_plan_are_all_different() -> None:
    plan = new_plan(3, 2, "127.0.0.1", None, 2000)
    ports = [port for each in plan.members for port in (each.client_port, each.quorum_port, each.election_port)]
    assert 15 == len(set(ports))
    assert [False, False, False, True, True] == [each.observer for each in plan.members]


def test_ports_follow_from_the_base_port() -> None:
    plan = new_plan(2, 0, "127.0.0.1", 2181, 2000)
    assert [
        "server.1=127.0.0.1:2281:2381:participant;127.0.0.1:2181",
        "server.2=127.0.0.1:2282:2382:participant;127.0.0.1:2182",
    ] == [each.server_line("127.0.0.1") for each in plan.members]


@pytest.mark.parametrize("arguments", [(0, 0, None), (99, 2, None), (3, 0, 65400)])
def test_impossible_sizes_are_refused(arguments: tuple[int, int, int | None]) -> None:
    nodes, observers, base_port = arguments
    with pytest.raises(EnsembleError):
        new_plan(nodes, observers, "127.0.0.1", base_port, 2000)


def test_a_plan_comes_back_from_its_directory_and_keeps_edited_files(tmp_path: Path) -> None:
    plan = new_plan(3, 1, "127.0.0.1", None, 1234)
    plan.write(tmp_path)
    (tmp_path / "1" / "zoo.cfg").write_text("edited")
    assert plan == stored_plan(tmp_path)
    plan.write(tmp_path)
    assert "edited" == (tmp_path / "1" / "zoo.cfg").read_text()
    assert "peerType=observer" in (tmp_path / "4" / "zoo.cfg").read_text()


def test_a_damaged_plan_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ensemble.json").write_text("{")
    with pytest.raises(EnsembleError, match=r"ensemble.json cannot be read .*: restore it"):
        stored_plan(tmp_path)
