"""How long this thread may run at a stretch while others want its processor (docs/decisions/0020-short-turns.md).

Who asks for less at a time gets as much in all, and is let in sooner after each wait (Linux from 6.12 on, sched(7)).
"""

import ctypes
import logging
import os
import platform
import struct
import sys
from typing import Final

from pyzoo.portable import is_portable

logger: Final = logging.getLogger(__name__)

SLICE_NS: Final = 100_000
"""The least that Linux gives."""
_NUMBERS: Final = {"x86_64": (315, 314), "aarch64": (275, 274), "riscv64": (275, 274)}
"""sched_getattr, sched_setattr by machine."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period."""
_FAIR: Final = 0  # SCHED_OTHER
_POLICY, _RUNTIME = 1, 5


def take_short_turns() -> None:
    """Let this thread, and those that it starts from now on, run for SLICE_NS at a stretch when others wait.

    Does nothing where the system has no such thing, or somebody has given this process another policy.
    """
    if is_portable():
        return
    try:
        attributes = _attributes()
        if attributes[_POLICY] == _FAIR:
            attributes[_RUNTIME] = SLICE_NS
            _call(1, _ATTRIBUTES.pack(*attributes), 0)
    except OSError as error:
        logger.debug("The processor is shared as usual: %s", error)


def _attributes() -> list[int]:
    answer = ctypes.create_string_buffer(_ATTRIBUTES.size)
    _call(0, answer, _ATTRIBUTES.size, 0)
    return list(_ATTRIBUTES.unpack(answer))


def _call(which: int, attributes: "bytes | ctypes.Array[ctypes.c_char]", *more: int) -> None:
    """One of both system calls for this thread, by its number: Python has no functions for them."""
    # A process of 32 bits has other numbers, whatever the machine.
    is_known = sys.platform == "linux" and sys.maxsize > 1 << 32
    numbers = _NUMBERS.get(platform.machine()) if is_known else None
    if numbers is None:
        raise OSError("the numbers of the system calls are not known")
    libc = ctypes.CDLL(None, use_errno=True)
    this_thread = ctypes.c_long(0)
    if libc.syscall(ctypes.c_long(numbers[which]), this_thread, attributes, *map(ctypes.c_long, more)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
