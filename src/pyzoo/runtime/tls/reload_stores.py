"""Certificates that are renewed on disk are used by connections that begin later."""

import logging
import os
from collections.abc import Callable
from typing import Final, TypeVar

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.contexts import client_tls, quorum_contexts
from pyzoo.runtime.transport.client_tls import ClientTls, ServerContexts
from pyzoo.runtime.transport.tls import PeerTls

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
T = TypeVar("T")

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
    """Look for changes of the stores of members for ever (sslQuorumReloadCertFiles)."""
    await _follow(
        config.quorum_tls,
        lambda: quorum_contexts(config),
        lambda contexts: tls.renew(*contexts),
        "between members",
        look_seconds,
    )


async def reload_client_stores(config: ServerConfig, tls: ClientTls, look_seconds: float = LOOK_SECONDS) -> None:
    """Look for changes of the stores of the secure client port for ever (client.certReload)."""

    def renew(contexts: ServerContexts | None) -> None:
        if contexts is not None:
            tls.renew(contexts)

    await _follow(config.tls, lambda: client_tls(config), renew, "of clients", look_seconds)


async def _follow(
    settings: TlsSettings, make: Callable[[], T], use: Callable[[T], None], whose: str, look_seconds: float
) -> None:
    """Stores that cannot be used are reported once, and tried until they can."""
    used = stamps_of(settings)
    refused: list[Stamp] | None = None
    while True:
        await trio.sleep(look_seconds)
        found = stamps_of(settings)
        if found == used:
            continue
        try:
            made = await trio.to_thread.run_sync(make)
        except ConfigError as error:
            if found != refused:
                logger.error("The stores have changed and cannot be used, those from before are: %s", error)
            refused = found
            continue
        use(made)
        used, refused = found, None
        logger.info("The stores have changed: new connections %s use them", whose)
