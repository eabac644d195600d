"""Keys of TLS, authentication and SASL."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment, raw_key

_NO_EFFECT: Final = Treatment.NO_EFFECT
_NOT_YET: Final = Treatment.NOT_YET
_RENEWED: Final = "Tickets are got from the keytab, by the library of Kerberos, when they are needed"
_JAVA_CLIENT: Final = "Read by Java clients, not by a server"
_TYPES: Final = "PEM, PKCS12 or JKS (BCFKS is refused); without it, by the file's extension (.pem, .p12, .jks)"
_PASSWORD_FILE: Final = "File that holds its password, and at most a line feed after it; wins"
_LOOK_UP: Final = "Also take the name that the DNS has for an address, if it has that address for the name, too; only with fips-mode=false"


def _tls(
    name: str,
    kind: Kind,
    default: str,
    meaning: str,
    quorum_default: str | None = None,
    clients: Treatment | str = Treatment.USED,
    members: Treatment | str = Treatment.ENSEMBLE,
    at_least: int | None = None,
) -> tuple[Key, Key]:
    """The same key for the client port and for the sockets between members and the AdminServer.

    A text in place of a treatment says why there is no effect.
    """

    def key(prefix: str, default: str, treatment: Treatment | str, of: str) -> Key:
        if isinstance(treatment, str):
            return Key(prefix + name, kind, default, treatment, _NO_EFFECT, at_least=at_least)
        return Key(prefix + name, kind, default, meaning + of, treatment, at_least=at_least)

    of_members = default if quorum_default is None else quorum_default
    return key("ssl.", default, clients, ""), key("ssl.quorum.", of_members, members, " (AdminServer and members)")


TLS_KEYS: Final[tuple[Key, ...]] = (
    *_tls("keyStore.location", Kind.PATH, "", "File with the server's key and certificate chain"),
    *_tls("keyStore.password", Kind.TEXT, "", "Its password; in a PEM file, that of the key"),
    *_tls("keyStore.passwordPath", Kind.PATH, "", _PASSWORD_FILE),
    *_tls("keyStore.type", Kind.TEXT, "", _TYPES),
    *_tls("trustStore.location", Kind.PATH, "", "File with the certificates that others are checked against"),
    *_tls("trustStore.password", Kind.TEXT, "", "Its password"),
    *_tls("trustStore.passwordPath", Kind.PATH, "", _PASSWORD_FILE),
    *_tls("trustStore.type", Kind.TEXT, "", _TYPES),
    *_tls("protocol", Kind.TEXT, "TLSv1.3", "The newest TLS version that members speak: TLSv1.3 or TLSv1.2", clients="As in 3.9.6, which reads it for members only: set ssl.enabledProtocols"),
    *_tls("enabledProtocols", Kind.LIST, "", "TLS versions; without it, TLSv1.3 and TLSv1.2"),
    *_tls("ciphersuites", Kind.LIST, "", "Cipher suites by their Java names, the best first; without it, those of Apache's server. Before Python 3.15 all suites of TLS 1.3 are offered, or none"),
    *_tls("clientAuth", Kind.TEXT, "need", "Certificates of those who connect: none, want or need"),
    *_tls("hostnameVerification", Kind.BOOL, "true", "The certificate of whoever is dialled has to be for that host; `false` turns clientHostnameVerification off, too"),
    *_tls("clientHostnameVerification", Kind.BOOL, "false", "The certificate of whoever dials has to be for the address that it comes from", quorum_default="true"),
    *_tls("allowReverseDnsLookup", Kind.BOOL, "false", _LOOK_UP, quorum_default="true", clients="The name that the DNS has for a client's address never decides"),
    *_tls("crl", Kind.BOOL, "false", "Check that certificates are not revoked, by the lists that they name; not at the AdminServer"),
    *_tls("ocsp", Kind.BOOL, "false", "The same by the OCSP responders that they name, then by lists"),
    *_tls("context.supplier.class", Kind.TEXT, "", "Refused where TLS is used: a Java class cannot make the TLS context here"),
    *_tls("handshakeDetectionTimeoutMillis", Kind.INT, "5000", "Milliseconds in which a client of a port for both has to show whether it speaks TLS", members="Nobody waits for the first bytes of a connection", at_least=1),
    Key("ssl.authProvider", Kind.TEXT, "x509", "Scheme whose provider checks client certificates: x509, or one of your own"),
    Key("ssl.sslProvider", Kind.TEXT, "JDK", "JDK, OPENSSL or OPENSSL_REFCNT: TLS is always done by OpenSSL"),
    Key("fips-mode", Kind.BOOL, "true", "`true`: names in certificates are checked by the rules of the JDK, and a member that dials needs a certificate of its address; `false`: by those of ZooKeeper, see ssl.quorum.allowReverseDnsLookup. SASL by DIGEST-MD5 needs `false`"),
)  # fmt: skip

AUTH_KEYS: Final[tuple[Key, ...]] = (
    Key("authProvider.*", Kind.TEXT, "", "Adds a scheme: a class of Apache's, such as org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider, or an entry point of the group pyzoo.auth_providers. SASLAuthenticationProvider needs a login of clients (sasl.serverconfig)"),
    Key("auth.*", Kind.TEXT, "", "Settings of authentication providers of your own, who read them as zookeeper.auth.*"),
    Key("DigestAuthenticationProvider.enabled", Kind.BOOL, "true", "The digest scheme"),
    Key("DigestAuthenticationProvider.superDigest", Kind.TEXT, "", "`user:base64(hash)` of the user who passes every ACL"),
    Key("DigestAuthenticationProvider.digestAlg", Kind.TEXT, "SHA1", "Hash of digest ids: SHA1, SHA-256, SHA3-512, ...; the same on all members"),
    Key("IPAuthenticationProvider.usexforwardedfor", Kind.BOOL, "false", "The AdminServer takes the client's address from X-Forwarded-For"),
    Key("X509AuthenticationProvider.superUser", Kind.TEXT, "", "Id of the certificate that passes every ACL: its subject as Java writes it, or what clientCertIdType takes"),
    Key("X509AuthenticationProvider.clientCertIdType", Kind.TEXT, "", "`SAN`: the id of a client is an alternative name of its certificate; without it, the subject. No release of Apache's has this"),
    Key("X509AuthenticationProvider.clientCertIdSanMatchType", Kind.INT, "0", "Kind of that name, as in RFC 5280: 1 mail address, 2 host name, 6 URI. Required with SAN"),
    Key("X509AuthenticationProvider.clientCertIdSanMatchRegex", Kind.TEXT, ".*", "Which name of that kind, as a regular expression of Java's; it has to find something in one of them, no more"),
    Key("X509AuthenticationProvider.clientCertIdSanExtractRegex", Kind.TEXT, ".*", "What of that name is the id"),
    Key("X509AuthenticationProvider.clientCertIdSanExtractMatcherGroupIndex", Kind.INT, "0", "Group of clientCertIdSanExtractRegex that is the id; 0 is all that it finds", at_least=0),
    Key("superUser", Kind.TEXT, "", "SASL id that passes every ACL"),
    Key("superUser.*", Kind.TEXT, "", "More such ids"),
    Key("sessionRequireClientSASLAuth", Kind.BOOL, "false", "Refuse requests before SASL; enforce.auth.* says nothing more then"),
    Key("requireClientAuthScheme", Kind.TEXT, "", "No release of Apache reads it; sessionRequireClientSASLAuth is what keeps others out", _NO_EFFECT),
    Key("allowSaslFailedClients", Kind.BOOL, "false", "Keep connections whose SASL login failed, without its id, unless it is required"),
    Key("enforce.auth.enabled", Kind.BOOL, "false", "Refuse requests of connections without an id of enforce.auth.schemes"),
    Key("enforce.auth.schemes", Kind.LIST, "", "Schemes for that. Required with it"),
    Key("ensembleAuthName", Kind.LIST, "", "Names that clients of the ensemble scheme may give; empty is any"),
    Key("letAnySaslUserDoX", Kind.TEXT, "", "ACL id of scheme sasl that every SASL user matches"),
    raw_key("java.security.auth.login.config", Kind.PATH, "", "JAAS file with what clients and members log in with"),
    Key("sasl.serverconfig", Kind.TEXT, "Server", "Its section for clients"),
    Key("SASLAuthenticationProvider.superPassword", Kind.TEXT, "", "Password of the SASL user `super`; wins over the file, which has to name him"),
    Key("jaasLoginRenew", Kind.LONG, "3600000", _RENEWED, _NO_EFFECT),
    Key("kerberos.removeHostFromPrincipal", Kind.BOOL, "false", "`zk/host@REALM` becomes the id `zk@REALM`"),
    Key("kerberos.removeRealmFromPrincipal", Kind.BOOL, "false", "`bob@REALM` becomes the id `bob`"),
    Key("kerberos.canonicalizeHostNames", Kind.BOOL, "false", "Members ask the DNS for each other's full names before they authenticate", Treatment.ENSEMBLE),
    Key("kerberos.minReLoginTimeMs", Kind.LONG, "60000", _RENEWED, _NO_EFFECT),
    Key("kinit", Kind.PATH, "/usr/bin/kinit", _RENEWED, _NO_EFFECT),
    Key("security.auth_to_local", Kind.TEXT, "DEFAULT", "Rules that make short names of principals, as Hadoop writes them"),
    Key("requireKerberosConfig", Kind.BOOL, "false", "Refuse to start where krb5.conf names no default realm"),
    raw_key("java.security.krb5.conf", Kind.PATH, "", "Kerberos' own configuration; without it, the system's"),
    raw_key("java.security.krb5.realm", Kind.TEXT, "", "The realm whose names are short without it; without it, the default of krb5.conf"),
)  # fmt: skip

CLIENT_KEYS: Final[tuple[Key, ...]] = tuple(
    Key(name, kind, default, _JAVA_CLIENT, _NO_EFFECT)
    for name, kind, default in (
        ("client.secure", Kind.BOOL, "false"),
        ("clientCnxnSocket", Kind.TEXT, ""),
        ("disableAutoWatchReset", Kind.BOOL, "false"),
        ("request.timeout", Kind.LONG, "0"),
        ("sasl.client", Kind.BOOL, "true"),
        ("sasl.client.canonicalize.hostname", Kind.BOOL, "true"),
        ("sasl.client.username", Kind.TEXT, "zookeeper"),
        ("sasl.clientconfig", Kind.TEXT, "Client"),
        ("server.principal", Kind.TEXT, ""),
        ("server.realm", Kind.TEXT, ""),
    )
)
