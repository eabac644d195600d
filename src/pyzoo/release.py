"""What this server says it is: the ZooKeeper release whose behaviour it has. Clients parse the text."""

from typing import Final

RELEASE: Final = "3.9.6"
REVISION: Final = "a355171b081b5b60749db8f19cca1528b0df936f"
BUILD_DATE: Final = "2026-09-03 19:29 UTC"
FULL_VERSION: Final = f"{RELEASE}-{REVISION}, built on {BUILD_DATE}"
"""As in the first line of `srvr` and in `mntr` (Version.getFullVersion)."""
