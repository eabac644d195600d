"""Keys of TLS, authentication and SASL."""

# ruff: noqa: E501 - a table has one key a line

from typing import Final

from pyzoo.config.keys import Key, Kind, Treatment, raw_key

_NO_EFFECT: Final = Treatment.NO_EFFECT
_NOT_YET: Final = Treatment.NOT_YET
_NO_KERBEROS: Final = "SASL here is DIGEST-MD5; Kerberos is not offered"
_JAVA_CLIENT: Final = "Read by Java clients, not by a server"
_STORE: Final = ("location", "password", "passwordPath", "type")
_TYPES: Final = "PEM, PKCS12, JKS or BCFKS; without it, by the file's extension (.pem, .p12, .jks, .bcfks)"


_BETWEEN_MEMBERS: Final = frozenset(
    {
        *(f"{store}.{name}" for store in ("keyStore", "trustStore") for name in _STORE),
        *("protocol", "enabledProtocols", "clientAuth", "hostnameVerification"),
        *("clientHostnameVerification", "allowReverseDnsLookup"),
    }
)
"""What TLS between members takes from its settings."""


def _tls(
    name: str, kind: Kind, client_default: str, quorum_default: str, meaning: str, at_least: int | None = None
) -> tuple[Key, Key]:
    """The same key for the client port and for the sockets between members and the AdminServer."""
    members = Treatment.ENSEMBLE if name in _BETWEEN_MEMBERS else _NOT_YET
    clients = Treatment.USED if name in _BETWEEN_MEMBERS else _NOT_YET
    return (
        Key("ssl." + name, kind, client_default, meaning, clients, at_least=at_least),
        Key(
            "ssl.quorum." + name,
            kind,
            quorum_default,
            meaning + " (AdminServer and members)",
            members,
            at_least=at_least,
        ),
    )


TLS_KEYS: Final[tuple[Key, ...]] = (
    *_tls("keyStore.location", Kind.PATH, "", "", "File with the server's key and certificate chain"),
    *_tls("keyStore.password", Kind.TEXT, "", "", "Its password"),
    *_tls("keyStore.passwordPath", Kind.PATH, "", "", "File whose first line is its password; wins"),
    *_tls("keyStore.type", Kind.TEXT, "", "", _TYPES),
    *_tls("trustStore.location", Kind.PATH, "", "", "File with the certificates that clients are checked against"),
    *_tls("trustStore.password", Kind.TEXT, "", "", "Its password"),
    *_tls("trustStore.passwordPath", Kind.PATH, "", "", "File whose first line is its password; wins"),
    *_tls("trustStore.type", Kind.TEXT, "", "", _TYPES),
    *_tls("protocol", Kind.TEXT, "TLSv1.3", "TLSv1.3", "The newest TLS version that is spoken"),
    *_tls("enabledProtocols", Kind.LIST, "", "", "TLS versions; without it, from TLSv1.2 up to `protocol`"),
    *_tls("ciphersuites", Kind.LIST, "", "", "Cipher suites by their Java names; without it, the usual ones"),
    *_tls("clientAuth", Kind.TEXT, "need", "need", "Client certificates: none, want or need"),
    *_tls("hostnameVerification", Kind.BOOL, "true", "true", "Check the name in a server's certificate"),
    *_tls("clientHostnameVerification", Kind.BOOL, "false", "true", "Check the name in a client's certificate"),
    *_tls("allowReverseDnsLookup", Kind.BOOL, "false", "true", "Look names up for that check"),
    *_tls("crl", Kind.BOOL, "false", "false", "Check revocation lists"),
    *_tls("ocsp", Kind.BOOL, "false", "false", "Ask OCSP responders about revocation"),
    *_tls("context.supplier.class", Kind.TEXT, "", "", "Must stay empty: a Java class cannot make the TLS context here"),
    *_tls("handshakeDetectionTimeoutMillis", Kind.INT, "5000", "5000", "Milliseconds to tell TLS from plain text", at_least=1),
    Key("ssl.authProvider", Kind.TEXT, "x509", "Scheme that checks client certificates; only x509 is there", _NOT_YET),
    Key("ssl.sslProvider", Kind.TEXT, "JDK", "TLS is always done by OpenSSL", _NO_EFFECT),
    Key("fips-mode", Kind.BOOL, "true", "`true`: a member that dials needs a certificate of its address; `false`: or of the name that the DNS has for it", Treatment.ENSEMBLE),
)  # fmt: skip

