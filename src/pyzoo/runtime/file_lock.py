"""A lock on a whole file: it ends with the descriptor, and with the process."""

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_WINDOWS_OFFSET = 1 << 30
"""What is locked there can be read by nobody else, so it is a byte that no file of ours has."""


def lock(fd: int, shared: bool = False) -> None:
    """Take it at once, `shared` with others that want no more; Windows has only locks for one.

    Raises BlockingIOError where another one has it, OSError where there are no locks.
    """
    if sys.platform == "win32":
        os.lseek(fd, _WINDOWS_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
