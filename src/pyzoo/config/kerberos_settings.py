"""Settings of Kerberos, which clients and members share."""

from attrs import frozen

from pyzoo.config.reader import ConfigReader


@frozen
class KerberosSettings:
    """How principals become ids, and where Kerberos finds its own configuration."""

    removes_host: bool = False
    removes_realm: bool = False
    canonicalizes_hosts: bool = False
    auth_to_local: str = "DEFAULT"
    realm: str = ""  # empty = the default of krb5.conf
    krb5_conf: str | None = None  # None = the system's
    requires_config: bool = False


def read_kerberos(reader: ConfigReader) -> KerberosSettings:
    """Java compares the first two with `true` as it stands."""
    return KerberosSettings(
        removes_host=reader.word("kerberos.removeHostFromPrincipal", "true", "false"),
        removes_realm=reader.word("kerberos.removeRealmFromPrincipal", "true", "false"),
        canonicalizes_hosts=reader.boolean("kerberos.canonicalizeHostNames"),
        auth_to_local=reader.text("security.auth_to_local"),
        realm=reader.raw_text("java.security.krb5.realm"),
        krb5_conf=reader.raw_text("java.security.krb5.conf") or None,
        requires_config=reader.word("requireKerberosConfig", "true", "false"),
    )
