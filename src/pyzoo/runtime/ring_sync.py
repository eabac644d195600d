"""RingSync: as KernelSync, through io_uring, whose threads may run on another processor than the busy event loop.

That of Linux AIO is bound to the processor on which the sync was begun, and waits for the loop there. And a process
with a context of AIO that is killed waits some 30 ms for the kernel to take that back, before its connections end: so
long nobody would learn that a leader is gone. Containers often forbid io_uring.
"""

import ctypes
import logging
import mmap
import os
import struct
import sys
from typing import Final, final

from pyzoo.portable import is_portable
from pyzoo.runtime.kernel_sync import KernelSync, kernel_sync, system_call

logger: Final = logging.getLogger(__name__)

_SETUP: Final = 425  # the same on every machine that has it
_ENTER: Final = 426
_REGISTER: Final = 427
_ENTRIES: Final = 1
"""So its one place is always the next one, and completions have two."""
_PARAMS_SIZE: Final = 120
_FEATURES_AT: Final = 20
_SINGLE_MMAP: Final = 1  # IORING_FEAT_SINGLE_MMAP
_SUBMISSIONS_AT: Final = 40
_COMPLETIONS_AT: Final = 80
_OFFSETS: Final = struct.Struct("<7I")
_ENTRIES_OFFSET: Final = 0x10000000  # IORING_OFF_SQES
_SUBMISSION: Final = struct.Struct("<BBHiQQIIQ")
_SUBMISSION_SIZE: Final = 64
_COMPLETION: Final = struct.Struct("<QiI")
_FSYNC: Final = 3  # IORING_OP_FSYNC
_DATASYNC: Final = 1
_REGISTER_EVENTFD: Final = 4
_UNREGISTER_EVENTFD: Final = 5
_NUMBER: Final = struct.Struct("<I")


@final
class RingSync:
    """One fdatasync at a time; raises OSError where io_uring is missing or forbidden."""

    def __init__(self) -> None:
        params = ctypes.create_string_buffer(_PARAMS_SIZE)
        self._fd = system_call(_SETUP, ctypes.c_long(_ENTRIES), params)
        self._eventfd = -1
        try:
            self._map(params.raw)
        except BaseException:
            os.close(self._fd)
            raise

    def _map(self, params: bytes) -> None:
        if not _NUMBER.unpack_from(params, _FEATURES_AT)[0] & _SINGLE_MMAP:
            raise OSError("an io_uring of before Linux 5.4")
        _, self._tail, _, _, _, _, array = _OFFSETS.unpack_from(params, _SUBMISSIONS_AT)
        self._done, self._done_tail, self._done_mask, _, _, events, _ = _OFFSETS.unpack_from(params, _COMPLETIONS_AT)
        self._array, self._events = array, events
        size = max(array + _ENTRIES * _NUMBER.size, events + 2 * _ENTRIES * _COMPLETION.size)
        self._ring = mmap.mmap(self._fd, size)
        self._submissions = mmap.mmap(self._fd, _ENTRIES * _SUBMISSION_SIZE, offset=_ENTRIES_OFFSET)

    def begin(self, descriptor: int, eventfd: int) -> bool:
        """Begin to sync a file, whose end the eventfd will tell; False when the kernel does not take it."""
        if eventfd != self._eventfd:
            self._tell(eventfd)
        ring = self._ring
        tail = self._at(self._tail)
        _SUBMISSION.pack_into(self._submissions, 0, _FSYNC, 0, 0, descriptor, 0, 0, 0, _DATASYNC, 0)
        _NUMBER.pack_into(ring, self._array, 0)
        _NUMBER.pack_into(ring, self._tail, (tail + 1) & 0xFFFFFFFF)
        nothing = ctypes.c_long(0)
        try:
            taken = system_call(_ENTER, ctypes.c_long(self._fd), ctypes.c_long(1), nothing, nothing, None, nothing)
        except OSError as error:
            logger.debug("The kernel does not take a sync: %s", error)
            taken = 0
        if taken != 1:
            _NUMBER.pack_into(ring, self._tail, tail)
        return taken == 1

    def _tell(self, eventfd: int) -> None:
        nothing, fd = ctypes.c_long(0), ctypes.c_long(self._fd)
        if self._eventfd >= 0:
            system_call(_REGISTER, fd, ctypes.c_long(_UNREGISTER_EVENTFD), None, nothing)
        told = ctypes.c_int(eventfd)
        system_call(_REGISTER, fd, ctypes.c_long(_REGISTER_EVENTFD), ctypes.byref(told), ctypes.c_long(1))
        self._eventfd = eventfd

    def is_done(self) -> bool:
        """Whether what was begun has ended, told once and without a system call; raises OSError when it has failed."""
        head = self._at(self._done)
        if head == self._at(self._done_tail):
            return False
        at = self._events + (head & self._at(self._done_mask)) * _COMPLETION.size
        result = _COMPLETION.unpack_from(self._ring, at)[1]
        _NUMBER.pack_into(self._ring, self._done, (head + 1) & 0xFFFFFFFF)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return True

    def _at(self, offset: int) -> int:
        number: int = _NUMBER.unpack_from(self._ring, offset)[0]
        return number

    def close(self) -> None:
        """Give it back; nothing may be under way."""
        self._ring.close()
        self._submissions.close()
        os.close(self._fd)


def new_kernel_sync() -> KernelSync | RingSync | None:
    """A new one of the best kind that the kernel has and allows, None for none."""
    if is_portable():
        return None
    if sys.platform == "linux":
        try:
            return RingSync()
        except OSError as error:
            logger.debug("No io_uring: %s", error)
    return kernel_sync()
