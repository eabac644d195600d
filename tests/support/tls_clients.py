"""Clients that speak TLS."""

import ssl

from pyzoo.config.tls_settings import TlsSettings


def identified(stores: TlsSettings) -> ssl.SSLContext:
    """A client with a certificate that the server trusts."""
    context = ssl.create_default_context(cafile=stores.trust_store.location)
    context.load_cert_chain(stores.key_store.location)
    return context
