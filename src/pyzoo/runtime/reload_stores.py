"""sslQuorumReloadCertFiles: certificates that are renewed on disk are used by connections that begin later."""

import logging
import os
from typing import Final

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls_contexts import quorum_contexts
from pyzoo.runtime.transport.tls import PeerTls

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0

Stamp = tuple[int, int, int] | None
"""What changes when a file does: inode, size, time; None for a file that is not there."""


def stamps_of(settings: TlsSettings) -> list[Stamp]:
    """The stamps of all files of both stores."""
    stores = (settings.key_store, settings.trust_store)
    return [_stamp(path) for store in stores for path in (store.location, store.password_path) if path]


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


async def reload_stores(config: ServerConfig, tls: PeerTls, look_seconds: float = LOOK_SECONDS) -> None:
    """Look for changes for ever; stores that cannot be used are reported once, and tried until they can."""
    used = stamps_of(config.quorum_tls)
    refused: list[Stamp] | None = None
    while True:
        await trio.sleep(look_seconds)
        found = stamps_of(config.quorum_tls)
        if found == used:
            continue
        try:
            client, server = await trio.to_thread.run_sync(quorum_contexts, config)
        except ConfigError as error:
            if found != refused:
                logger.error("The stores have changed and cannot be used, those from before are: %s", error)
            refused = found
            continue
        tls.renew(client, server)
        used, refused = found, None
        logger.info("The stores have changed: new connections between members use them")
