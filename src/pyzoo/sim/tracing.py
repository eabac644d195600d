"""What the members log becomes a part of the trace."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pyzoo.sim.world import World


class _TraceHandler(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__(logging.INFO)
        self.world = world

    def emit(self, record: logging.LogRecord) -> None:
        self.world.note(f"server {self.world.actor}: {record.getMessage()}")


@contextmanager
def traced(world: World) -> Iterator[None]:
    """Send the log of this project into the trace, and nowhere else."""
    logger = logging.getLogger("pyzoo")
    handler = _TraceHandler(world)
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
