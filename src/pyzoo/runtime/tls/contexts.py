"""TLS contexts out of settings (X509Util)."""

import logging
import ssl
from collections.abc import Callable, Iterable
from typing import Final

from attrs import evolve

from pyzoo.config.cipher_suites import (
    CLIENT_SUITES,
    JDK_SUITES,
    SUITES_OF_TLS_1_3,
    TLS_1_2,
    TLS_1_3,
    over_http,
    suites_of,
)
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import CLIENTS, TlsSettings, TlsStore, is_part_of_tls_1_3
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.key_file import file_with
from pyzoo.runtime.tls.key_stores import load_keys, load_trusted
from pyzoo.runtime.tls.pem_stores import Identity
from pyzoo.runtime.transport.client_tls import ServerContexts
from pyzoo.runtime.transport.tls import PLAIN, PeerTls

logger = logging.getLogger(__name__)

_VERSIONS: Final = {TLS_1_2: ssl.TLSVersion.TLSv1_2, TLS_1_3: ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH: Final = {"none": ssl.CERT_NONE, "want": ssl.CERT_OPTIONAL, "need": ssl.CERT_REQUIRED}
_CHOOSES_TLS_1_3: Final = hasattr(ssl.SSLContext, "set_ciphersuites")
"""Since Python 3.15."""
_MISMATCHES: Final = ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


def make_context(settings: TlsSettings, server_side: bool) -> ssl.SSLContext:
    """One end's context; raises ConfigError for stores and names that cannot be used.

    A client's checks the name of the host that it dials; whether a client's certificate is that of its host is for
    whoever knows its address (`certificate_names`).
    """
    context = _context_with(settings, _keys_of(settings), server_side)
    _load_trusted(context, settings)
    return context


def make_server_contexts(settings: TlsSettings) -> ServerContexts:
    """Those of connections that are accepted; raises ConfigError."""
    keys = _keys_of(settings)
    greeting, trusting = _context_with(settings, keys, True), _context_with(settings, keys, True)
    _load_trusted(trusting, settings)
    return ServerContexts(greeting, trusting)


def _context_with(settings: TlsSettings, keys: list[Identity], server_side: bool) -> ssl.SSLContext:
    """A context that has keys and trusts nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    _choose_suites(context, settings)
    context.options |= ssl.OP_NO_RENEGOTIATION
    _load_keys(context, keys, settings.key_store)
    if settings.trust_store.location:
        # As for Java, what stands in a trust store is trusted itself, also beside others of the same subject.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if server_side:
        context.verify_mode = _CLIENT_AUTH[settings.client_auth]
    else:
        context.check_hostname = settings.hostname_verification
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_trusted(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if not settings.trust_store.location:
        return
    try:
        context.load_verify_locations(cadata=load_trusted(settings.trust_store))
    except (ssl.SSLError, ValueError) as error:
        raise _refused(settings.trust_store, f"it has no usable certificates: {error}") from error


def _refused(store: TlsStore, reason: str) -> ConfigError:
    key = f"{store.key}.location"
    return ConfigError(f"{key}={store.location}: {reason}", key=key)


# --- protocols and cipher suites


def _choose_suites(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Set versions and suites: a version none of whose suites is named is not spoken, as with Java."""
    usual = CLIENT_SUITES if settings.prefix == CLIENTS else JDK_SUITES
    suites = suites_of(settings.cipher_suites or usual)
    versions = [
        name for name, its in ((TLS_1_2, suites.older), (TLS_1_3, suites.tls_1_3)) if its and name in settings.versions
    ]
    key = settings.prefix + "ciphersuites"
    if not versions:
        raise ConfigError(f"{key}: no suite is left for {', '.join(settings.versions)}", key=key)
    context.minimum_version, context.maximum_version = _VERSIONS[versions[0]], _VERSIONS[versions[-1]]
    if TLS_1_2 in versions:
        _set_older(context, suites.older, key)
    if TLS_1_3 in versions and is_part_of_tls_1_3(suites.tls_1_3):
        _set_tls_1_3(context, suites.tls_1_3, key)


def _set_older(context: ssl.SSLContext, names: Iterable[str], key: str) -> None:
    try:
        context.set_ciphers(":".join(names))
    except ssl.SSLError as error:
        raise ConfigError(f"{key}: this OpenSSL has none of these suites: {', '.join(names)}", key=key) from error


def _set_tls_1_3(context: ssl.SSLContext, names: Iterable[str], key: str) -> None:
    if not _CHOOSES_TLS_1_3:
        raise ConfigError(
            f"{key}: Python before 3.15 cannot offer {', '.join(names)} alone: name all suites of TLS 1.3 "
            f"({', '.join(SUITES_OF_TLS_1_3)}), or none of them, which leaves TLS 1.3 out",
            key=key,
        )
    context.set_ciphersuites(":".join(names))  # type: ignore[attr-defined]  # it is there


# --- keys


def _keys_of(settings: TlsSettings) -> list[Identity]:
    return load_keys(settings.key_store) if settings.key_store.location else []


def _load_keys(context: ssl.SSLContext, identities: list[Identity], store: TlsStore) -> None:
    for identity in identities:
        try:
            with file_with(identity.pem) as path:
                context.load_cert_chain(path, password=identity.password)
        except ssl.SSLError as error:
            raise _refused(store, _why_unusable(error, identity, store)) from error


def _why_unusable(error: ssl.SSLError, identity: Identity, store: TlsStore) -> str:
    if error.reason in _MISMATCHES:
        return "the key does not belong to the first certificate, which has to be the server's own"
    if error.reason is None and identity.password is not None:
        return f"the key cannot be decrypted: {store.key}.password is wrong, or its encryption is too old for OpenSSL"
    return "a certificate of it is damaged" if error.reason is None else f"OpenSSL cannot use it: {error.reason}"


def admin_tls(config: ServerConfig) -> ssl.SSLContext | None:
    """How the AdminServer does TLS, with the stores of members; None where it is plain. Raises ConfigError."""
    admin, settings = config.admin, config.quorum_tls
    if not admin.force_https and not admin.port_unification:
        return None
    if not settings.key_store.location:
        raise ConfigError("admin.forceHttps and admin.portUnification need ssl.quorum.keyStore.location")
    return make_context(http_settings_of(settings, "need" if admin.need_client_auth else "none"), server_side=True)


def metrics_tls(config: ServerConfig) -> ssl.SSLContext | None:
    """How the endpoint for Prometheus does TLS, None where it is plain; raises ConfigError."""
    settings = config.metrics.tls
    return None if settings is None else make_context(http_settings_of(settings, settings.client_auth), True)


def http_settings_of(settings: TlsSettings, client_auth: str) -> TlsSettings:
    """How HTTP uses settings of TLS: `protocol` is for members, and some suites are not for it."""
    suites = over_http(settings.cipher_suites or JDK_SUITES)
    key = settings.prefix + "ciphersuites"
    if not suites:
        raise ConfigError(f"{key}: none of these suites is offered over HTTP", key=key)
    return evolve(settings, client_auth=client_auth, protocol=TLS_1_3, cipher_suites=suites)


def client_tls(config: ServerConfig) -> ServerContexts | None:
    """How clients are let in that speak TLS; None where all of them are plain. Raises ConfigError."""
    if config.secure_client_port is None and not config.client_port_unification:
        return None
    switch = "client.portUnification" if config.secure_client_port is None else "secureClientPort"
    if not config.tls.key_store.location:
        raise ConfigError(f"{switch} needs ssl.keyStore.location", config.config_path, None, switch)
    refuse_revoked(config.tls)
    return make_server_contexts(config.tls)


def refuse_revoked(settings: TlsSettings) -> Callable[[ssl.SSLObject | ssl.SSLSocket], None] | None:
    """What raises SSLCertVerificationError for a certificate that is revoked, or may be; None where nobody cares.

    It waits for the network. Raises ConfigError without cryptography.
    """
    if not settings.crl and not settings.ocsp:
        return None
    try:
        from pyzoo.runtime.tls.revocation import Revocation, utc_now
    except ImportError as error:
        key = settings.prefix + ("ocsp" if settings.ocsp else "crl")
        raise ConfigError(f"{key}=true needs a library: pip install 'pyzoo-server[tls]'", key=key) from error
    from pyzoo.runtime.tls.url_fetch import fetch_url

    return Revocation(settings.ocsp, fetch_url, utc_now).check_session


def quorum_contexts(config: ServerConfig) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts of a member that dials, and of one that is dialled; raises ConfigError."""
    settings = config.quorum_tls
    client = make_context(settings, server_side=False)
    # Names are checked by PeerTls, whose rules are not OpenSSL's.
    client.check_hostname = False
    return client, make_context(settings, server_side=True)


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
        checks_dialled=settings.hostname_verification,
        checks_diallers=settings.verifies_clients,
        # What the JDK checks in FIPS mode, since 3.9.6, is the address alone.
        asks_names=settings.allow_reverse_dns_lookup and not settings.fips_mode,
        by_jdk=settings.fips_mode,
        examine=refuse_revoked(settings),
    )
