"""The tree at members of an ensemble: what takes long goes on in batches, whoever else changes something meanwhile."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from html import unescape
from urllib.parse import urlencode

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NotEmptyError

from pyzoo.console.host import Body
from pyzoo.console.nodes.deleting import Deletion, delete_subtree
from pyzoo.console.nodes.reader import Reader
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ACL, CreateRequest
from pyzoo.runtime.console_host import ServerConsoleHost
from pyzoo.testing import EmbeddedEnsemble, EmbeddedMember
from tests.support.console import ask, post
from tests.support.console_host import HostOf, writer
from tests.support.kazoo_session import kazoo_session

OPEN = [ACL(31, "world", "anyone")]
NODES = 600
BATCH = 200
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ADMIN = {"zookeeper.admin.serverPort": "0", "zookeeper.admin.serverAddress": "127.0.0.1"}


@pytest.fixture(scope="module")
def ensemble() -> Iterator[EmbeddedEnsemble]:
    properties = {**ADMIN, "zookeeper.admin.console.writers": "world:anyone"}
    with EmbeddedEnsemble(properties=properties) as started:
        yield started


@pytest.fixture(scope="module")
def client(ensemble: EmbeddedEnsemble) -> Iterator[KazooClient]:
    with kazoo_session(ensemble.connect_string) as client:
        yield client


def member_that(ensemble: EmbeddedEnsemble, role: str) -> EmbeddedMember:
    return next(member for member in ensemble.members if member.mode() == role)


def wait_until_gone(member: EmbeddedMember, path: str) -> None:
    member.wait_until(lambda: not member.exists(path))


def make(client: KazooClient, top: str) -> None:
    client.create(top)
    for at in range(0, NODES, BATCH):
        transaction = client.transaction()
        for number in range(at, min(at + BATCH, NODES)):
            transaction.create(f"{top}/{number:05}", b"x")
        transaction.commit()


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_a_long_delete_goes_on_until_all_is_gone_everywhere(
    ensemble: EmbeddedEnsemble, client: KazooClient, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyzoo.console.nodes.deleting.MOST_MS", 1)
    top, member = f"/many-{role}", member_that(ensemble, role)
    make(client, top)
    member.wait_until(lambda: member.exists(f"{top}/{NODES - 1:05}"))
    answer = ask(member.admin_port, f"/console/tree/delete?{urlencode({'path': top})}")
    assert f"{NODES + 1:,} nodes" in answer.text
    requests = 0
    while answer.status == 200:
        fields = {name: unescape(value) for name, value in HIDDEN.findall(answer.text)}
        answer = post(member.admin_port, "/console/tree/delete", fields)
        requests += 1
    assert 303 == answer.status, answer.text
    assert requests > 1
    for each in ensemble.members:
        wait_until_gone(each, top)


def run_delete(member: EmbeddedMember, top: str, pause_ms: int) -> Deletion:
    visitor = writer("a")

    async def delete(host: ServerConsoleHost) -> Deletion:
        async def pause() -> None:
            await host.sleep(pause_ms / 1000)

        reader = Reader.of(host.server(), visitor.ids)
        return await delete_subtree(reader, top, partial(host.submit, visitor), lambda: 0, pause)

    return HostOf(member).run(delete)


def test_nodes_that_somebody_else_deletes_are_in_nobodys_way(ensemble: EmbeddedEnsemble, client: KazooClient) -> None:
    make(client, "/shared")
    member = member_that(ensemble, "follower")
    member.wait_until(f"/shared/{NODES - 1:05}")

    def delete_others() -> None:
        for number in range(0, NODES, 7):
            client.delete_async(f"/shared/{number:05}")

    other = threading.Thread(target=delete_others)
    other.start()
    done = run_delete(member, "/shared", pause_ms=10)
    other.join()
    assert (True, "") == (done.is_over, done.problem)
    assert not client.exists("/shared")


def test_a_node_that_gets_a_child_meanwhile_stops_the_delete_and_says_which(
    ensemble: EmbeddedEnsemble, client: KazooClient
) -> None:
    client.ensure_path("/busy/0")
    member = member_that(ensemble, "leader")
    member.wait_until("/busy/0")
    visitor = writer("b")

    async def delete(host: ServerConsoleHost) -> Deletion:
        async def submit(opcode: int, body: Body) -> InputArchive:
            """Somebody else comes first."""
            if not host.server().tree.get_node("/busy/1"):
                await host.submit(writer("c"), op.CREATE, CreateRequest("/busy/1", b"", OPEN, 0))
            return await host.submit(visitor, opcode, body)

        reader = Reader.of(host.server(), visitor.ids)
        return await delete_subtree(reader, "/busy", submit, lambda: 0, host.pause)

    assert "/busy: It has got new children meanwhile." == HostOf(member).run(delete).problem
    with pytest.raises(NotEmptyError):
        client.delete("/busy")
