"""What the shell logs in with: the properties and the JAAS file of Java's client (ZooKeeperSaslClient)."""

from collections.abc import Mapping

from pyzoo.config.java_numbers import parse_boolean
from pyzoo.errors import ConfigError
from pyzoo.runtime.logins.client_logins import CLIENT_SERVICE, nonce
from pyzoo.runtime.logins.jaas_file import (
    LOGIN_CONFIG,
    client_keys,
    is_kerberos,
    path_of,
    sections_in,
    user_and_password,
)
from pyzoo.runtime.logins.kerberos import InitiatorLogin, is_service
from pyzoo.sasl.digest_md5 import DigestMd5ClientLogin
from pyzoo.sasl.mechanism import ClientLogin


def shell_login(properties: Mapping[str, str]) -> ClientLogin | None:
    """What the properties ask for, None where they ask for no login.

    Raises ConfigError for a login that could never work, where Java's client goes on without one.
    """
    given = properties.get(LOGIN_CONFIG)
    if given is None or not parse_boolean(properties.get("zookeeper.sasl.client", "true")):
        return None
    path = path_of(given)
    name = properties.get("zookeeper.sasl.clientconfig", "Client")
    modules = sections_in(path, properties, properties.get("java.security.krb5.conf")).get(name)
    if modules is None:
        raise ConfigError(f"it has no section {name}; with zookeeper.sasl.client=false there is no login", path)
    if is_kerberos(modules):
        keys = client_keys(path, modules, name)
        return InitiatorLogin(keys, *_service(properties), canonicalizes=_canonicalizes(properties))
    user, password = user_and_password(path, modules, name)
    if parse_boolean(properties.get("zookeeper.fips-mode", "true")):
        raise ConfigError(
            "DIGEST-MD5 is not spoken in FIPS mode (zkCli.sh does the same): set zookeeper.fips-mode=false", path
        )
    return DigestMd5ClientLogin(CLIENT_SERVICE, user, password, nonce)


def _service(properties: Mapping[str, str]) -> tuple[str, str]:
    """The principal of servers, and its realm, empty for that of the client (SaslServerPrincipal)."""
    realm = properties.get("zookeeper.server.realm", "")
    service = properties.get("zookeeper.server.principal")
    if service is None:
        return f"{properties.get('zookeeper.sasl.client.username', 'zookeeper')}/_HOST", realm
    if not is_service(service):
        raise ConfigError(f"zookeeper.server.principal={service}: it has to be service/host")
    return service, realm


def _canonicalizes(properties: Mapping[str, str]) -> bool:
    return parse_boolean(properties.get("zookeeper.sasl.client.canonicalize.hostname", "true"))
