"""Objects that know each other in a circle, which only Python's collector can free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_circles() -> Iterator[None]:
    """What the block makes and drops, it leaves nothing of for the collector."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert gc.collect() == 0
    finally:
        gc.enable()
