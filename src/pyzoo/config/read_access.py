"""From keys to the authentication settings of a ServerConfig."""

from typing import Final

from attrs import evolve

from pyzoo.auth import AuthenticationProvider
from pyzoo.config.client_ids import read_client_ids
from pyzoo.config.custom_providers import custom_provider
from pyzoo.config.kerberos_settings import read_kerberos
from pyzoo.config.reader import ConfigReader
from pyzoo.config.settings import ServerConfig
from pyzoo.config.tls_settings import CLIENTS, MEMBERS, read_tls

_AUTH: Final = "org.apache.zookeeper.server.auth."
_CLASSES: Final = {
    _AUTH + "X509AuthenticationProvider": "x509",
    _AUTH + "EnsembleAuthenticationProvider": "ensemble",
    _AUTH + "DigestAuthenticationProvider": "digest",
    _AUTH + "IPAuthenticationProvider": "ip",
    _AUTH + "KeyAuthenticationProvider": "key",
    _AUTH + "SASLAuthenticationProvider": "sasl",
}
# The names that Java's MessageDigest takes, in capitals; what follows are aliases of the first three.
_DIGESTS: Final = frozenset(
    (
        "MD5 SHA-1 SHA-224 SHA-256 SHA-384 SHA-512 SHA-512/224 SHA-512/256 SHA3-224 SHA3-256 SHA3-384 SHA3-512 "
        "SHA SHA1 SHA224 SHA256 SHA384 SHA512 SHA512/224 SHA512/256"
    ).split()
)


def with_access(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """Schemes, super users, forced authentication, SASL and TLS."""
    providers, custom_providers = _providers(reader)
    config = evolve(
        config,
        auth_providers=providers,
        custom_auth_providers=custom_providers,
        super_digest=reader.text("DigestAuthenticationProvider.superDigest") or None,
        digest_alg=_digest_alg(reader),
        x509_super_user=reader.text("X509AuthenticationProvider.superUser") or None,
        x509_client_ids=read_client_ids(reader),
        sasl_super_users=_super_users(reader),
        ensemble_auth_names=frozenset(reader.names("ensembleAuthName")),
        let_any_sasl_user_do=reader.text("letAnySaslUserDoX") or None,
        allow_sasl_failed_clients=reader.boolean("allowSaslFailedClients"),
        sasl_login_config=reader.raw_text("java.security.auth.login.config") or None,
        sasl_server_section=reader.text("sasl.serverconfig"),
        sasl_super_password=reader.text("SASLAuthenticationProvider.superPassword") or None,
        kerberos=read_kerberos(reader),
        use_x_forwarded_for=reader.boolean("IPAuthenticationProvider.usexforwardedfor"),
    )
    config = _with_tls_provider(_with_tls(config, reader), reader)
    return _with_enforced_schemes(config, reader)


def _with_tls(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    clients = config.secure_client_port is not None or config.client_port_unification
    members = config.distributed and (config.quorum.ssl or config.quorum.port_unification)
    admin = config.admin.enabled and (config.admin.force_https or config.admin.port_unification)
    return evolve(
        config, tls=read_tls(reader, CLIENTS, clients), quorum_tls=read_tls(reader, MEMBERS, members or admin)
    )


def _providers(reader: ConfigReader) -> tuple[tuple[str, ...], tuple[AuthenticationProvider, ...]]:
    """Schemes as ProviderRegistry finds them, and the providers that are not of here."""
    schemes = ["ip"]
    if reader.boolean("DigestAuthenticationProvider.enabled"):
        schemes.append("digest")
    custom: list[AuthenticationProvider] = []
    properties = reader.effective_properties()
    for property_name, class_name in properties.items():
        if not property_name.startswith("zookeeper.authProvider."):
            continue
        scheme = _CLASSES.get(class_name)
        if scheme is None:
            name = property_name.removeprefix("zookeeper.")
            provider = custom_provider(name, class_name, properties, reader)
            custom += [] if provider is None else [provider]
        elif scheme not in schemes:
            schemes.append(scheme)
    return tuple(schemes), tuple(custom)


def _with_tls_provider(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """Who judges the certificates of clients: x509, which TLS brings along (QuorumPeerConfig.configureSSLAuth)."""
    name = "ssl.authProvider"
    scheme = reader.text(name) or "x509"
    if config.secure_client_port is None and not config.client_port_unification:
        return config
    if scheme == "x509" and scheme not in config.auth_providers:
        config = evolve(config, auth_providers=(*config.auth_providers, scheme))
    custom = {provider.scheme for provider in config.custom_auth_providers}
    if scheme != "x509" and scheme not in custom:
        raise reader.error(
            f"{name}={scheme}: no provider of your own is for {scheme}, and of others only x509 can check certificates",
            name,
        )
    return evolve(config, ssl_auth_provider=scheme)


def _digest_alg(reader: ConfigReader) -> str:
    name = "DigestAuthenticationProvider.digestAlg"
    algorithm = reader.text(name)
    if algorithm.upper() not in _DIGESTS:
        raise reader.error(f"{name}={algorithm} is unknown: choose SHA1, SHA-256, SHA-512 or SHA3-512", name)
    return algorithm


def _super_users(reader: ConfigReader) -> frozenset[str]:
    properties = reader.effective_properties()
    return frozenset(
        user
        for name, user in properties.items()
        if user and (name == "zookeeper.superUser" or name.startswith("zookeeper.superUser."))
    )


def _with_enforced_schemes(config: ServerConfig, reader: ConfigReader) -> ServerConfig:
    """Whose requests are answered at all (AuthenticationHelper); who requires SASL says no more of it."""
    name = "sessionRequireClientSASLAuth"
    schemes: tuple[str, ...] = ("sasl",)
    if not reader.boolean(name):
        if not reader.boolean("enforce.auth.enabled"):
            return config
        name, schemes = "enforce.auth.schemes", reader.names("enforce.auth.schemes")
    if not schemes:
        raise reader.error("enforce.auth.enabled=true needs enforce.auth.schemes, for example digest",
                           "enforce.auth.enabled")  # fmt: skip
    for scheme in schemes:
        there = [*config.auth_providers, *(provider.scheme for provider in config.custom_auth_providers)]
        if scheme not in there:
            raise reader.error(f"{name}: no provider for {scheme!r} is set up; there are {', '.join(there)}", name)
    return evolve(config, enforce_auth_enabled=True, enforce_auth_schemes=frozenset(schemes))
