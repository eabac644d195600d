"""Clients of tests, and chroots of their own on servers that several tests share."""

import logging
import re
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

from pyzoo.errors import PyzooError
from pyzoo.subtrees.document import SavedNode
from pyzoo.testing.preload import load

START_SECONDS: Final = 10.0
DELETE_TRIES: Final = 3
NAME_LENGTH: Final = 60

#: For clients that are no part of a test: a logger that nobody knows, and that says nothing.
_quiet: Final = logging.Logger(__name__, logging.CRITICAL + 1)


class NoClient(PyzooError):
    """No client could connect; the message says where."""


def start_client(hosts: str, **options: Any) -> KazooClient:
    """A connected client. Raises NoClient when there is no server within ten seconds."""
    client = KazooClient(hosts, **options)
    try:
        client.start(START_SECONDS)
    except client.handler.timeout_exception:
        client.close()
        raise NoClient(f"{hosts} lets no client in within {START_SECONDS:g} seconds: is it running?") from None
    return client


def end_client(client: KazooClient) -> None:
    """Close its session and all that it has, whatever state it is in; ending it twice does nothing more."""
    try:
        client.stop()
        client.close()
    except KazooException:
        # The server cannot be reached: its session expires.
        client.close()


@contextmanager
def short_client(hosts: str, **options: Any) -> Iterator[KazooClient]:
    """A client for a moment, that logs nothing."""
    client = start_client(hosts, logger=_quiet, **options)
    try:
        yield client
    finally:
        end_client(client)


def preload(hosts: str, nodes: Sequence[SavedNode]) -> None:
    """Make these nodes. Raises PreloadError, NoClient."""
    if nodes:
        with short_client(hosts) as client:
            load(client, nodes)


@contextmanager
def fresh_chroot(hosts: str, name: str, credentials: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """Where a client is at the root of an empty tree of its own: `hosts` with a chroot, removed at the end.

    `name` makes it recognisable; who has `credentials` may delete everything.
    """
    above, _, chroot = hosts.partition("/")
    readable = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:NAME_LENGTH]
    path = f"/{readable}-{uuid.uuid4().hex[:8]}"
    if chroot:
        path = f"/{chroot.strip('/')}{path}"
    with short_client(above) as client:
        client.ensure_path(path)
    try:
        yield above + path
    finally:
        _remove(above, path, credentials)


def _remove(hosts: str, path: str, credentials: Sequence[tuple[str, str]]) -> None:
    reason: Exception | None = None
    try:
        with short_client(hosts, auth_data=credentials or None) as client:
            # Clients that the test has left behind may still make nodes.
            for _ in range(DELETE_TRIES):
                try:
                    client.delete(path, recursive=True)
                    return
                except KazooException as error:
                    reason = error
    except (NoClient, KazooException) as error:
        reason = error
    warnings.warn(f"{path} at {hosts} could not be removed: {reason!r}", stacklevel=1)
