"""A process that this one has not started: whether it lives, and its end."""

import os
import signal
import sys
import time
from contextlib import suppress
from typing import Final

if sys.platform == "linux":
    import select
elif sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _MAY_WAIT, _INFINITE = 0x00100000, 0xFFFFFFFF

_LOOK_SECONDS: Final = 0.05


def is_alive(pid: int) -> bool:
    """Whether there is such a process, whoever's it is."""
    if sys.platform == "win32":
        try:
            process = OtherProcess(pid)
        except ProcessLookupError:
            return False
        try:
            return not process.wait(0)
        finally:
            process.close()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class OtherProcess:
    """The process that has a number now; on Linux and Windows it is meant even when another one gets it.

    Raises ProcessLookupError where there is none. Signals raise nothing when it has ended.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        if sys.platform == "linux":
            self._fd = os.pidfd_open(pid)
        elif sys.platform == "win32":
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.OpenProcess.restype = wintypes.HANDLE
            self._handle = wintypes.HANDLE(self._kernel.OpenProcess(_MAY_WAIT, False, pid))
            if not self._handle:
                raise ProcessLookupError(ctypes.get_last_error(), "no such process")
        elif not is_alive(pid):
            raise ProcessLookupError(pid)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM). Windows has no such question: it ends at once."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        if sys.platform == "win32":
            self._signal(signal.SIGTERM)
        else:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if sys.platform == "linux":
                signal.pidfd_send_signal(self._fd, number)
            else:
                os.kill(self._pid, number)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has ended, within so many seconds; without a number its end is waited for."""
        if sys.platform == "linux":
            waiting = select.poll()
            waiting.register(self._fd, select.POLLIN)
            return bool(waiting.poll(None if seconds is None else seconds * 1000))
        if sys.platform == "win32":
            left_ms = _INFINITE if seconds is None else int(seconds * 1000)
            ended: bool = self._kernel.WaitForSingleObject(self._handle, left_ms) == 0
            return ended
        end = None if seconds is None else time.monotonic() + seconds
        while is_alive(self._pid):
            if end is not None and time.monotonic() >= end:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def close(self) -> None:
        """Nothing more is wanted of it."""
        if sys.platform == "linux":
            os.close(self._fd)
        elif sys.platform == "win32":
            self._kernel.CloseHandle(self._handle)
