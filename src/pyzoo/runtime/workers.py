"""Work in a thread, whose errors leave nothing behind."""

from collections.abc import Callable
from typing import TypeVar

import trio
from attrs import frozen

from pyzoo.errors import PyzooError, StorageError

Result = TypeVar("Result")


@frozen
class _Failure:
    error: Exception


async def in_thread(function: Callable[..., Result], *args: object, abandons: bool = False) -> Result:
    """What `function` returns, or the error that it raises, without the frames that it came through.

    Who is cancelled meanwhile waits for the thread, unless it `abandons` that.

    An error that trio brings back from a thread stands in a frame of its own traceback. That cycle keeps all that was
    at work in these frames until a full collection of garbage, which a server puts off for ever.
    """
    outcome = await trio.to_thread.run_sync(_attempt, function, args, abandon_on_cancel=abandons)
    if not isinstance(outcome, _Failure):
        return outcome
    try:
        raise outcome.error
    finally:
        del outcome


def _attempt(function: Callable[..., Result], args: tuple[object, ...]) -> Result | _Failure:
    try:
        return function(*args)
    except MemoryError:
        return _Failure(StorageError("there is not enough memory for it"))
    except (PyzooError, OSError) as error:
        error.__context__ = error.__cause__ = None
        return _Failure(error.with_traceback(None))
