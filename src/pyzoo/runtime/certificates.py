"""Who a client certificate stands for, in the words of Java (X509AuthenticationProvider)."""

import logging
from typing import Final

from pyzoo.jute.records import Id

logger: Final = logging.getLogger(__name__)

KEYWORDS: Final = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
"""The attributes that RFC 2253 has names for."""


def certificate_ids(pem: str, super_user: str | None) -> tuple[Id, ...]:
    """The subject as an id of the x509 scheme, after that of the super user where it is that; none when unreadable."""
    try:
        from cryptography import x509
    except ImportError:
        logger.error("The x509 scheme of the AdminServer needs a library: pip install cryptography")
        return ()
    try:
        subject = x509.load_pem_x509_certificate(pem.encode()).subject
        name = subject.rfc4514_string({x509.ObjectIdentifier(oid): word for oid, word in KEYWORDS.items()})
    except ValueError:
        return ()
    ids = (Id("x509", name),)
    return (Id("super", name), *ids) if name == super_user else ids
