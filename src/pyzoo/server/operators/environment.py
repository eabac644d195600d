"""ServerEnvironment: what the commands show of the world outside the server.

The runtime puts its own in; this one, for tests and simulations, knows of no world.
"""

from mypy_extensions import mypyc_attr

from pyzoo.server.operators.families import Family


@mypyc_attr(allow_interpreted_subclasses=True)
class ServerEnvironment:
    """Sizes in bytes; -1 stands for a number that is not known."""

    def data_dir_size(self) -> int:
        """The size of all files below the snapshot directory."""
        return 0

    def log_dir_size(self) -> int:
        """The size of all files below the log directory."""
        return 0

    def last_snapshot(self) -> tuple[int, int]:
        """The zxid of the newest snapshot and when it was saved, in seconds since 1970; -1 for both without one."""
        return -1, -1

    def slow_syncs(self) -> int:
        """How often a sync of the log took longer than fsync.warningthresholdms."""
        return 0

    def snap_dir(self) -> str:
        """The snapshot directory, version-2 included."""
        return ""

    def log_dir(self) -> str:
        """The log directory, version-2 included."""
        return ""

    def client_port(self) -> int:
        """The port that clients connect to; -1 without one."""
        return -1

    def secure_client_port(self) -> int:
        """The TLS port; -1 without one."""
        return -1

    def properties(self) -> list[tuple[str, str]]:
        """What `envi` shows after the version, in its order."""
        return []

    def open_files(self) -> int:
        """File descriptors that are open."""
        return -1

    def max_files(self) -> int:
        """File descriptors that may be open."""
        return -1

    def process_families(self) -> list[Family]:
        """What is exported of the process for Prometheus."""
        return []

    def date_text(self, monotonic_ms: int) -> str:
        """The local date of a monotonic time, like `Mon Nov 23 02:38:22 UTC 2026`."""
        return f"{monotonic_ms} ms"
