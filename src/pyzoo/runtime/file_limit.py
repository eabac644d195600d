"""How many files and connections this process may have open."""

import logging
import sys
from typing import Final

if sys.platform != "win32":
    import resource

logger: Final = logging.getLogger(__name__)

UNKNOWN: Final = -1
MOST_OF_MACOS: Final = 10_240
"""OPEN_MAX: more than that is refused, whatever the limit says (setrlimit(2) there)."""


def file_limit() -> int:
    """As the system has it now; -1 where it has none, as Windows."""
    if sys.platform != "win32":
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return UNKNOWN


def raise_file_limit() -> None:
    """Allow as many as the system lets us, as a JVM does."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = hard
        if sys.platform == "darwin":
            most = MOST_OF_MACOS if hard == resource.RLIM_INFINITY else min(hard, MOST_OF_MACOS)
        if soft != most:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            except (OSError, ValueError) as error:
                logger.info("The limit of open files stays at %d: %s", soft, error)
