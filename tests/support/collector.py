"""Without Python's collector, which hardly ever looks at a running server: what is dropped has to go by itself."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """While the block runs only what nobody has any more is freed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def no_circles() -> Iterator[None]:
    """The block leaves no objects that know each other in a circle of what it makes and drops."""
    with without_collector():
        yield
        assert gc.collect() == 0
