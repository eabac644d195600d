"""Numbers that a POSIX system tells of itself."""

import os
import sys


def system_number(name: str) -> int:
    """As os.sysconf; 0 where the system does not know it, as macOS its free memory and Windows all of them."""
    if sys.platform == "win32":
        return 0
    return os.sysconf(name) if name in os.sysconf_names else 0
