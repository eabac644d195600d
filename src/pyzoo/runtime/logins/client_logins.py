"""What clients log in with, from the JAAS file; what could never work is a ConfigError."""

import logging
import secrets
from typing import Final

from attrs import evolve

from pyzoo.config.jaas import users_of
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.logins.jaas_file import (
    LOGIN_CONFIG,
    Modules,
    is_kerberos,
    login_config,
    login_sections,
    server_keys,
    users_in,
)
from pyzoo.runtime.logins.kerberos import AcceptorLogin, default_realm
from pyzoo.sasl.digest_md5 import DigestMd5ServerLogin, NoDigestInFipsMode, Service
from pyzoo.sasl.kerberos_name import ClientNames, parse_rules
from pyzoo.sasl.mechanism import NONCE_BYTES, ServerLogin

logger: Final = logging.getLogger(__name__)

CLIENT_SERVICE: Final = Service("zookeeper", "zk-sasl-md5")
FIPS: Final = (
    "DIGEST-MD5 is not spoken in FIPS mode, so that no login of {} works (3.9.6 does the same): "
    "set fips-mode=false, or use Kerberos"
)
_SUPER: Final = "super"


def nonce() -> str:
    """A text that nobody can guess."""
    return secrets.token_urlsafe(NONCE_BYTES)


def with_client_login(config: ServerConfig) -> ServerConfig:
    """The settings with what clients log in with, if they can; raises ConfigError where they should and cannot."""
    login = client_login(config)
    for warning in client_login_warnings(config):
        logger.warning("%s", warning)
    if login is None:
        return config
    modules = _client_modules(config)
    # In the audit log the server goes by the name that it logs in with (Login.getUserName).
    own_name = "" if modules is None else modules[0].options.get("principal", "")
    return evolve(config, client_login=login, server_user=own_name or config.server_user)


def client_login(config: ServerConfig) -> ServerLogin | None:
    """What clients log in with; None where nothing asks for that (ServerCnxnFactory.configureSaslLogin)."""
    modules = _client_modules(config)
    if modules is None:
        return None
    name = config.sasl_server_section
    if is_kerberos(modules):
        keys = server_keys(login_config(config), modules, name)
        return AcceptorLogin(keys, client_names(config, own_realm(config)).authorize)
    users = users_in(login_config(config), modules, name)
    names = client_names(config, own_realm(config) if any("@" in user for user in users) else "")
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
    if not is_kerberos(modules):
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


def own_realm(config: ServerConfig) -> str:
    """The realm whose names are short; raises ConfigError where there has to be one, and is none."""
    realm = config.kerberos.realm or default_realm()
    if not realm and config.kerberos.requires_config:
        raise ConfigError("requireKerberosConfig=true: no default realm is known of Kerberos", config.config_path)
    return realm


def client_names(config: ServerConfig, realm: str) -> ClientNames:
    """How a name that has logged in becomes an id; raises ConfigError."""
    kerberos = config.kerberos
    try:
        rules = parse_rules(kerberos.auth_to_local)
    except ValueError as error:
        raise ConfigError(f"security.auth_to_local: {error}", config.config_path) from error
    return ClientNames(rules, realm, kerberos.removes_host, kerberos.removes_realm)
