"""KernelSync: the kernel makes a file safe (Linux AIO) while this thread goes on; an eventfd tells when it is done.

A thread of our own would need the interpreter's lock just when the event loop is busiest.
"""

import logging
import os
from typing import Final

try:
    from caio import linux_aio
except ImportError:  # not Linux, or an old one
    linux_aio = None  # type: ignore[assignment]

logger: Final = logging.getLogger(__name__)


class KernelSync:
    """One fdatasync at a time; raises OSError on a system that has none."""

    def __init__(self) -> None:
        if linux_aio is None:
            raise OSError("no asynchronous fdatasync on this system")
        try:
            self._context = linux_aio.Context(1)
        except SystemError as error:
            raise OSError(f"no asynchronous fdatasync: {error}") from error
        self._results: list[int] = []
        self.eventfd: int = self._context.fileno
        """Others may write to it as well; it is closed with this object."""

    def begin(self, descriptor: int) -> bool:
        """Begin to sync a file; False when the kernel does not take it."""
        operation = linux_aio.Operation.fdsync(descriptor)
        operation.set_callback(self._results.append)
        try:
            return self._context.submit(operation) == 1
        except (OverflowError, ValueError, SystemError) as error:
            logger.debug("The kernel does not take a sync: %s", error)
            return False

    def is_done(self, wait: bool = False) -> bool:
        """Whether what was begun has ended; raises OSError when it has failed."""
        self._context.process_events(1, 1 if wait else 0, -1 if wait else 0)
        if not self._results:
            return False
        result = self._results.pop()
        if result != 0:
            number = (1 << 64) - result  # it comes as an unsigned number
            raise OSError(number, os.strerror(number))
        return True


def kernel_sync() -> KernelSync | None:
    """A new one, None where the kernel has none."""
    try:
        return KernelSync()
    except OSError as error:
        logger.debug("The log is synced by its thread: %s", error)
        return None
