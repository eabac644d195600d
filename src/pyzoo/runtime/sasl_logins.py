"""What clients and members log in with, from the JAAS file; raises ConfigError for what could never work."""

import logging
import secrets
from typing import Final

from attrs import evolve

from pyzoo.config.jaas import DIGEST_MODULE, KERBEROS_MODULE, users_of
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, SaslFailure
from pyzoo.quorum.auth_packet import SERVICE
from pyzoo.runtime.jaas_file import LOGIN_CONFIG, Modules, login_config, login_sections, section_of
from pyzoo.runtime.transport.sasl import NO_SASL, PeerSasl
from pyzoo.sasl.digest_md5 import DigestMd5ClientLogin, DigestMd5ServerLogin, NoDigestInFipsMode, Service
from pyzoo.sasl.kerberos_name import ClientNames, parse_rules
from pyzoo.sasl.mechanism import NONCE_BYTES, ClientLogin, ServerLogin

logger: Final = logging.getLogger(__name__)

CLIENT_SERVICE: Final = Service("zookeeper", "zk-sasl-md5")
FIPS: Final = (
    "DIGEST-MD5 is not spoken in FIPS mode, so that no login of {} works (3.9.6 does the same): "
    "set fips-mode=false, or use Kerberos"
)
_SUPER: Final = "super"
_NO_KERBEROS: Final = "Kerberos is not offered yet"


def nonce() -> str:
    """A text that nobody can guess."""
    return secrets.token_urlsafe(NONCE_BYTES)


# --- clients


def with_client_login(config: ServerConfig) -> ServerConfig:
    """The settings with what clients log in with, if they can; raises ConfigError where they should and cannot."""
    login = client_login(config)
    for warning in client_login_warnings(config):
        logger.warning("%s", warning)
    return config if login is None else evolve(config, client_login=login)


def client_login(config: ServerConfig) -> ServerLogin | None:
    """What clients log in with; None where nothing asks for that (ServerCnxnFactory.configureSaslLogin)."""
    modules = _client_modules(config)
    if modules is None:
        return None
    names = client_names(config)
    if _is_kerberos(modules):
        raise ConfigError(_NO_KERBEROS, login_config(config))
    users = _users(config, modules, config.sasl_server_section)
    if config.tls.fips_mode:
        if config.enforce_auth_schemes == {"sasl"}:
            raise ConfigError(FIPS.format("clients"), login_config(config))
        return NoDigestInFipsMode()
    if _SUPER in users and config.sasl_super_password is not None:
        users[_SUPER] = config.sasl_super_password
    return DigestMd5ServerLogin(CLIENT_SERVICE, users, names.authorize, nonce)


def client_login_warnings(config: ServerConfig) -> list[str]:
    """What a start says of a login that works otherwise than its author may think; raises ConfigError."""
    modules = _client_modules(config)
    if modules is None:
        return []
    warnings = []
    if not _is_kerberos(modules):
        if config.tls.fips_mode:
            warnings.append(FIPS.format("clients"))
        if config.sasl_super_password is not None and _SUPER not in users_of(modules):
            where = config.sasl_server_section
            warnings.append(f"SASLAuthenticationProvider.superPassword has no effect: {where} has no user_super")
    if "sasl" not in config.auth_providers:
        warnings.append(
            f"clients can log in by SASL ({config.sasl_server_section}), but no ACL may name them: set "
            "authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
        )
    return warnings


def _client_modules(config: ServerConfig) -> Modules | None:
    name = config.sasl_server_section
    wanted = "authProvider.*" if "sasl" in config.auth_providers else None
    if name != "Server":
        wanted = f"sasl.serverconfig={name}"
    if config.sasl_login_config is None:
        if wanted is not None:
            raise ConfigError(
                f"{wanted} asks for SASL logins of clients, which need -D{LOGIN_CONFIG}=FILE", config.config_path
            )
        return None
    modules = login_sections(config).get(name)
    if modules is None and wanted is not None:
        raise ConfigError(f"it has no section {name}, and {wanted} asks for one", login_config(config))
    return modules


def client_names(config: ServerConfig) -> ClientNames:
    """How a name that has logged in becomes an id; raises ConfigError."""
    kerberos = config.kerberos
    try:
        rules = parse_rules(kerberos.auth_to_local)
    except ValueError as error:
        raise ConfigError(f"security.auth_to_local: {error}", config.config_path) from error
    return ClientNames(rules, kerberos.realm, kerberos.removes_host, kerberos.removes_realm)


# --- members


def quorum_sasl(config: ServerConfig) -> PeerSasl:
    """What quorum.auth.* and the JAAS file say; raises ConfigError."""
    quorum = config.quorum
    if not quorum.sasl_enabled:
        return NO_SASL
    if config.sasl_login_config is None:
        raise ConfigError(f"quorum.auth.enableSasl needs -D{LOGIN_CONFIG}=FILE", config.config_path)
    server = _member_server(config)
    client = _member_client(config) if quorum.learner_require_sasl else None
    return PeerSasl(server, client, quorum.server_require_sasl)


def _member_server(config: ServerConfig) -> ServerLogin:
    name = config.quorum.server_login_context
    modules = section_of(config, name)
    if _is_kerberos(modules):
        raise ConfigError(_NO_KERBEROS, login_config(config))
    users = _users(config, modules, name)
    if config.tls.fips_mode:
        if config.quorum.server_require_sasl:
            raise ConfigError(FIPS.format("members"), login_config(config))
        return NoDigestInFipsMode()
    return DigestMd5ServerLogin(SERVICE, users, only_itself, nonce)


def _member_client(config: ServerConfig) -> ClientLogin:
    name = config.quorum.learner_login_context
    modules = section_of(config, name)
    if _is_kerberos(modules):
        raise ConfigError(_NO_KERBEROS, login_config(config))
    _refuse_other_modules(config, modules)
    options = {name: value for module in modules for name, value in module.options.items()}
    if "username" not in options or "password" not in options:
        raise ConfigError(f"{name} needs username and password", login_config(config))
    if config.tls.fips_mode:
        raise ConfigError(FIPS.format("members"), login_config(config))
    return DigestMd5ClientLogin(SERVICE, options["username"], options["password"], nonce)


def only_itself(authentication_id: str, authorization_id: str) -> str:
    """A member is who it has proved to be (SaslQuorumServerCallbackHandler)."""
    if authorization_id != authentication_id:
        raise SaslFailure(f"{authentication_id!r} wants to be {authorization_id!r}")
    return authorization_id


def _is_kerberos(modules: Modules) -> bool:
    return any(module.name == KERBEROS_MODULE for module in modules)


def _users(config: ServerConfig, modules: Modules, name: str) -> dict[str, str]:
    _refuse_other_modules(config, modules)
    users = users_of(modules)
    if not users:
        raise ConfigError(f"{name} names no user_NAME, so that nobody could log in", login_config(config))
    return users


def _refuse_other_modules(config: ServerConfig, modules: Modules) -> None:
    for module in modules:
        if module.name not in (DIGEST_MODULE, KERBEROS_MODULE):
            raise ConfigError(
                f"there is no login module {module.name} here, only {DIGEST_MODULE} and {KERBEROS_MODULE}",
                login_config(config),
            )
