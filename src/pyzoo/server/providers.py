"""Which authentication providers a server has, from its settings (ProviderRegistry)."""

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.server.auth import (
    AccessControl,
    AuthenticationProvider,
    DigestAuthenticationProvider,
    EnsembleAuthenticationProvider,
    IPAuthenticationProvider,
    SASLAuthenticationProvider,
)


def make_access_control(config: ServerConfig) -> AccessControl:
    """The providers that the settings name, and always `ip`."""
    providers: list[AuthenticationProvider] = [IPAuthenticationProvider()]
    if config.digest_auth_enabled:
        providers.append(DigestAuthenticationProvider(config.digest_alg, config.super_digest))
    for class_name in config.auth_providers:
        short = class_name.rpartition(".")[2]
        if short == "SASLAuthenticationProvider":
            providers.append(SASLAuthenticationProvider(config.let_any_sasl_user_do))
        elif short == "EnsembleAuthenticationProvider":
            providers.append(EnsembleAuthenticationProvider(config.ensemble_auth_names))
    return AccessControl(providers, config.skip_acl)


def enforced_schemes(config: ServerConfig, access: AccessControl) -> list[str]:
    """The schemes of which every client needs one (AuthenticationHelper); empty when nothing is enforced.

    Raises ConfigError when a scheme is named that this server does not have.
    """
    if config.session_require_client_sasl_auth:
        return ["sasl"]
    if not config.enforce_auth_enabled:
        return []
    schemes = list(config.enforce_auth_schemes)
    if not schemes:
        raise ConfigError(
            "zookeeper.enforce.auth.enabled is true, so zookeeper.enforce.auth.schemes must name at least one scheme"
        )
    for scheme in schemes:
        if scheme not in access.providers:
            raise ConfigError(f"enforce.auth.schemes names {scheme}, but no provider of that scheme is configured")
    return schemes
