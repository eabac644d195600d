"""What a server calls its role where operators read it."""

from typing import Final

STANDALONE: Final = "standalone"
LEADER: Final = "leader"
FOLLOWER: Final = "follower"
OBSERVER: Final = "observer"
READ_ONLY: Final = "read-only"
NOT_SERVING: Final = ""
"""No leader, so there is nobody to serve."""
