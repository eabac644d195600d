"""What this server says it is: the ZooKeeper release whose behaviour it has. Clients parse the text."""

from typing import Final

RELEASE: Final = "3.9.5"
REVISION: Final = "293c895a8d966a3ecb92872be4a1daf87d725da2"
BUILD_DATE: Final = "2026-02-11 20:18 UTC"
FULL_VERSION: Final = f"{RELEASE}-{REVISION}, built on {BUILD_DATE}"
"""As in the first line of `srvr` and in `mntr` (Version.getFullVersion)."""
