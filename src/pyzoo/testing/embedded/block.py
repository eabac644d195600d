"""Blocks that start and stop something, and what blocks called from coroutines of trio or asyncio."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import trio

Result = TypeVar("Result")


async def off_loop(function: Callable[[], Result]) -> Result:
    """What the function returns or raises, called in a thread.

    Who is cancelled meanwhile waits for its end, so that nothing goes on behind the back of a test.
    """
    if trio.lowlevel.in_trio_task():
        with trio.CancelScope(shield=True):
            return await trio.to_thread.run_sync(function)
    import asyncio

    future = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


class Block(ABC):
    """What runs inside a `with` or an `async with`."""

    @abstractmethod
    def start(self) -> None:
        """Return when it runs; what fails to start leaves nothing behind."""

    @abstractmethod
    def stop(self) -> None:
        """Return when it is gone."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        is_started = False

        def start() -> None:
            nonlocal is_started
            self.start()
            is_started = True

        try:
            await off_loop(start)
        except BaseException:
            if is_started:  # who waited for it was cancelled
                await off_loop(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await off_loop(self.stop)

    async def in_thread(self, method: Callable[..., Result], *arguments: object) -> Result:
        """Call something of it without blocking the event loop of trio or asyncio.

        `await server.in_thread(server.wait_until, "/app")`.
        """
        return await off_loop(partial(method, *arguments))
