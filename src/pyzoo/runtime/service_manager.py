"""Tells the service manager (systemd) when the server is ready and when it begins to stop: sd_notify(3)."""

import logging
import os
import socket
import sys
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"

logger = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send a state to the socket that NOTIFY_SOCKET names; without one nobody wants to know.

    A server never fails for the sake of it: what goes wrong is logged.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or sys.platform == "win32":
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            # "@" stands for the zero byte of an abstract address.
            sock.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
    except OSError as error:
        logger.warning("The service manager at %s was not told %s: %s", address, state, error)
