"""What members log in with, to each other, from the JAAS file; what could never work is a ConfigError."""

import re

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, SaslFailure
from pyzoo.quorum.auth_packet import SERVICE
from pyzoo.runtime.logins.client_logins import FIPS, nonce
from pyzoo.runtime.logins.jaas_file import (
    LOGIN_CONFIG,
    client_keys,
    is_kerberos,
    login_config,
    section_of,
    server_keys,
    user_and_password,
    users_in,
)
from pyzoo.runtime.logins.kerberos import AcceptorLogin, InitiatorLogin, canonical_name, is_service
from pyzoo.runtime.transport.sasl import PeerSasl
from pyzoo.sasl.digest_md5 import DigestMd5ClientLogin, DigestMd5ServerLogin, NoDigestInFipsMode
from pyzoo.sasl.mechanism import ClientLogin, ServerLogin


def quorum_sasl(config: ServerConfig) -> PeerSasl:
    """What quorum.auth.* and the JAAS file say; raises ConfigError."""
    quorum = config.quorum
    if not quorum.sasl_enabled:
        return PeerSasl(None, None, False)
    if config.sasl_login_config is None:
        raise ConfigError(f"quorum.auth.enableSasl needs -D{LOGIN_CONFIG}=FILE", config.config_path)
    server = _member_server(config)
    client = _member_client(config) if quorum.learner_require_sasl else None
    return PeerSasl(server, client, quorum.server_require_sasl)


def _member_server(config: ServerConfig) -> ServerLogin:
    name = config.quorum.server_login_context
    modules = section_of(config, name)
    if is_kerberos(modules):
        keys = server_keys(login_config(config), modules, name)
        return AcceptorLogin(keys, MemberNames(member_hosts(config)).authorize)
    users = users_in(login_config(config), modules, name)
    if config.tls.fips_mode:
        if config.quorum.server_require_sasl:
            raise ConfigError(FIPS.format("members"), login_config(config))
        return NoDigestInFipsMode()
    return DigestMd5ServerLogin(SERVICE, users, only_itself, nonce)


def _member_client(config: ServerConfig) -> ClientLogin:
    name = config.quorum.learner_login_context
    modules = section_of(config, name)
    if is_kerberos(modules):
        keys = client_keys(login_config(config), modules, name)
        service = config.quorum.service_principal
        if not is_service(service):
            raise ConfigError(f"quorum.auth.kerberos.servicePrincipal={service}: it has to be service/host")
        return InitiatorLogin(keys, service, canonicalizes=config.kerberos.canonicalizes_hosts)
    user, password = user_and_password(login_config(config), modules, name)
    if config.tls.fips_mode:
        raise ConfigError(FIPS.format("members"), login_config(config))
    return DigestMd5ClientLogin(SERVICE, user, password, nonce)


def only_itself(authentication_id: str, authorization_id: str) -> str:
    """A member is who it has proved to be (SaslQuorumServerCallbackHandler)."""
    if authorization_id != authentication_id:
        raise SaslFailure(f"{authentication_id!r} wants to be {authorization_id!r}")
    return authorization_id


def member_hosts(config: ServerConfig) -> frozenset[str]:
    """The hosts in the lines of all members; with kerberos.canonicalizeHostNames as the DNS has them."""
    hosts = {address.host for server in config.membership.servers for address in server.addresses}
    return frozenset(map(canonical_name, hosts) if config.kerberos.canonicalizes_hosts else hosts)


class MemberNames:
    """Only principals with the host of a member are let in, whoever else has one of this realm (CVE-2023-44981).

    The hosts are those of the member list, as it writes them.
    """

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts

    def authorize(self, authentication_id: str, authorization_id: str) -> str:
        """A member is who it has proved to be; raises SaslFailure for all others."""
        name = only_itself(authentication_id, authorization_id)
        parts = re.split("[/@]", name)
        if len(parts) != 3 or not all(parts) or parts[1] not in self._hosts:
            raise SaslFailure(f"{name!r} has the host of no member")
        return name
