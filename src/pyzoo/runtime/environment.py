"""SystemEnvironment: the world outside a server as its commands show it.

The keys of `envi` are Java's, since tools look for them; the values are those of this Python.
"""

import os
import platform
import sys
import tempfile
import time
from typing import Final

from pyzoo.config.settings import ServerConfig
from pyzoo.persistence.snapshot.saved import list_snapshots
from pyzoo.runtime.clock import elapsed_ms, wall_ms
from pyzoo.runtime.file_limit import file_limit
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.system_numbers import system_number
from pyzoo.server.operators.environment import ServerEnvironment
from pyzoo.server.operators.families import Family

if sys.platform != "win32":
    import pwd

_JAVA_ARCHITECTURES: Final = {"x86_64": "amd64"}
_MEGABYTE: Final = 1 << 20
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SystemEnvironment(ServerEnvironment):
    """The real world; without storage (in-memory) there are no directories."""

    def __init__(
        self, config: ServerConfig, storage: Storage | None, client_port: int, secure_client_port: int = -1
    ) -> None:
        self._config = config
        self._storage = storage
        self._client_port = client_port
        self._secure_client_port = secure_client_port

    def data_dir_size(self) -> int:
        return directory_size(self.snap_dir())

    def log_dir_size(self) -> int:
        return directory_size(self.log_dir())

    def last_snapshot(self) -> tuple[int, int]:
        storage = self._storage
        if storage is None:
            return -1, -1
        for zxid, name in list_snapshots(storage.disk, storage.directories.snapshots):
            try:
                return zxid, int(os.stat(os.path.join(storage.directories.snapshots, name)).st_mtime)
            except FileNotFoundError:
                continue
        return -1, -1

    def slow_syncs(self) -> int:
        return 0 if self._storage is None else self._storage.log_thread.slow_syncs

    def snap_dir(self) -> str:
        return "" if self._storage is None else self._storage.directories.snapshots

    def log_dir(self) -> str:
        return "" if self._storage is None else self._storage.directories.logs

    def client_port(self) -> int:
        return self._client_port

    def secure_client_port(self) -> int:
        return self._secure_client_port

    def properties(self) -> list[tuple[str, str]]:
        free, total = memory_megabytes()
        return [
            ("host.name", platform.node()),
            ("java.version", platform.python_version()),
            ("java.vendor", platform.python_implementation()),
            ("java.home", sys.prefix),
            ("java.class.path", os.pathsep.join(sys.path)),
            ("java.library.path", os.environ.get("LD_LIBRARY_PATH", "")),
            ("java.io.tmpdir", tempfile.gettempdir() if sys.platform == "win32" else os.environ.get("TMPDIR", "/tmp")),
            ("java.compiler", "<NA>"),
            ("os.name", platform.system()),
            ("os.arch", _JAVA_ARCHITECTURES.get(platform.machine(), platform.machine())),
            ("os.version", platform.release()),
            ("user.name", user_name()),
            ("user.home", os.path.expanduser("~")),
            ("user.dir", os.getcwd()),
            ("os.memory.free", f"{free}MB"),
            ("os.memory.max", f"{total}MB"),
            ("os.memory.total", f"{total}MB"),
        ]

    def open_files(self) -> int:
        try:
            # Looking opens one more.
            return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")) - 1
        except OSError:
            return -1

    def max_files(self) -> int:
        return file_limit()

    def process_families(self) -> list[Family]:
        # Loaded by servers that somebody asks.
        from pyzoo.runtime.process_metrics import disk_families, process_families, python_families

        if not self._config.metrics.export_jvm_info:
            return []
        directories = {"data": self.snap_dir(), "log": self.log_dir()} if self._storage is not None else {}
        return process_families() + python_families() + disk_families(directories)

    def date_text(self, monotonic_ms: int) -> str:
        return local_date_text(wall_ms() + monotonic_ms - elapsed_ms())


def local_date_text(at_wall_ms: int) -> str:
    """A time since 1970 as Java's Date shows it in the local zone, whatever the locale."""
    at = time.localtime(at_wall_ms // 1000)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02} {clock} {at.tm_zone} {at.tm_year}"


def directory_size(path: str) -> int:
    """The bytes of all files below a directory; what vanishes meanwhile counts nothing."""
    total = 0
    waiting = [path] if path else []
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += file_size(entry)
        except OSError:
            continue
    return total


def file_size(entry: os.DirEntry[str]) -> int:
    """The bytes of a file, 0 when it has just been removed."""
    try:
        return entry.stat().st_size
    except OSError:
        return 0


def memory_megabytes() -> tuple[int, int]:
    """Memory of the machine: free now, and in all; 0 for what the system does not tell."""
    page = system_number("SC_PAGE_SIZE")
    return system_number("SC_AVPHYS_PAGES") * page // _MEGABYTE, system_number("SC_PHYS_PAGES") * page // _MEGABYTE


def user_name() -> str:
    """The name of the user that the server runs as, or the number of one without a name."""
    if sys.platform != "win32":
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return str(os.getuid())
    return os.environ.get("USERNAME", "")
