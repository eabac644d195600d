"""The commands snapshot and restore: who may, how often, and what comes of it (SnapshotCommand, RestoreCommand).

Apache answers a failure with the status alone and an error of null; here the error says what went wrong.
"""

import logging
from collections.abc import AsyncIterator
from typing import Final

from pyzoo.admin.authorization import Caller, check_access
from pyzoo.admin.commands import RESTORE, SNAPSHOT, refusal
from pyzoo.admin.host import AdminHost, SavedSnapshot
from pyzoo.admin.rate_limiter import RateLimiter
from pyzoo.admin.response import CommandResponse
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import NoRoomOnDisk, StorageError, UploadTooLarge
from pyzoo.server.operators.answers import hex_text

logger: Final = logging.getLogger(__name__)

MICROSECONDS_A_MS: Final = 1000
NEEDS_LAST_ZXID: Final = "serializeLastProcessedZxid.enabled is false, without which snapshots cannot be restored"


class SnapshotCommands:
    """Both commands of one server; each has a rate limit of its own."""

    def __init__(self, config: ServerConfig, host: AdminHost, now_ms: int) -> None:
        interval = config.admin.rate_limiter_interval
        self._config = config
        self._host = host
        # Apache takes the same number for microseconds here.
        self._snapshots = RateLimiter(interval // MICROSECONDS_A_MS, now_ms)
        self._restores = RateLimiter(interval, now_ms)

    async def snapshot(self, name: str, caller: Caller) -> tuple[CommandResponse, SavedSnapshot | None]:
        """Save a snapshot; the answer, and the snapshot unless there is none."""
        server = self._host.server()
        refused = refusal(name, server) or check_access(name, server, caller)
        refused = refused or self._refused(SNAPSHOT, self._config.admin.snapshot_enabled)
        if refused is not None:
            return refused, None
        if not self._snapshots.allow(int(server.now_ms)):
            server.metrics.snapshot_rate_limited_count += 1
            return _too_often(SNAPSHOT, self._snapshots), None
        try:
            saved = await self._host.save_snapshot()
        except StorageError as error:
            server.metrics.snapshot_error_count += 1
            logger.warning("The snapshot command failed: %s", error)
            return CommandResponse(SNAPSHOT, error=str(error), status=_status_of(error)), None
        headers = {"last_zxid": f"0x{hex_text(saved.zxid)}", "snapshot_size": str(saved.size)}
        return CommandResponse(SNAPSHOT, headers=headers), saved

    async def restore(self, name: str, caller: Caller, body: AsyncIterator[bytes], announced: int) -> CommandResponse:
        """Replace the database by the snapshot in the body, whose size is `announced` (0: not known)."""
        server = self._host.server()
        refused = refusal(name, server) or check_access(name, server, caller)
        refused = refused or self._refused(RESTORE, self._config.admin.restore_enabled)
        if refused is not None:
            return refused
        if not self._restores.allow(int(server.now_ms)):
            server.metrics.restore_rate_limited_count += 1
            return _too_often(RESTORE, self._restores)
        try:
            zxid = await self._host.restore(body, announced)
        except StorageError as error:
            server.metrics.restore_error_count += 1
            logger.warning("The restore command failed: %s", error)
            return CommandResponse(RESTORE, error=str(error), status=_status_of(error))
        return CommandResponse(RESTORE, {"last_zxid": zxid})

    def _refused(self, name: str, enabled: bool) -> CommandResponse | None:
        if not enabled:
            return CommandResponse(name, error=f"admin.{name}.enabled is false", status=503)
        if not self._config.serialize_last_processed_zxid:
            return CommandResponse(name, error=NEEDS_LAST_ZXID, status=500)
        return None


def _status_of(error: StorageError) -> int:
    """Apache knows 500 alone, for it has no limits."""
    if isinstance(error, UploadTooLarge):
        return 413
    return 507 if isinstance(error, NoRoomOnDisk) else 500


def _too_often(name: str, limiter: RateLimiter) -> CommandResponse:
    text = f"one {name} is allowed in {limiter.interval_ms} ms; try again later"
    return CommandResponse(name, error=text, status=429)
