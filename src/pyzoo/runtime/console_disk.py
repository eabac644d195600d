"""What the console shows of the disk and the certificates of this member: looked up in threads, kept for a while."""

import os
import shutil
from contextlib import suppress
from typing import Final

from pyzoo.config.settings import ServerConfig
from pyzoo.config.surroundings import CertificateFacts
from pyzoo.console.overview import Disk, Snapshots
from pyzoo.persistence.names import snapshot_zxid
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.environment import directory_size
from pyzoo.runtime.tls.certificate_dates import certificates_of, settings_in_use
from pyzoo.runtime.workers import in_thread
from pyzoo.server.operators.environment import ServerEnvironment

DISK_MS: Final = 15_000
CERTIFICATES_MS: Final = 600_000


class DiskLooks:
    """Disks, snapshots and certificates, none looked up more often than they change."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._disk_until_ms = self._certificates_until_ms = 0
        self.disks: tuple[Disk, ...] = ()
        self.snapshots: Snapshots | None = None
        self.certificates: tuple[CertificateFacts, ...] = ()

    async def look(self, environment: ServerEnvironment) -> None:
        """Look up what is old."""
        now_ms = elapsed_ms()
        if now_ms >= self._disk_until_ms:
            self._disk_until_ms = now_ms + DISK_MS
            data, log = environment.snap_dir(), environment.log_dir()
            self.disks, self.snapshots = await in_thread(disks_and_snapshots, data, log)
        if now_ms >= self._certificates_until_ms:
            self._certificates_until_ms = now_ms + CERTIFICATES_MS
            self.certificates = await in_thread(certificates_in_use, self._config)


def disks_and_snapshots(data: str, log: str) -> tuple[tuple[Disk, ...], Snapshots | None]:
    """Of these directories; nothing of an empty one, which is a server in memory."""
    named = [("data", data), ("log", log)] if log != data else [("data and log", data)]
    disks = [disk_of(name, path) for name, path in named if path]
    return tuple(disk for disk in disks if disk is not None), snapshots_in(data) if data else None


def disk_of(name: str, path: str) -> Disk | None:
    """Room for a directory; None where the system does not tell."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None
    return Disk(name, path, usage.free, usage.total, directory_size(path))


def snapshots_in(directory: str) -> Snapshots:
    """How many there are, and the newest."""
    count, newest, saved_ms = 0, -1, -1
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            zxid = snapshot_zxid(entry.name)
            if zxid >= 0:
                count += 1
                if zxid > newest:
                    newest = zxid
                    with suppress(OSError):
                        saved_ms = int(entry.stat().st_mtime * 1000)
    return Snapshots(count, newest, saved_ms)


def certificates_in_use(config: ServerConfig) -> tuple[CertificateFacts, ...]:
    """Those that ports of this server show or trust; nothing where what reads them is not installed."""
    with suppress(ImportError):
        found = [each for settings in settings_in_use(config) for each in certificates_of(settings)]
        return tuple(dict.fromkeys(found))
    return ()
