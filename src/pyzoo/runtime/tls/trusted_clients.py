"""Whether the trust store of clients vouches for a certificate shown at another port (X509AuthenticationProvider)."""

import logging
from typing import Final

from pyzoo.config.tls_settings import TlsStore
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.key_stores import load_trusted

logger: Final = logging.getLogger(__name__)


def vouches_for(store: TlsStore, certificate: bytes) -> bool:
    """Whether the certificate, which is DER and good as of the time, stands in the store or is signed by one of it.

    Reads files; what is wrong with them is logged.
    """
    if not store.location:
        logger.error("Nobody is identified by a certificate: set %s.location", store.key)
        return False
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        authorities = x509.load_pem_x509_certificates(load_trusted(store).encode())
        shown = x509.load_der_x509_certificate(certificate)
    except (ConfigError, ImportError, ValueError) as error:
        logger.error("Nobody is identified by a certificate: %s", error)
        return False
    for authority in authorities:
        if authority == shown:
            return True
        try:
            shown.verify_directly_issued_by(authority)
        except (InvalidSignature, TypeError, ValueError):
            continue
        return True
    return False
