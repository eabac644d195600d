"""Which authentication providers a server has, from its settings (ProviderRegistry)."""

from pyzoo.config.settings import ServerConfig
from pyzoo.jute.primitives import MIN_EXTRA
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.auth.custom import CustomAuthenticationProvider
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.server.auth.ensemble import EnsembleAuthenticationProvider
from pyzoo.server.auth.ip import IPAuthenticationProvider
from pyzoo.server.auth.key import KeyAuthenticationProvider
from pyzoo.server.auth.provider import AuthenticationProvider
from pyzoo.server.auth.sasl import SASLAuthenticationProvider
from pyzoo.server.auth.x509 import X509AuthenticationProvider
from pyzoo.server.metrics import ServerMetrics


def make_access_control(config: ServerConfig, metrics: ServerMetrics) -> AccessControl:
    """The providers of the schemes that the settings name; one from outside takes the place of one that is here."""
    providers: list[AuthenticationProvider] = []
    for scheme in config.auth_providers:
        provider = _provider(scheme, config, metrics)
        if provider is not None:
            providers.append(provider)
    for custom in config.custom_auth_providers:
        providers.append(CustomAuthenticationProvider(custom))
    extra = max(config.jute_max_buffer_extra, MIN_EXTRA)
    return AccessControl(providers, config.skip_acl, config.ssl_auth_provider, extra // 2)


def _provider(scheme: str, config: ServerConfig, metrics: ServerMetrics) -> AuthenticationProvider | None:
    if scheme == "ip":
        return IPAuthenticationProvider()
    if scheme == "digest":
        return DigestAuthenticationProvider(config.digest_alg, config.super_digest)
    if scheme == "sasl":
        return SASLAuthenticationProvider(config.let_any_sasl_user_do)
    if scheme == "x509":
        return X509AuthenticationProvider(config.x509_super_user, config.x509_client_ids)
    if scheme == "ensemble":
        return EnsembleAuthenticationProvider(config.ensemble_auth_names, metrics)
    if scheme == "key":
        return KeyAuthenticationProvider()
    return None


def enforced_schemes(config: ServerConfig) -> list[str]:
    """The schemes of which every client needs one (AuthenticationHelper); empty when nothing is enforced."""
    if config.enforce_auth_enabled:
        return sorted(config.enforce_auth_schemes)
    return []
