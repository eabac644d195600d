"""How long certificates are valid: facts for a check of the configuration, and lines in the log of a start."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from pyzoo.config.settings import ServerConfig
from pyzoo.config.surroundings import CertificateFacts, certificate_fault
from pyzoo.config.tls_settings import TlsSettings, TlsStore
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.key_stores import load_keys, load_trusted

logger: Final = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)


def settings_in_use(config: ServerConfig) -> list[TlsSettings]:
    """Those that some port of this server speaks TLS with."""
    found = []
    if config.secure_client_port is not None or config.client_port_unification:
        found.append(config.tls)
    admin = config.admin.enabled and (config.admin.force_https or config.admin.port_unification)
    if admin or (config.distributed and (config.quorum.ssl or config.quorum.port_unification)):
        found.append(config.quorum_tls)
    if config.metrics.tls is not None:
        found.append(config.metrics.tls)
    return found


def certificates_of(settings: TlsSettings) -> list[CertificateFacts]:
    """The certificates of both stores, as far as they can be read; raises ImportError without cryptography."""
    found = own_certificates(settings)
    if settings.trust_store.location:
        with suppress(ConfigError):
            found += _facts_of(settings.trust_store, load_trusted(settings.trust_store).encode())
    return found


def own_certificates(settings: TlsSettings) -> list[CertificateFacts]:
    """The server's own certificate, of each algorithm, if it can be read; raises ImportError without cryptography."""
    found: list[CertificateFacts] = []
    if settings.key_store.location:
        with suppress(ConfigError):
            for identity in load_keys(settings.key_store):
                found += _facts_of(settings.key_store, identity.pem)[:1]
    return found


def warn_about_certificates(config: ServerConfig) -> None:
    """Log which of this server's own certificates nobody will accept now."""
    for settings in settings_in_use(config):
        with suppress(ImportError):
            for certificate in own_certificates(settings):
                fault = certificate_fault(certificate)
                if fault is not None:
                    logger.warning("%s: %s", certificate.key, fault)


def _facts_of(store: TlsStore, pem: bytes) -> list[CertificateFacts]:
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []
    now = datetime.now(UTC)
    return [
        CertificateFacts(
            f"{store.key}.location",
            store.location,
            each.subject.rfc4514_string(),
            f"{each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            f"{each.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
            (each.not_valid_before_utc - now) / DAY,
            (each.not_valid_after_utc - now) / DAY,
        )
        for each in certificates
    ]
