"""Whether a port that says nothing to a client without TLS is one for clients with it."""

import socket
import ssl
from typing import Final

TIMEOUT_S: Final = 1.0


def speaks_tls(host: str, port: int, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether the beginning of a handshake is answered as TLS answers, be it with an alert; False also without answer.

    Nothing is said or believed over such a connection, so no certificate is looked at.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout_s) as plain, context.wrap_socket(plain):
            return True
    except ssl.SSLError as error:
        return "_ALERT_" in str(error.reason)
    except OSError:
        return False
