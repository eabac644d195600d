"""What a server does to its process for speed: the interpreter, limits, turns of the processor; and its slices."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.file_limit import raise_file_limit
from pyzoo.runtime.time_slice import take_short_turns
from pyzoo.server import slices

PLAIN_SLICE_UNITS = 2_000
SWITCH_SECONDS = 0.0005


def prepare_process(embedded: bool) -> None:
    """What a server that has its process to itself does for speed."""
    if not embedded:
        tune_interpreter()
        raise_file_limit()
        take_short_turns()


@contextmanager
def collector_at_rest(embedded: bool) -> Iterator[None]:
    """Keep the cyclic collector from what is being loaded, and stays, unless it is that of others too (`embedded`).

    It never looks at it later either: at a million nodes once takes it a tenth of a second.
    """
    if embedded:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def tune_interpreter() -> None:
    """Let the cyclic collector look at young objects only, and threads give way to each other soon.

    The tree has no cycles, and a full collection would stop the server for longer than its size allows. A
    thread that writes a snapshot must not keep the event loop waiting for the usual five milliseconds.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000_000)


def with_slices(config: ServerConfig) -> ServerConfig:
    """Plain Python gets as far in a slice as it can in the time that a compiled server takes for one."""
    if not str(slices.__file__).endswith(".py"):
        return config
    return evolve(config, slice_units=min(config.slice_units, PLAIN_SLICE_UNITS))
