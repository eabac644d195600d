"""Which authentication providers a server has, from its settings (ProviderRegistry)."""

from pyzoo.config.settings import ServerConfig
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.server.auth.ensemble import EnsembleAuthenticationProvider
from pyzoo.server.auth.ip import IPAuthenticationProvider
from pyzoo.server.auth.provider import AuthenticationProvider
from pyzoo.server.auth.sasl import SASLAuthenticationProvider
from pyzoo.server.metrics import ServerMetrics


def make_access_control(config: ServerConfig, metrics: ServerMetrics) -> AccessControl:
    """The providers of the schemes that the settings name; a scheme that is not here gives no provider."""
    providers: list[AuthenticationProvider] = []
    for scheme in config.auth_providers:
        if scheme == "ip":
            providers.append(IPAuthenticationProvider())
        elif scheme == "digest":
            providers.append(DigestAuthenticationProvider(config.digest_alg, config.super_digest))
        elif scheme == "sasl":
            providers.append(SASLAuthenticationProvider(config.let_any_sasl_user_do))
        elif scheme == "ensemble":
            providers.append(EnsembleAuthenticationProvider(config.ensemble_auth_names, metrics))
    return AccessControl(providers, config.skip_acl)


def enforced_schemes(config: ServerConfig) -> list[str]:
    """The schemes of which every client needs one (AuthenticationHelper); empty when nothing is enforced."""
    if config.enforce_auth_enabled:
        return sorted(config.enforce_auth_schemes)
    return []
