"""KernelSync: the kernel makes a file safe (Linux AIO) while this thread goes on; an eventfd tells when it is done.

A thread of our own would need the interpreter's lock just when the event loop is busiest. The system calls are made
by number: glibc has no functions for them, and the library caio takes a tenth of a second to be imported, which is as
long as the rest of a start.
"""

import ctypes
import logging
import os
import platform
import struct
import sys
from functools import cache
from typing import Final

from pyzoo.portable import is_portable

logger: Final = logging.getLogger(__name__)

_NUMBERS: Final = {"x86_64": (206, 209, 208), "aarch64": (0, 2, 4), "riscv64": (0, 2, 4)}
"""io_setup, io_submit, io_getevents by machine."""
_IOCB: Final = struct.Struct("<QIiHhIQQqQII")
_FDSYNC: Final = 3  # IOCB_CMD_FDSYNC
_TELLS_EVENTFD: Final = 1  # IOCB_FLAG_RESFD
_EVENT: Final = struct.Struct("<QQqq")

_idle: Final[list[int]] = []
"""Contexts that nobody uses now: the kernel takes long to take one back."""


@cache
def _libc() -> ctypes.PyDLL:
    """Everything here is over at once, so the interpreter's lock is kept."""
    return ctypes.PyDLL(None, use_errno=True)


def system_call(number: int, *arguments: object) -> int:
    """A system call; raises OSError."""
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


class KernelSync:
    """One fdatasync at a time; raises OSError on a system that has none."""

    def __init__(self) -> None:
        # A process of 32 bits has other numbers, whatever the machine.
        is_known = sys.platform == "linux" and sys.maxsize > 1 << 32
        numbers = _NUMBERS.get(platform.machine()) if is_known else None
        if numbers is None:
            raise OSError("no asynchronous fdatasync on this system")
        setup, self._submit, self._getevents = numbers
        context = ctypes.c_ulong(_idle.pop() if _idle else 0)
        if context.value == 0:
            system_call(setup, ctypes.c_long(1), ctypes.byref(context))
        self._context = context
        self._iocb = ctypes.create_string_buffer(_IOCB.size)
        self._iocbs = (ctypes.c_void_p * 1)(ctypes.addressof(self._iocb))
        self._event = ctypes.create_string_buffer(_EVENT.size)

    def begin(self, descriptor: int, eventfd: int) -> bool:
        """Begin to sync a file, whose end the eventfd will tell; False when the kernel does not take it."""
        _IOCB.pack_into(self._iocb, 0, 0, 0, 0, _FDSYNC, 0, descriptor, 0, 0, 0, 0, _TELLS_EVENTFD, eventfd)
        try:
            return system_call(self._submit, self._context, ctypes.c_long(1), self._iocbs) == 1
        except OSError as error:
            logger.debug("The kernel does not take a sync: %s", error)
            return False

    def is_done(self) -> bool:
        """Whether what was begun has ended, told once; raises OSError when it has failed."""
        least, most, no_wait = ctypes.c_long(0), ctypes.c_long(1), ctypes.c_void_p(None)
        if system_call(self._getevents, self._context, least, most, self._event, no_wait) == 0:
            return False
        result = _EVENT.unpack_from(self._event)[2]
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return True

    def close(self) -> None:
        """Let another one have its place in the kernel; nothing may be under way."""
        _idle.append(self._context.value)


def kernel_sync() -> KernelSync | None:
    """A new one, None where the kernel has none, or nobody would hear of its end."""
    if is_portable():
        return None
    try:
        return KernelSync()
    except OSError as error:
        logger.debug("The log is synced by its thread: %s", error)
        return None
