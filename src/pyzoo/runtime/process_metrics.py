"""What Prometheus is told of the process: the names of its client libraries, and pyzoo's own for Python and the disk.

Why not its client library for Python: docs/decisions/0007-prometheus-text.md.
"""

import gc
import os
import platform
import shutil
import sys
import time
from functools import cache
from typing import Final

from pyzoo import __version__
from pyzoo.jute import primitives
from pyzoo.portable import way
from pyzoo.release import RELEASE
from pyzoo.runtime.file_limit import file_limit
from pyzoo.runtime.system_numbers import system_number
from pyzoo.server.operators.families import Family, Sample, family, single

# Fields of /proc/self/stat, counted behind the name of the command (proc_pid_stat(5)).
_START_TICKS: Final = 19
_VIRTUAL_BYTES: Final = 20
_RESIDENT_PAGES: Final = 21
BUILD: Final = "pyzoo_build_info"
DISK_FREE: Final = "pyzoo_disk_free_bytes"
DISK_SIZE: Final = "pyzoo_disk_size_bytes"


def process_families() -> list[Family]:
    """CPU, memory, files and start of this process; little where the system does not show them."""
    if sys.platform != "linux":
        return [single("process_cpu_seconds_total", time.process_time())]
    try:
        fields = _stat_fields()
    except OSError:
        return []
    open_files = len(os.listdir("/proc/self/fd")) - 1  # looking opens one more
    resident_bytes = int(fields[_RESIDENT_PAGES]) * system_number("SC_PAGE_SIZE")
    return [
        single("process_cpu_seconds_total", time.process_time()),
        single("process_start_time_seconds", start_seconds()),
        single("process_open_fds", open_files),
        single("process_max_fds", file_limit()),
        single("process_virtual_memory_bytes", int(fields[_VIRTUAL_BYTES])),
        single("process_resident_memory_bytes", resident_bytes),
    ]


def _stat_fields() -> list[str]:
    with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


@cache
def start_seconds() -> float:
    """When this process began, in seconds since 1970."""
    with open("/proc/stat", encoding="ascii") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    return boot + int(_stat_fields()[_START_TICKS]) / system_number("SC_CLK_TCK")


def python_families() -> list[Family]:
    """What this server is, and the work of the garbage collector by generation."""
    labels = (
        ("version", __version__),
        ("zookeeper_version", RELEASE),
        ("python_version", platform.python_version()),
        ("compiled", str(not str(primitives.__file__).endswith(".py")).lower()),
        ("way", way()),
    )
    build = family(BUILD, [Sample(BUILD, labels, 1.0)])
    stats = gc.get_stats()
    return [
        build,
        _by_generation("pyzoo_gc_collections_total", stats, "collections"),
        _by_generation("pyzoo_gc_collected_objects_total", stats, "collected"),
    ]


def _by_generation(name: str, stats: list[dict[str, int]], key: str) -> Family:
    samples = [Sample(name, (("generation", str(at)),), float(one[key])) for at, one in enumerate(stats)]
    return family(name, samples)


def disk_families(directories: dict[str, str]) -> list[Family]:
    """Room on the file systems of these directories; one that cannot be asked is left away."""
    free: list[Sample] = []
    size: list[Sample] = []
    for name, path in directories.items():
        try:
            disk = shutil.disk_usage(path)
        except OSError:
            continue
        labels = (("directory", name),)
        free.append(Sample(DISK_FREE, labels, float(disk.free)))
        size.append(Sample(DISK_SIZE, labels, float(disk.total)))
    return [family(DISK_FREE, free), family(DISK_SIZE, size)]
