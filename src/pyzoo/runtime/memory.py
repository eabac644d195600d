"""Memory that nobody uses any more, back to the system."""

import ctypes
import sys


def give_back() -> None:
    """What is free goes back at once (malloc_trim of glibc); with another C library that is its own affair.

    A large tree that is let go leaves pieces of memory behind that the allocator keeps for the next one.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
