"""Every configuration that is refused, with the one line that says why."""

# ruff: noqa: E501 - a message stands on one line with what causes it

import pytest

from pyzoo.config.parse import files_needed, parse_config_text
from pyzoo.errors import ConfigError

THREE = "server.1=a:1:2;5\nserver.2=b:1:2;6\nserver.3=c:1:2;7\n"


ID = "X509AuthenticationProvider.clientCertId"
SAN = ID + "Type=SAN\n"
NO_SASL = "no provider for 'sasl' is set up; there are ip, digest"
KEYS = "ssl.keyStore.location=/k.pem\n"


def refusal(text: str, files: dict[str, str] | None = None, properties: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config_text(text, "zoo.cfg", properties or {}, files or {})
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("maxClientCnxns=abc", "zoo.cfg:2: maxClientCnxns=abc: it must be a whole number, for example maxClientCnxns=60"),
        ("tickTime=", "zoo.cfg:2: tickTime=: it must be a whole number, for example tickTime=3000"),
        ("initLimit=1.5", "zoo.cfg:2: initLimit=1.5: it must be a whole number, for example initLimit=0"),
        ("tickTime=99999999999", "zoo.cfg:2: tickTime=99999999999: it must be a whole number, for example tickTime=3000"),
        ("clientPort=x", "zoo.cfg:2: clientPort=x: it must be a whole number"),
        ("clientPort=70000", "zoo.cfg:2: clientPort=70000: a port must be between 0 and 65535"),
        ("admin.serverPort=-1", "zoo.cfg:2: admin.serverPort=-1: a port must be between 0 and 65535"),
        ("jvm.pause.sleep.time.ms=x", "zoo.cfg:2: jvm.pause.sleep.time.ms=x: it must be a whole number, for example "
         "jvm.pause.sleep.time.ms=500"),
        ("standaloneEnabled=yes", "zoo.cfg:2: standaloneEnabled=yes: choose true or false"),
        ("sslQuorum=1", "zoo.cfg:2: sslQuorum=1: choose true or false"),
        ("tickTime=0", "zoo.cfg:2: tickTime=0: it must be at least 1, for example tickTime=3000"),
        ("minSessionTimeout=5\nmaxSessionTimeout=4", "zoo.cfg:2: minSessionTimeout (5 ms) must not be larger than "
         "maxSessionTimeout (4 ms)"),
        ("maxSessionTimeout=4", "zoo.cfg:2: minSessionTimeout (6000 ms) must not be larger than maxSessionTimeout (4 ms)"),
        ("clientPortAddress=h", "zoo.cfg:2: clientPortAddress is set but clientPort is not set"),
        ("secureClientPortAddress=h", "zoo.cfg:2: secureClientPortAddress is set but secureClientPort is not set"),
        ("peerType=foo", "zoo.cfg:2: peerType=foo: choose participant or observer"),
        ("electionAlg=2", "zoo.cfg:2: electionAlg: only 3 is supported"),
        ("x=1\ndynamicConfigFile=/dyn\nserver.1=a:1:2", "zoo.cfg:4: server.1 must stand in the dynamic file /dyn, not here"),
        ("dynamicConfigFile=/dyn", "zoo.cfg:2: dynamicConfigFile: the file /dyn is missing"),
        ("server.1=a:1", "zoo.cfg:2: server.1=a:1 does not have the form "
         "host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]"),
        ("server.1=a:1:2:observer", "zoo.cfg:2: observers without participants make no ensemble: add participants to the "
         "member list"),
        ("server.1=a:1:2\nserver.2=b:1:2:observer", "zoo.cfg:3: one participant with observers makes no ensemble: add two "
         "participants or set standaloneEnabled=false"),
        ("standaloneEnabled=false", "zoo.cfg:2: standaloneEnabled=false needs at least one participant: add a server.N "
         "line"),
        ("quorum.auth.serverRequireSasl=true", "zoo.cfg:2: quorum.auth.enableSasl is disabled, so "
         "quorum.auth.serverRequireSasl cannot be enabled"),
        ("quorum.auth.learnerRequireSasl=true", "zoo.cfg:2: quorum.auth.enableSasl is disabled, so "
         "quorum.auth.learnerRequireSasl cannot be enabled"),
        ("quorum.auth.enableSasl=true\nquorum.auth.serverRequireSasl=true", "zoo.cfg:3: quorum.auth.learnerRequireSasl is "
         "disabled, so quorum.auth.serverRequireSasl cannot be enabled"),
        ("intBufferStartingSizeBytes=31", "zoo.cfg:2: intBufferStartingSizeBytes=31: it must be at least 32, for example "
         "intBufferStartingSizeBytes=1024"),
        ("DigestAuthenticationProvider.digestAlg=SHA9", "zoo.cfg:2: DigestAuthenticationProvider.digestAlg=SHA9 is unknown: "
         "choose SHA1, SHA-256, SHA-512 or SHA3-512"),
        ("enforce.auth.enabled=true", "zoo.cfg:2: enforce.auth.enabled=true needs enforce.auth.schemes, for example digest"),
        ("enforce.auth.enabled=true\nenforce.auth.schemes=digest,x509", "zoo.cfg:3: enforce.auth.schemes: no provider for "
         "'x509' is set up; there are ip, digest"),
        ("enforce.auth.enabled=true\nenforce.auth.schemes=digest,sasl", f"zoo.cfg:3: enforce.auth.schemes: {NO_SASL}"),
        ("sessionRequireClientSASLAuth=TRUE", f"zoo.cfg:2: sessionRequireClientSASLAuth: {NO_SASL}"),
        ("secureClientPort=1", "zoo.cfg:2: secureClientPort needs ssl.keyStore.location"),
        (KEYS + "secureClientPort=1", "zoo.cfg:3: secureClientPort needs ssl.trustStore.location, or ssl.clientAuth=none"),
        ("clientPort=5\nclient.portUnification=true", "zoo.cfg:3: client.portUnification needs ssl.keyStore.location"),
        (KEYS + "ssl.clientAuth=none\nclientPort=5\nsecureClientPort=5", "zoo.cfg:5: the client port and the secure client port are both on 5: give each its own port"),
        ("ssl.clientAuth=maybe\nclient.portUnification=true", "zoo.cfg:2: ssl.clientAuth=maybe: choose none, want or need"),
        ("client.portUnification=true\nclientPort=1\nssl.authProvider=x", "zoo.cfg:4: ssl.authProvider=x: no provider of your own is for x, and of others only x509 can check certificates"),
        ("client.portUnification=true\nclientPort=1\nssl.keyStore.type=FOO", "zoo.cfg:4: ssl.keyStore.type=FOO: choose JKS, PEM, PKCS12, BCFKS"),
        ("client.portUnification=true\nclientPort=1\nssl.keyStore.location=/k", "zoo.cfg:4: ssl.keyStore.location=/k: what kind of store it is cannot be told by its name: set ssl.keyStore.type to JKS, PEM, PKCS12, BCFKS"),
        ("client.portUnification=true\nclientPort=1\nssl.enabledProtocols=", "zoo.cfg:4: ssl.enabledProtocols is empty: remove it, or name something"),
        ("client.portUnification=true\nclientPort=1\nssl.enabledProtocols=TLSv1.4", "zoo.cfg:4: ssl.enabledProtocols: there is no protocol 'TLSv1.4'; choose TLSv1.3 and TLSv1.2"),
        ("client.portUnification=true\nclientPort=1\nssl.enabledProtocols=TLSv1.1,SSLv3", "zoo.cfg:4: ssl.enabledProtocols: none of TLSv1.1, SSLv3 is spoken; choose TLSv1.3 and TLSv1.2"),
        ("client.portUnification=true\nclientPort=1\nssl.ciphersuites=ECDHE-RSA-AES128-GCM-SHA256", "zoo.cfg:4: ssl.ciphersuites: there is no cipher suite 'ECDHE-RSA-AES128-GCM-SHA256'; Java's names are wanted, such as TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        ("client.portUnification=true\nclientPort=1\nssl.ciphersuites=TLS_RSA_WITH_NULL_SHA256", "zoo.cfg:4: ssl.ciphersuites: none of these cipher suites is used; remove it, or name safe ones"),
        ("client.portUnification=true\nclientPort=1\nssl.context.supplier.class=a.B", "zoo.cfg:4: ssl.context.supplier.class=a.B: no Java class can be loaded; remove it, and name the stores with ssl.keyStore.location and ssl.trustStore.location"),
        ("client.portUnification=true\nclientPort=1\nssl.sslProvider=GNUTLS", "zoo.cfg:4: ssl.sslProvider=GNUTLS: choose JDK, OPENSSL, OPENSSL_REFCNT"),
        ("client.portUnification=true\nclientPort=1\nssl.ciphersuites=TLS_AES_128_GCM_SHA256\nssl.enabledProtocols=TLSv1.2", "zoo.cfg:4: ssl.ciphersuites: none of them belongs to TLSv1.2, so nobody could connect"),
        (SAN, "zoo.cfg: " + ID + "SanMatchType has to be one of 0 to 8: 1 for mail addresses, 2 for host names, 6 for URIs"),
        (SAN + ID + "SanMatchType=9", "zoo.cfg:3: " + ID + "SanMatchType has to be one of 0 to 8: 1 for mail addresses, 2 for host names, 6 for URIs"),
        (ID + "Type=DNS", "zoo.cfg:2: X509AuthenticationProvider.clientCertIdType=DNS is unknown: choose SAN, or leave it out for the subject"),
        (ID + "SanMatchRegex=[a&&b]", "zoo.cfg:2: X509AuthenticationProvider.clientCertIdSanMatchRegex: the regular expression [a&&b] has an intersection of classes, which is not offered here"),
        (SAN + ID + "SanMatchType=6\n" + ID + "SanExtractMatcherGroupIndex=1", "zoo.cfg:4: X509AuthenticationProvider.clientCertIdSanExtractMatcherGroupIndex=1: X509AuthenticationProvider.clientCertIdSanExtractRegex has only 0 groups"),
        ("a=\\u12", "zoo.cfg:2: \\u12 is not a character: \\u needs four hexadecimal digits (write \\\\ for a backslash)"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_with_what_would_be_right(lines: str, expected: str) -> None:
    assert expected == refusal("dataDir=/d\n" + lines)


@pytest.mark.parametrize("text", ["", "clientPort=1", "dataDir="])
def test_a_data_directory_is_required(text: str) -> None:
    assert "dataDir is not set: write dataDir=/a/directory" in refusal(text)
    assert () == files_needed(text, "zoo.cfg").paths()


@pytest.mark.parametrize("name", ["metricsProvider.className", "serverCnxnFactory"])
def test_a_class_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    assert f"zoo.cfg:2: {name}=no.Such: there are only org.apache" in refusal(f"dataDir=/d\n{name}=no.Such")


@pytest.mark.parametrize("missing", ["initLimit", "syncLimit"])
def test_an_ensemble_needs_its_limits(missing: str) -> None:
    limits = "".join(f"{name}=5\n" for name in ("initLimit", "syncLimit") if name != missing)
    expected = f"zoo.cfg: {missing} is not set: an ensemble needs it, for example {missing}=5"
    assert expected == refusal("dataDir=/d\n" + THREE + limits, {"/d/myid": "1"})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("syncLimit=-1", "zoo.cfg:7: syncLimit=-1: it must be at least 1 tick, for example syncLimit=5"),
        ("cnxTimeout=soon", "zoo.cfg:7: cnxTimeout=soon: it must be a whole number, for example cnxTimeout=5000"),
        ("cnxTimeout=-1", "zoo.cfg:7: cnxTimeout=-1: it must be at least 0, for example cnxTimeout=5000"),
        ("leader.maxConcurrentSnapSyncs=0", "zoo.cfg:7: leader.maxConcurrentSnapSyncs=0: it must be at least 1, for "
         "example leader.maxConcurrentSnapSyncs=10"),
        ("leader.maxConcurrentDiffSyncs=-3", "zoo.cfg:7: leader.maxConcurrentDiffSyncs=-3: it must be at least 1, for "
         "example leader.maxConcurrentDiffSyncs=100"),
        ("testingonly.initialZxid=0x10", "zoo.cfg:7: testingonly.initialZxid=0x10: it must be a whole number, for example "
         "testingonly.initialZxid=0"),
        ("testingonly.initialZxid=4294967296", "zoo.cfg:7: testingonly.initialZxid=4294967296: it must be at most "
         "4294967295, for example testingonly.initialZxid=0"),
        ("clientPort=2", "zoo.cfg:4: the client port and the election port are both on 2: give each its own port"),
        ("metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\n"
         "metricsProvider.httpPort=5", "zoo.cfg:8: the client port and the metrics are both on 5: give each its own port"),
        ("sslQuorum=true", "zoo.cfg:7: sslQuorum=true needs ssl.quorum.keyStore.location"),
        ("ssl.quorum.keyStore.location=/k.pem\nportUnification=true", "zoo.cfg:8: portUnification=true needs "
         "ssl.quorum.trustStore.location"),
        ("group.1=1:2:3\nweight.1=0\nweight.2=0\nweight.3=0", "zoo.cfg:8: all weights are 0: no quorum is possible"),
        ("group.1=1:2:3\nweight.2=-1", "zoo.cfg:8: weight.2=-1: it must be 0 or more"),
    ],
)  # fmt: skip
def test_a_member_that_could_not_have_its_part_does_not_start(lines: str, expected: str) -> None:
    text = f"dataDir=/d\ninitLimit=5\nsyncLimit=2\n{THREE}{lines}"
    if "clientPort" in lines:
        text = text.replace(";5", "")
    assert expected == refusal(text, {"/d/myid": "1"})


def test_a_member_whose_number_does_not_fit_beside_extended_types_does_not_start() -> None:
    text = "dataDir=/d\ninitLimit=5\nsyncLimit=2\nextendedTypesEnabled=true\nserver.255=d:1:2;8\n" + THREE
    expected = "zoo.cfg:5: server.255: with extendedTypesEnabled=true an id is at most 254"
    assert expected == refusal(text, {"/d/myid": "255"})


@pytest.mark.parametrize(
    ("my_id", "expected"),
    [
        (None, "zoo.cfg: the myid file is missing: write this server's number of the member list into dataDir/myid"),
        ("abc\n", "/d/myid:1: the server id 'abc' is not a number"),
        ("9", "zoo.cfg: this server's id 9 (from the myid file) is not in the member list"),
    ],
)
def test_an_ensemble_needs_a_myid_of_its_list(my_id: str | None, expected: str) -> None:
    files = {} if my_id is None else {"/d/myid": my_id}
    assert expected == refusal("dataDir=/d\ninitLimit=5\nsyncLimit=2\n" + THREE, files)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (THREE + "tickTime=5", "/dyn:4: tickTime is not known here: only server, group and weight lines are"),
        ("version=10\n" + THREE, "/dyn:1: version must not stand here: it is the end of the file's name"),
        ("server.1=a", "/dyn:1: server.1=a does not have the form "
         "host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]"),
    ],
)  # fmt: skip
def test_a_dynamic_file_holds_members_only(content: str, expected: str) -> None:
    assert expected == refusal("dataDir=/d\ndynamicConfigFile=/dyn", {"/dyn": content})


@pytest.mark.parametrize("lines", ["clientPort=9", "clientPort=5\nclientPortAddress=elsewhere"])
def test_two_client_addresses_must_not_contradict_each_other(lines: str) -> None:
    text = "dataDir=/d\n" + lines + "\nserver.1=a:1:2;127.0.0.1:5"
    assert "here but 127.0.0.1:5 in the line of server.1: remove clientPort" in refusal(text, {"/d/myid": "1"})


def test_an_error_in_a_property_names_the_property() -> None:
    expected = "-Dzookeeper.intBufferStartingSizeBytes: intBufferStartingSizeBytes=8: it must be at least 32"
    assert expected in refusal("dataDir=/d", None, {"zookeeper.intBufferStartingSizeBytes": "8"})
