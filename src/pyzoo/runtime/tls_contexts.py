"""TLS contexts out of settings (X509Util)."""

import logging
import os
import ssl

from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import TlsSettings
from pyzoo.errors import ConfigError
from pyzoo.runtime.key_stores import KeyMaterial, load_key, load_trusted
from pyzoo.runtime.transport.tls import PLAIN, PeerTls

logger = logging.getLogger(__name__)

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {"none": ssl.CERT_NONE, "want": ssl.CERT_OPTIONAL, "need": ssl.CERT_REQUIRED}


def make_context(settings: TlsSettings, server_side: bool) -> ssl.SSLContext:
    """One end's context; raises ConfigError for stores and names that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.maximum_version = _versions(settings)
    if settings.key_store.location:
        _load_key(context, load_key(settings.key_store), settings.key_store.location)
    if settings.trust_store.location:
        try:
            context.load_verify_locations(cadata=load_trusted(settings.trust_store))
            # As for Java, what stands in a trust store is trusted itself, also beside others of the same subject.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(f"{settings.trust_store.location} has no usable certificates: {error}") from error
    if server_side:
        context.verify_mode = _CLIENT_AUTH[settings.client_auth]
    else:
        context.check_hostname = settings.hostname_verification
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _versions(settings: TlsSettings) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
    """The oldest and the newest version that are offered; raises ConfigError.

    `protocol` alone means all that are safe up to it, as Java's contexts have it. Members of 3.9.6 speak TLSv1.2 unless
    `fips-mode` is off, those before it both.
    """
    names = settings.enabled_protocols or (settings.protocol,)
    versions = sorted(_VERSIONS[name] for name in names if name in _VERSIONS)
    if not versions:
        raise ConfigError(f"none of the protocols {', '.join(names)} can be used: choose TLSv1.2 or TLSv1.3")
    return versions[0] if settings.enabled_protocols else ssl.TLSVersion.TLSv1_2, versions[-1]


def _load_key(context: ssl.SSLContext, material: KeyMaterial, location: str) -> None:
    """OpenSSL reads keys from files only, so this one is in memory alone."""
    fd = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.write(fd, material.pem)
        context.load_cert_chain(f"/proc/self/fd/{fd}", password=material.password)
    except ssl.SSLError as error:
        raise ConfigError(f"{location} has no usable key: {error}") from error
    finally:
        os.close(fd)


def admin_tls(config: ServerConfig) -> ssl.SSLContext | None:
    """How the AdminServer does TLS, with the stores of members; None where it is plain. Raises ConfigError."""
    admin, settings = config.admin, config.quorum_tls
    if not admin.force_https and not admin.port_unification:
        return None
    if not settings.key_store.location:
        raise ConfigError("admin.forceHttps and admin.portUnification need ssl.quorum.keyStore.location")
    client_auth = "need" if admin.need_client_auth else "none"
    versions = settings.enabled_protocols or ("TLSv1.2", "TLSv1.3")
    return make_context(evolve(settings, client_auth=client_auth, enabled_protocols=versions), server_side=True)


def client_tls(config: ServerConfig) -> ssl.SSLContext | None:
    """How clients are let in that speak TLS; None where all of them are plain. Raises ConfigError."""
    if config.secure_client_port is None and not config.client_port_unification:
        return None
    switch = "client.portUnification" if config.secure_client_port is None else "secureClientPort"
    if not config.tls.key_store.location:
        raise ConfigError(f"{switch} needs ssl.keyStore.location", config.config_path, None, switch)
    context = make_context(config.tls, server_side=True)
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def quorum_contexts(config: ServerConfig) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts of a member that dials, and of one that is dialled; raises ConfigError."""
    settings = config.quorum_tls
    return make_context(settings, server_side=False), make_context(settings, server_side=True)


def quorum_tls(config: ServerConfig) -> PeerTls:
    """How this member talks to others; raises ConfigError."""
    quorum, settings = config.quorum, config.quorum_tls
    if not quorum.ssl and not quorum.port_unification:
        return PLAIN
    if not settings.key_store.location:
        raise ConfigError("sslQuorum and portUnification need ssl.quorum.keyStore.location", config.config_path)
    client, server = quorum_contexts(config)
    return PeerTls(
        client,
        server,
        dials_tls=quorum.ssl,
        accepts_plain=quorum.port_unification,
        checks_diallers=settings.hostname_verification and settings.client_hostname_verification,
        # What the JDK checks in FIPS mode, since 3.9.6, is the address alone.
        asks_names=settings.allow_reverse_dns_lookup and not settings.fips_mode,
    )
