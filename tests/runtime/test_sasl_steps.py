"""Tokens that threads look at: the server goes on meanwhile, and whatever comes of it, only that login fails."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import SaslFailure
from pyzoo.jute import opcodes as op
from pyzoo.runtime import server_tasks
from pyzoo.runtime.run import RunningServer, serve
from pyzoo.sasl.mechanism import SaslServer, ServerLogin
from tests.support.server_process import RawClient

AUTHFAILED = -115
Look = Callable[[bytes], bytes | None]


class Slow(SaslServer):
    """Asks `look` about every token, in whichever thread."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.waits = True
        self._look = look

    def evaluate(self, response: bytes) -> bytes | None:
        return self._look(response)


class SlowLogin(ServerLogin):
    def __init__(self, look: Look) -> None:
        self._look = look

    def new_server(self) -> SaslServer:
        return Slow(self._look)


async def served(nursery: trio.Nursery, look: Look) -> RunningServer:
    config = ServerConfig(data_dir="", client_port=0, client_port_address="127.0.0.1", client_login=SlowLogin(look))
    running: RunningServer = await nursery.start(partial(serve, config, in_memory=True, embedded=True))
    return running


def log_in(port: int) -> int:
    """The error of the answer to a token."""
    error, _ = RawClient(port).ask(op.SASL, b"\0\0\0\x05token")
    return error


def fail_by_itself(token: bytes) -> bytes | None:
    raise RuntimeError("a bug")


def fail(token: bytes) -> bytes | None:
    raise SaslFailure("no")


@pytest.mark.parametrize(("look", "error"), [(bytes.upper, 0), (fail, AUTHFAILED), (fail_by_itself, AUTHFAILED)])
async def test_what_comes_of_a_token(nursery: trio.Nursery, look: Look, error: int) -> None:
    running = await served(nursery, look)
    assert error == await trio.to_thread.run_sync(log_in, running.port)
    assert await trio.to_thread.run_sync(lambda: RawClient(running.port).exists("/zookeeper"))
    running.stop()


async def test_others_are_served_while_a_token_is_looked_at(nursery: trio.Nursery) -> None:
    seen, goes_on = threading.Event(), threading.Event()

    def wait(token: bytes) -> bytes | None:
        seen.set()
        goes_on.wait()
        return token

    running = await served(nursery, wait)
    errors: list[int] = []

    async def one_login() -> None:
        errors.append(await trio.to_thread.run_sync(log_in, running.port))

    async with trio.open_nursery() as logins:
        logins.start_soon(one_login)
        await trio.to_thread.run_sync(seen.wait)
        assert await trio.to_thread.run_sync(lambda: RawClient(running.port).exists("/zookeeper"))
        assert [] == errors
        goes_on.set()
    assert [0] == errors
    running.stop()


async def test_who_waits_too_long_is_told_that_it_failed(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_tasks, "SASL_SECONDS", 0.05)
    goes_on = threading.Event()

    def wait(token: bytes) -> bytes | None:
        goes_on.wait()
        return token

    running = await served(nursery, wait)
    assert AUTHFAILED == await trio.to_thread.run_sync(log_in, running.port)
    goes_on.set()
    running.stop()
