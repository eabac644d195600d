"""Signals as a channel, for a process that is a server until it ends."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

import trio


@contextmanager
def heard_signals(
    numbers: Iterable[signal.Signals], at_once: Callable[[], None] | None = None
) -> Iterator[trio.MemoryReceiveChannel[signal.Signals]]:
    """Yield a channel of the signals as they come. `at_once` is called in the handler, before whoever waits runs.

    Afterwards they are ignored. `trio.open_signal_receiver` brings back the handlers of before instead: one that comes
    through another thread just then, or later while the server ends, would break its end off.
    """
    numbers = tuple(numbers)
    send, receive = trio.open_memory_channel[signal.Signals](float("inf"))
    token = trio.lowlevel.current_trio_token()

    def deliver(number: int) -> None:
        # One that nobody waits for any more is as one that is ignored.
        if receive.statistics().open_receive_channels:
            send.send_nowait(signal.Signals(number))

    def handle(number: int, _frame: FrameType | None) -> None:
        if at_once is not None:
            at_once()
        token.run_sync_soon(deliver, number, idempotent=True)

    for number in numbers:
        signal.signal(number, handle)
    try:
        with receive:
            yield receive
    finally:
        ignore(numbers)


def ignore(numbers: Iterable[signal.Signals]) -> None:
    """Ignore the signals from now on, without a word about those that come while this is done."""
    usual = sys.unraisablehook

    def keep_quiet(unraisable: "sys.UnraisableHookArgs") -> None:
        # What CPython says of a signal that came before it was ignored and is looked at afterwards.
        error = unraisable.exc_value
        if not (isinstance(error, OSError) and "ignored due to race condition" in str(error)):
            usual(unraisable)

    sys.unraisablehook = keep_quiet
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
