"""Which way this process waits for sockets and makes files safe: the fast one, which is Linux's, or the portable one.

The fast one is epoll, eventfd, fdatasync and Linux AIO. The portable one is what trio has everywhere, poll or select
beside it, and fsync. PYZOO_PORTABLE=1 asks for it where the fast one is there too.
"""

import os
import sys
from typing import Final

ASKED_FOR: Final = "PYZOO_PORTABLE"
EPOLL: Final = "epoll"
PORTABLE: Final = "portable"
_NO: Final = ("", "0", "false", "no")


def is_portable() -> bool:
    """Whether the portable way is the one to go."""
    return os.environ.get(ASKED_FOR, "").lower() not in _NO or not has_fast_way()


def has_fast_way() -> bool:
    """Whether the system has all that the fast way needs."""
    return sys.platform == "linux" and hasattr(os, "eventfd") and hasattr(os, "fdatasync")


def way() -> str:
    """The way in a word, for people and metrics."""
    return PORTABLE if is_portable() else EPOLL
