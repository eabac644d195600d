"""The purge of old snapshots and logs that a server does by itself."""

import logging
import math

import trio

from pyzoo.errors import StorageError
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.workers import in_thread

logger = logging.getLogger(__name__)

SECONDS_AN_HOUR = 3600


async def purge_regularly(storage: Storage) -> None:
    """At the start, with the snapshot of that, and every autopurge.purgeInterval hours; 0 is never."""
    interval_hours = storage.config.autopurge_purge_interval_hours
    if interval_hours <= 0:
        await trio.sleep(math.inf)
    if storage.snapshot_due:
        await storage.due_is_over.wait()
    while True:
        try:
            await in_thread(storage.purge)
        except (OSError, StorageError) as error:
            logger.error("Purging failed, it is tried again in %d hours: %s", interval_hours, error)
        await trio.sleep(interval_hours * SECONDS_AN_HOUR)
