"""Names of members: looked up beside the event loop, and known on while nobody can be asked."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio

from pyzoo.runtime import host_names
from pyzoo.runtime.four_letters import ask
from pyzoo.runtime.host_names import HostNames, is_numeric, name_of
from pyzoo.runtime.local_ensemble import LocalEnsemble
from pyzoo.runtime.local_member import Member
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import wait_until

UP, DOWN, SILENT = "up", "down", "silent"
STAND_IN = """
import os, socket, time

ask = socket.getaddrinfo

def state():
    with open(os.environ["NAME_SERVICE"]) as file:
        return file.read()

def getaddrinfo(host, *rest, **more):
    if not str(host).endswith(".test"):
        return ask(host, *rest, **more)
    while state() == "silent":
        time.sleep(0.05)
    if state() == "down":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return ask("127.0.0.1", *rest, **more)

socket.getaddrinfo = getaddrinfo
"""
"""For the processes of a test: names below .test are this machine while the name service is up."""


class NameService:
    """What the stand-in says of names below .test."""

    def __init__(self, place: Path) -> None:
        self.file = place / "state"
        self.set(UP)
        (place / "sitecustomize.py").write_text(STAND_IN)

    def set(self, state: str) -> None:
        """From now on."""
        new = self.file.with_suffix(".new")
        new.write_text(state)
        new.replace(self.file)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NameService:
    service = NameService(tmp_path)
    monkeypatch.setenv("NAME_SERVICE", str(service.file))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return service


@pytest.fixture
def ensemble() -> Iterator[LocalEnsemble]:
    """Not started; its members know each other as zoo1.test and so on."""
    ensemble = LocalEnsemble(3, tick_time_ms=500)
    ensemble.plan.write(ensemble.directory)
    for member in ensemble.members:
        config = member.directory / "zoo.cfg"
        text, count = re.subn(r"^(server\.(\d+)=)127\.0\.0\.1:", r"\1zoo\2.test:", config.read_text(), flags=re.M)
        assert count == 3
        config.write_text(text)
    yield ensemble
    ensemble.stop()


def answers(member: Member) -> bool:
    """Whether it says that it does not serve."""
    try:
        return "not currently serving" in ask(member.host, member.client_port, "srvr")
    except OSError:
        return False


@pytest.mark.parametrize("state", [DOWN, SILENT])
def test_an_ensemble_elects_another_leader_while_its_name_service_is_out(
    names: NameService, ensemble: LocalEnsemble, state: str
) -> None:
    ensemble.start()
    names.set(state)
    leader = ensemble.leader()
    assert leader is not None
    ensemble.kill(leader.sid)
    wait_until(lambda: ensemble.leader() not in (None, leader))
    with kazoo_session(ensemble.connect_string) as client:
        client.create("/during-the-outage")


@pytest.mark.parametrize("state", [DOWN, SILENT])
def test_members_whose_names_nobody_knows_answer_words_and_serve_once_they_are_known(
    names: NameService, ensemble: LocalEnsemble, state: str
) -> None:
    names.set(state)
    for member in ensemble.members:
        ensemble.launch(member.sid)
    wait_until(lambda: all(answers(member) for member in ensemble.members))
    names.set(UP)
    ensemble.wait_until_serving()


# --- one name


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Decides what the name service says: addresses, or an error that it raises."""
    said: list[object] = []

    def addresses_of(host: str) -> list[str]:
        if isinstance(said[-1], Exception):
            raise said[-1]
        assert isinstance(said[-1], list)
        return said[-1]

    monkeypatch.setattr(host_names, "addresses_of", addresses_of)
    return said.append


async def test_a_name_is_looked_up_anew_each_time(answer: Callable[[object], None]) -> None:
    names = HostNames()
    answer(["10.0.0.1"])
    assert await names.look_up("zoo1") == ["10.0.0.1"]
    answer(["10.0.0.2", "10.0.0.3"])
    assert await names.look_up("zoo1") == ["10.0.0.2", "10.0.0.3"]


async def test_a_name_stays_what_it_was_while_the_service_fails(answer: Callable[[object], None]) -> None:
    names = HostNames()
    answer(["10.0.0.1"])
    await names.look_up("zoo1")
    answer(socket.gaierror(socket.EAI_AGAIN, "later"))
    assert await names.look_up("zoo1") == ["10.0.0.1"]
    with pytest.raises(socket.gaierror):
        await names.look_up("zoo2")


async def test_what_cannot_be_a_name_is_an_error_of_the_system(answer: Callable[[object], None]) -> None:
    answer(UnicodeError("label too long"))
    with pytest.raises(OSError, match="is not a name"):
        await HostNames().look_up("x" * 70)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0"])
async def test_numbers_are_not_looked_up(host: str) -> None:
    assert is_numeric(host)
    assert await HostNames().look_up(host) == [host]


async def test_this_machine_is_known() -> None:
    with trio.fail_after(60):
        assert set(await HostNames().look_up("localhost")) & {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("claimed", "addresses", "name"),
    [
        ("zoo1.example.org", ["10.0.0.1", "10.0.0.2"], "zoo1.example.org"),
        ("zoo1.example.org", ["10.9.9.9"], ""),
        ("zoo1.example.org", [], ""),
        (None, [], ""),
    ],
    ids=["has the address", "has another", "has none", "no name"],
)
def test_a_name_that_an_address_claims_counts_if_it_has_the_address(
    claimed: str | None, addresses: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reverse(address: str) -> tuple[str, list[str], list[str]]:
        if claimed is None:
            raise socket.herror(1, "Unknown host")
        return claimed, [], [address]

    def forward(host: str) -> list[str]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        assert claimed == host
        return addresses

    monkeypatch.setattr(socket, "gethostbyaddr", reverse)
    monkeypatch.setattr(host_names, "addresses_of", forward)
    assert name == name_of("10.0.0.1")
