"""Asking the other members: what is asked how often, and what becomes of those that do not answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
from attrs import evolve

from pyzoo.config.membership import Membership, QuorumServer, ServerAddress
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.console.member_words import NO_ANSWER, NOT_SERVING, UNKNOWN, MemberState
from pyzoo.quorum.verifier import QuorumMaj
from pyzoo.runtime import console_members
from pyzoo.runtime.console_members import MemberAsker
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.server.database import ZKDatabase, new_tree
from pyzoo.server.operators.ensemble_view import EnsembleView
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from tests.support.identities import pem_settings

HOST = "127.0.0.1"
SRVR = "Zookeeper version: 3.9.5-x, built\nReceived: 5\nZxid: 0x100000002\nMode: follower\nConnections: 1\n"
OFF = "{} is not executed because it is not in the whitelist.\n"
Asked = list[str]
Answering = Callable[[str], str | None]


@asynccontextmanager
async def member(answers: Answering, tls: TlsSettings | None = None) -> AsyncIterator[tuple[int, Asked]]:
    """A member that answers like this, None for never, over TLS or not: its port, and what it was asked."""
    asked: Asked = []

    async def answer(stream: trio.abc.Stream) -> None:
        if tls is not None:
            stream = trio.SSLStream(stream, make_context(tls, server_side=True), server_side=True)
        word = bytes(await stream.receive_some(4)).decode()
        asked.append(word)
        text = answers(word)
        if text is None:
            await trio.sleep_forever()
        await stream.send_all((text or "").encode())
        await stream.aclose()

    async def serve(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            await answer(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, serve, 0)
        yield listeners[0].socket.getsockname()[1], asked
        nursery.cancel_scope.cancel()


def server_beside(port: int | None) -> ZooKeeperServer:
    """Member 1, whose ensemble has a second one at this client port."""
    members = Membership(
        (
            QuorumServer(1, (ServerAddress(HOST, 1, 2),), client_port=3),
            QuorumServer(2, (ServerAddress(HOST, 4, 5),), client_port=port),
        )
    )
    config = ServerConfig(data_dir="", server_id=1, membership=members)
    server = ZooKeeperServer(config, ZKDatabase(new_tree(config), {}), 0, 0, lambda n: 0)
    server.ensemble = EnsembleView(1, QuorumMaj(members), "")
    return server


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def with_limit() -> None:
        with trio.fail_after(60):
            await test()

    trio.run(with_limit)


async def second(asker: MemberAsker, server: ZooKeeperServer) -> MemberState:
    (found,) = await asker.ask_all(server)
    return found


def test_what_is_off_or_costs_more_is_not_asked_each_time() -> None:
    def answer(word: str) -> str:
        return SRVR if word == "srvr" else OFF.format(word) if word == "mntr" else ""

    async def ask() -> None:
        async with member(answer) as (port, asked):
            server = server_beside(port)
            asker = MemberAsker(server.config)
            states = [await second(asker, server) for _ in range(3)]
            assert ["srvr", "mntr", "hash", "dirs", "srvr", "srvr"] == asked
            for state in states:
                assert ("follower", 0x100000002, 0, ("mntr",)) == (
                    state.role,
                    state.zxid,
                    state.connections,
                    state.words_off,
                )

    run(ask)


@pytest.mark.parametrize(
    ("answer", "role", "reason"),
    [
        (None, NO_ANSWER, "no answer within 0.2 s"),
        ("", NO_ANSWER, "it closed the connection without an answer"),
        ("This ZooKeeper instance is not currently serving requests\n", NOT_SERVING, "it looks for a leader"),
    ],
)
def test_a_member_that_does_not_serve_is_shown_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, answer: str | None, role: str, reason: str
) -> None:
    monkeypatch.setattr(console_members, "ANSWER_SECONDS", 0.2)

    async def ask() -> None:
        async with member(lambda word: answer) as (port, _):
            server = server_beside(port)
            state = await second(MemberAsker(server.config), server)
            assert (role, reason) == (state.role, state.error)

    run(ask)


def test_a_port_where_nobody_listens_and_one_that_is_not_known_are_reasons_too() -> None:
    async def ask() -> None:
        async with member(lambda word: "") as (port, _):
            pass
        server = server_beside(port)
        state = await second(MemberAsker(server.config), server)
        assert NO_ANSWER == state.role
        assert "refused" in state.error.lower()
        server = server_beside(None)
        state = await second(MemberAsker(server.config), server)
        assert UNKNOWN == state.role
        assert "server.2=...;port" in state.error

    run(ask)


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_members, "ANSWER_BYTES", 1000)

    async def ask() -> None:
        async with member(lambda word: SRVR + "x" * 5_000_000) as (port, _):
            server = server_beside(port)
            assert "follower" == (await second(MemberAsker(server.config), server)).role

    run(ask)


def test_where_there_is_only_a_secure_port_members_are_asked_over_tls(tmp_path: Path) -> None:
    settings = pem_settings(tmp_path)
    (tmp_path / "others").mkdir()
    of_others = pem_settings(tmp_path / "others")

    async def ask() -> None:
        async with member(lambda word: SRVR, settings) as (port, _):
            here, there = (QuorumServer(id, (ServerAddress(host, 1, 2),)) for id, host in ((1, "192.0.2.1"), (2, HOST)))
            members = Membership((here, there))
            config = ServerConfig(data_dir="", server_id=1, membership=members, secure_client_port=port, tls=settings)
            server = ZooKeeperServer(config, ZKDatabase(new_tree(config), {}), 0, 0, lambda n: 0)
            server.ensemble = EnsembleView(1, QuorumMaj(members), "")
            assert "follower" == (await second(MemberAsker(config), server)).role
            other = evolve(config, tls=of_others)
            state = await second(MemberAsker(other), server)
            assert NO_ANSWER == state.role
            assert "CERTIFICATE_VERIFY_FAILED" in state.error

    run(ask)