AUTH_KEYS: Final[tuple[Key, ...]] = (
    Key("authProvider.*", Kind.TEXT, "", "Adds a scheme by the name of Apache's class: X509- or EnsembleAuthenticationProvider. SASLAuthenticationProvider is refused, for clients cannot log in by SASL yet"),
    Key("DigestAuthenticationProvider.enabled", Kind.BOOL, "true", "The digest scheme"),
    Key("DigestAuthenticationProvider.superDigest", Kind.TEXT, "", "`user:base64(hash)` of the user who passes every ACL"),
    Key("DigestAuthenticationProvider.digestAlg", Kind.TEXT, "SHA1", "Hash of digest ids: SHA1, SHA-256, SHA3-512, ...; the same on all members"),
    Key("IPAuthenticationProvider.usexforwardedfor", Kind.BOOL, "false", "The AdminServer takes the client's address from X-Forwarded-For"),
    Key("X509AuthenticationProvider.superUser", Kind.TEXT, "", "Subject of the certificate that passes every ACL; at the AdminServer, for there is no TLS for clients yet"),
    Key("superUser", Kind.TEXT, "", "SASL id that passes every ACL", _NOT_YET),
    Key("superUser.*", Kind.TEXT, "", "More such ids", _NOT_YET),
    Key("sessionRequireClientSASLAuth", Kind.BOOL, "false", "Refuse requests before SASL. `true` is refused, for clients cannot log in by SASL yet"),
    Key("requireClientAuthScheme", Kind.TEXT, "", "No release of Apache reads it. `sasl` is refused all the same, for it is meant", _NO_EFFECT),
    Key("allowSaslFailedClients", Kind.BOOL, "false", "Keep connections whose SASL failed", _NOT_YET),
    Key("enforce.auth.enabled", Kind.BOOL, "false", "Refuse requests of connections without an id of enforce.auth.schemes"),
    Key("enforce.auth.schemes", Kind.LIST, "", "Schemes for that. Required with it; sasl is refused, for clients cannot log in by it yet"),
    Key("ensembleAuthName", Kind.LIST, "", "Names that clients of the ensemble scheme may give; empty is any"),
    Key("letAnySaslUserDoX", Kind.TEXT, "", "ACL id of scheme sasl that every SASL user matches", _NOT_YET),
    raw_key("java.security.auth.login.config", Kind.PATH, "", "JAAS file with the SASL users, between members only: a section for clients (sasl.serverconfig) is refused", Treatment.ENSEMBLE),
    Key("sasl.serverconfig", Kind.TEXT, "Server", "Its section for the server", _NOT_YET),
    Key("SASLAuthenticationProvider.superPassword", Kind.TEXT, "", "Password of the SASL user `super`; wins over the file", _NOT_YET),
    Key("jaasLoginRenew", Kind.LONG, "3600000", _NO_KERBEROS, _NO_EFFECT),
    Key("kerberos.removeHostFromPrincipal", Kind.BOOL, "false", _NO_KERBEROS, _NO_EFFECT),
    Key("kerberos.removeRealmFromPrincipal", Kind.BOOL, "false", _NO_KERBEROS, _NO_EFFECT),
    Key("kerberos.canonicalizeHostNames", Kind.BOOL, "false", _NO_KERBEROS, _NO_EFFECT),
    Key("kerberos.minReLoginTimeMs", Kind.LONG, "60000", _NO_KERBEROS, _NO_EFFECT),
    Key("kinit", Kind.PATH, "/usr/bin/kinit", _NO_KERBEROS, _NO_EFFECT),
    Key("security.auth_to_local", Kind.TEXT, "DEFAULT", _NO_KERBEROS, _NO_EFFECT),
    Key("requireKerberosConfig", Kind.BOOL, "false", _NO_KERBEROS, _NO_EFFECT),
    raw_key("java.security.krb5.conf", Kind.PATH, "", _NO_KERBEROS, _NO_EFFECT),
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
