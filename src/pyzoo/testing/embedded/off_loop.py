"""What blocks, called from a coroutine of trio or asyncio without blocking its event loop."""

from collections.abc import Callable
from typing import TypeVar

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
