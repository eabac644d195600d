"""`pyzoo status`: what it says of servers that serve, that do not, and that are none; and its exit code."""

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pyzoo.cli.status import ServerStatus, all_is_well, parse_connect_string, table, uptime_text
from pyzoo.runtime.free_ports import free_port
from tests.support.server_process import ServerProcess

Serve = Callable[..., ServerProcess]
Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]

LEADER_SRVR = (
    "Zookeeper version: 3.9.5-293c895, built on 2026-02-11 20:18 UTC\nLatency min/avg/max: 0/0.0/0\nReceived: 3\n"
    "Sent: 2\nConnections: 4\nOutstanding: 0\nZxid: 0x300000012\nMode: leader\nNode count: 5\n"
    "Proposal sizes last/min/max: -1/-1/-1\n"
)
NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"
REFUSED = "mntr is not executed because it is not in the whitelist.\n"


@contextmanager
def answering(answers: dict[str, str]) -> Iterator[str]:
    """A listener that gives these answers to words; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(answers[connection.recv(4).decode()].encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def free_address() -> str:
    return f"127.0.0.1:{free_port()}"


def test_a_standalone_server_is_well(serve: Serve, pyzoo: Pyzoo) -> None:
    server = serve("--in-memory", "--port", 0, "-Dzookeeper.4lw.commands.whitelist=*")
    ended = pyzoo("status", f"127.0.0.1:{server.port}")
    header, row = ended.stdout.splitlines()
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ["server", "mode", "zxid", "epoch", "counter"] == header.split()[:5]
    assert [f"127.0.0.1:{server.port}", "standalone", "0x0", "0", "0"] == row.split()[:5]


def test_json_has_every_field_and_a_verdict(serve: Serve, pyzoo: Pyzoo) -> None:
    server = serve("--in-memory", "--port", 0)
    ended = pyzoo("status", "--json", f"127.0.0.1:{server.port}")
    found = json.loads(ended.stdout)
    [status] = found["servers"]
    assert (0, True) == (ended.returncode, found["ok"])
    assert ("standalone", "0x0", "3.9.6", None) == (
        status["mode"],
        status["zxid"],
        status["version"],
        status["uptime_ms"],
    )


def test_a_leader_without_mntr_has_unknown_followers(pyzoo: Pyzoo) -> None:
    with answering({"srvr": LEADER_SRVR, "mntr": REFUSED}) as address:
        ended = pyzoo("status", address)
    row = ended.stdout.splitlines()[1].split()
    assert 0 == ended.returncode
    assert [address, "leader", "0x300000012", "3", "18", "?", "?", "4", "?", "3.9.5"] == row


@pytest.mark.parametrize(("followers", "learners", "uptime"), [("1", "3", "61000"), ("1.0", "3.0", "6.1E4")])
def test_mntr_tells_followers_and_uptime(pyzoo: Pyzoo, followers: str, learners: str, uptime: str) -> None:
    """Also as doubles, as a server with Prometheus' metrics writes them."""
    mntr = f"zk_version\t3.9.5\nzk_synced_followers\t{followers}\nzk_learners\t{learners}\nzk_uptime\t{uptime}\n"
    with answering({"srvr": LEADER_SRVR, "mntr": mntr}) as address:
        ended = pyzoo("status", address)
    assert ended.stdout.splitlines()[1].endswith("  1          3         4            1m 1s   3.9.5")


def test_a_server_that_does_not_serve_makes_the_code_1(pyzoo: Pyzoo) -> None:
    with answering({"srvr": NOT_SERVING}) as address:
        ended = pyzoo("status", address)
    assert 1 == ended.returncode
    assert f"{address}  not serving: {NOT_SERVING.strip()}" == ended.stdout.splitlines()[1]


def test_a_server_that_is_not_there_makes_the_code_1_and_the_others_are_told(serve: Serve, pyzoo: Pyzoo) -> None:
    server = serve("--in-memory", "--port", 0)
    gone = free_address()
    ended = pyzoo("status", f"{gone},127.0.0.1:{server.port}/chroot")
    _, first, second = ended.stdout.splitlines()
    assert 1 == ended.returncode
    assert [gone, "no", "answer:", "Connection", "refused"] == first.split()
    assert "standalone" == second.split()[1]


def test_one_that_accepts_and_is_silent_costs_the_timeout_only(pyzoo: Pyzoo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended = pyzoo("status", "--timeout", "0.2", f"127.0.0.1:{silent.getsockname()[1]}")
    assert 1 == ended.returncode
    assert "no answer: timed out" in ended.stdout


@pytest.mark.parametrize("text", ["", "host:", "host:0", "host:65536", "host:port", "a:1,,b:2", ":2181"])
def test_a_wrong_address_is_refused(pyzoo: Pyzoo, text: str) -> None:
    ended = pyzoo("status", text)
    assert (2, "") == (ended.returncode, ended.stdout)
    assert "is not an address: give host:port" in ended.stderr


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a:1,b:2", [("a", 1), ("b", 2)]),
        (" a:1 , b ", [("a", 1), ("b", 2181)]),
        ("[::1]:7,[::1]", [("::1", 7), ("::1", 2181)]),
        ("a:1/kafka/x", [("a", 1)]),
    ],
)
def test_connect_strings_are_those_of_clients(text: str, addresses: list[tuple[str, int]]) -> None:
    assert addresses == parse_connect_string(text)


@pytest.mark.parametrize(
    ("modes", "well"),
    [
        (["leader", "follower", "observer"], True),
        (["standalone"], True),
        (["follower", "follower"], False),
        (["leader", "leader", "follower"], False),
        (["leader", "read-only"], False),
        (["standalone", "standalone"], False),
    ],
)
def test_all_is_well_when_all_serve_and_one_leads(modes: list[str], well: bool) -> None:
    assert well == all_is_well([ServerStatus("a:1", mode) for mode in modes])


def test_an_error_does_not_widen_the_columns() -> None:
    lines = table([ServerStatus("a:1", "no answer", "x" * 80), ServerStatus("b:2", "leader")]).splitlines()
    assert lines[0].startswith("server  mode    zxid")
    assert lines[1].endswith("x" * 80)


@pytest.mark.parametrize(
    ("uptime_ms", "text"),
    [(None, "?"), (0, "0s"), (59_999, "59s"), (3_600_000, "1h"), (90_061_000, "1d 1h"), (3_601_000, "1h 1s")],
)
def test_uptime_is_its_two_largest_units(uptime_ms: int | None, text: str) -> None:
    assert text == uptime_text(uptime_ms)
