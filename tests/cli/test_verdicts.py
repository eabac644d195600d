"""A check of a configuration and a start with it come to the same verdict, whatever key it is about."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from pyzoo.cli.main import main
from pyzoo.runtime.free_ports import free_ports
from tests.support.identities import Identity, pem_settings
from tests.support.server_process import ServerProcess

Configured = Callable[[list[str]], list[str]]
Serve = Callable[..., ServerProcess]

PROMETHEUS = "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
AUTH = "org.apache.zookeeper.server.auth."
MEMBERS = [
    "initLimit=5",
    "syncLimit=2",
    *(f"server.{n}=127.0.0.{n}:{{p{n}}}:{{p{n + 3}}}" for n in (1, 2, 3)),
]
QUORUM_STORES = ["ssl.quorum.keyStore.location={dir}/node.pem", "ssl.quorum.trustStore.location={dir}/ca.pem"]
STORES = ["ssl.keyStore.location={dir}/node.pem", "ssl.trustStore.location={dir}/ca.pem"]
JAAS = "-Djava.security.auth.login.config={dir}/jaas.conf"
CLIENT_JAAS = "-Djava.security.auth.login.config={dir}/client-jaas.conf"
NO_FIPS = "-Dzookeeper.fips-mode=false"
REQUIRED = [f"authProvider.1={AUTH}SASLAuthenticationProvider", "sessionRequireClientSASLAuth=true"]
MEMBER_SASL = ["quorum.auth.enableSasl=true", "quorum.auth.learnerRequireSasl=true"]
MODULE = AUTH + "DigestLoginModule"


def kerberos(name: str, options: str) -> str:
    """A section whose login is by Kerberos."""
    return f"{name} {{ com.sun.security.auth.module.Krb5LoginModule required {options}; }};\n"


MEMBER_SECTION = (
    f'QuorumServer {{ {MODULE} required user_a="b"; }};\n'
    f'QuorumLearner {{ {MODULE} required username="a" password="b"; }};\n'
)
CLIENT_SECTIONS = (
    f'Server {{ {MODULE} required user_a="b"; }};\nOther {{ {MODULE} required user_a="b"; }};\n'
    f"NoUsers {{ {MODULE} required; }};\nUnknown {{ com.example.Module required; }};\n"
    + kerberos("NoKeytab", 'keyTab="/none" useKeyTab=true storeKey=true principal="zookeeper/host@R"')
    + kerberos("NoPrincipal", 'keyTab="/none" useKeyTab=true storeKey=true')
    + kerberos("NoHost", 'keyTab="/none" useKeyTab=true storeKey=true principal="zookeeper@R"')
    + kerberos("NoKey", 'keyTab="/none" useKeyTab=true principal="zookeeper/host@R"')
)
LOCKED = "{dir}/jaas.conf/below"

# What is in the file beside dataDir and clientPort, and the -D words after it. {p1} to {p9} are free ports, {taken} is
# one that somebody listens on, {dir} has what `place` puts there. A line of `clientPort=` comes instead of the usual.
STARTS: dict[str, list[str]] = {
    "nothing more": [],
    "an unknown key": ["snapCuont=5"],
    "a property that cannot be read": ["snapCount=many"],
    "the admin port taken": ["admin.enableServer=true", "admin.serverAddress=127.0.0.1", "admin.serverPort={taken}"],
    "the admin host unknown": ["admin.enableServer=true", "admin.serverAddress=no-such.invalid", "admin.serverPort=0"],
    "https for admins without stores": ["admin.enableServer=true", "admin.serverPort=0", "admin.forceHttps=true"],
    "https for admins with a store missing": [
        "admin.enableServer=true",
        "admin.serverPort=0",
        "admin.forceHttps=true",
        "ssl.quorum.keyStore.location={dir}/missing.pem",
    ],
    "stores of clients that nobody uses": ["ssl.keyStore.location={dir}/missing.pem", "ssl.trustStore.location=/none"],
    "stores of members at a server that is alone": ["sslQuorum=true", "ssl.quorum.keyStore.location={dir}/missing.pem"],
    "sasl of members at a server that is alone": ["quorum.auth.enableSasl=true"],
    "a client port that may be TLS": ["client.portUnification=true", *STORES],
    "a TLS port": ["secureClientPort={p1}", *STORES],
    "a TLS port alone": ["clientPort=", "secureClientPort={p1}", "ssl.clientAuth=none", STORES[0]],
    "a TLS port that knows who is revoked": ["secureClientPort={p1}", *STORES, "ssl.crl=true", "ssl.ocsp=true"],
    "a member that knows who is revoked": [*MEMBERS, "sslQuorum=true", *QUORUM_STORES, "ssl.quorum.crl=true"],
    "settings of TLS that nobody uses": ["ssl.ciphersuites=FOO", "ssl.quorum.enabledProtocols=TLSv1.4", "ssl.crl=true"],
    "metrics over TLS": [
        PROMETHEUS,
        "metricsProvider.httpHost=127.0.0.1",
        "metricsProvider.httpsPort={p1}",
        "metricsProvider.ssl.keyStore.location={dir}/node.pem",
        "metricsProvider.ssl.need.client.auth=false",
    ],
    "a login file without a section for clients": [JAAS],
    "a super user of sasl": ["superUser=somebody", "allowSaslFailedClients=true"],
    "sasl required by the key of no release": ["requireClientAuthScheme=sasl"],
    "logins of clients": [CLIENT_JAAS, f"authProvider.1={AUTH}SASLAuthenticationProvider", NO_FIPS],
    "logins of clients that are required": [CLIENT_JAAS, *REQUIRED, NO_FIPS],
    "logins of clients that nobody's ACL names": [CLIENT_JAAS, NO_FIPS],
    "logins of clients in FIPS mode": [CLIENT_JAAS, f"authProvider.1={AUTH}SASLAuthenticationProvider"],
    "logins of clients in another section": [CLIENT_JAAS, "sasl.serverconfig=Other", NO_FIPS],
    "a login file without sections": ["-Djava.security.auth.login.config={dir}/empty"],
    "an unknown provider": ["authProvider.1=com.example.Own"],
    "enforced digest": ["enforce.auth.enabled=true", "enforce.auth.schemes=digest"],
    "a log file": ["-Dzookeeper.log.dir={dir}/logs", "-Dzookeeper.log.file=here.log"],
    "a member": MEMBERS,
    "a member whose quorum port is taken": [*MEMBERS, "server.1=127.0.0.1:{taken}:{p7}"],
    "a member with another's port on its host": [*MEMBERS, "server.2=127.0.0.1:{p1}:{p8}"],
    "a member with an unknown other": [*MEMBERS, "server.2=no-such.invalid:{p2}:{p5}"],
    "a member with a limit of syncs that is no number": [*MEMBERS, "leader.maxConcurrentSnapSyncs=soon"],
    "a member with pauses that are no numbers": [*MEMBERS, "leaderConnectDelayDuringRetryMs=x", "tcpKeepAlive=y"],
    "limits of members at a server that is alone": ["leader.maxConcurrentDiffSyncs=0", "cnxTimeout=soon"],
    "a member with TLS": [*MEMBERS, "sslQuorum=true", *QUORUM_STORES],
    "a member with sasl": [*MEMBERS, *MEMBER_SASL, JAAS, NO_FIPS],
    "a member that offers sasl in FIPS mode": [*MEMBERS, "quorum.auth.enableSasl=true", JAAS],
    "a member with a large id elsewhere": [*MEMBERS, "extendedTypesEnabled=true", "server.255=127.0.0.4:{p7}:{p8}"],
    "a member with an expired certificate": [
        *MEMBERS,
        "sslQuorum=true",
        "ssl.quorum.keyStore.location={dir}/expired.pem",
        QUORUM_STORES[1],
    ],
}
REFUSED: dict[str, list[str]] = {
    "a wrong number": ["tickTime=abc"],
    "an escape that is none": ["x=\\u12"],
    "no client port": ["clientPort="],
    "the client port taken": ["clientPort={taken}", "clientPortAddress=127.0.0.1"],
    "an address that is not known": ["clientPortAddress=no-such.invalid"],
    "an address of another machine": ["clientPortAddress=192.0.2.1"],
    "a data directory that is a file": ["dataDir={dir}/jaas.conf"],
    "a data directory that cannot be made": ["dataDir=" + LOCKED],
    "a log directory that cannot be made": ["dataLogDir=" + LOCKED],
    "a data directory that must be there": ["-Dzookeeper.datadir.autocreate=false"],
    "logs among snapshots": ["dataLogDir={dir}/logs-and-snapshots"],
    "a damaged snapshot": ["dataDir={dir}/damaged"],
    "a TLS port without stores": ["secureClientPort={p1}"],
    "a TLS port without whom to trust": ["secureClientPort={p1}", STORES[0]],
    "a TLS port whose key store is missing": [
        "secureClientPort={p1}",
        "ssl.keyStore.location={dir}/missing.pem",
        STORES[1],
    ],
    "a TLS port that is taken": ["secureClientPort={taken}", "secureClientPortAddress=127.0.0.1", *STORES],
    "a TLS port at an address that is not known": [
        "secureClientPort={p1}",
        "secureClientPortAddress=no-such.invalid",
        *STORES,
    ],
    "both ports the same": ["clientPort={p1}", "secureClientPort={p1}", *STORES],
    "a TLS port with an unknown suite": ["secureClientPort={p1}", *STORES, "ssl.ciphersuites=FOO"],
    "a TLS port with a part of the suites of TLS 1.3": [
        "secureClientPort={p1}",
        *STORES,
        "ssl.ciphersuites=TLS_AES_128_GCM_SHA256",
    ],
    "a TLS port with an old protocol": ["secureClientPort={p1}", *STORES, "ssl.enabledProtocols=TLSv1.1"],
    "a TLS port with a password for a plain key": ["secureClientPort={p1}", *STORES, "ssl.keyStore.password=hush"],
    "a TLS port with its password nowhere": ["secureClientPort={p1}", *STORES, "ssl.keyStore.passwordPath=/none"],
    "a TLS port with a store of Bouncy Castle": ["secureClientPort={p1}", *STORES, "ssl.keyStore.type=BCFKS"],
    "a TLS port with a context of Java": ["secureClientPort={p1}", *STORES, "ssl.context.supplier.class=a.B"],
    "metrics over TLS without stores": [PROMETHEUS, "metricsProvider.httpsPort={p1}"],
    "metrics over TLS with a store missing": [
        PROMETHEUS,
        "metricsProvider.httpsPort={p1}",
        "metricsProvider.ssl.keyStore.location={dir}/missing.pem",
        "metricsProvider.ssl.need.client.auth=false",
    ],
    "a client port that may be TLS without stores": ["client.portUnification=true"],
    "the provider of sasl": [f"authProvider.1={AUTH}SASLAuthenticationProvider"],
    "the provider of sasl as a property": [f"-Dzookeeper.authProvider.sasl={AUTH}SASLAuthenticationProvider"],
    "sasl required without its provider": ["sessionRequireClientSASLAuth=true", CLIENT_JAAS, NO_FIPS],
    "sasl required as a property": ["-Dzookeeper.sessionRequireClientSASLAuth=true"],
    "sasl required and no login file": REQUIRED,
    "sasl required and no section": [*REQUIRED, JAAS, NO_FIPS],
    "sasl required in FIPS mode": [*REQUIRED, CLIENT_JAAS],
    "sasl enforced": ["enforce.auth.enabled=true", "enforce.auth.schemes=sasl"],
    "sasl among what is enforced": ["enforce.auth.enabled=true", "enforce.auth.schemes=digest,sasl"],
    "a section for clients that is missing": [CLIENT_JAAS, "sasl.serverconfig=Missing"],
    "a section for clients without users": [CLIENT_JAAS, "sasl.serverconfig=NoUsers"],
    "a section for clients with an unknown module": [CLIENT_JAAS, "sasl.serverconfig=Unknown"],
    "a section of Kerberos without its keytab": [CLIENT_JAAS, "sasl.serverconfig=NoKeytab"],
    "a section of Kerberos without a principal": [CLIENT_JAAS, "sasl.serverconfig=NoPrincipal"],
    "a section of Kerberos whose principal has no host": [CLIENT_JAAS, "sasl.serverconfig=NoHost"],
    "a section of Kerberos that keeps no key": [CLIENT_JAAS, "sasl.serverconfig=NoKey"],
    "a login file with a comment of shells": ["-Djava.security.auth.login.config={dir}/shell-jaas.conf"],
    "rules of names that are none": [CLIENT_JAAS, NO_FIPS, "-Dzookeeper.security.auth_to_local=RULE"],
    "a login file that is missing": ["-Djava.security.auth.login.config={dir}/missing"],
    "metrics on a port that is taken": [
        PROMETHEUS,
        "metricsProvider.httpHost=127.0.0.1",
        "metricsProvider.httpPort={taken}",
    ],
    "metrics on a host that is not known": [PROMETHEUS, "metricsProvider.httpHost=no-such.invalid"],
    "metrics on the client port": ["clientPort={p1}", PROMETHEUS, "metricsProvider.httpPort={p1}"],
    "an unknown hash": ["DigestAuthenticationProvider.digestAlg=SHA9"],
    "a log file that is a directory": ["-Dzookeeper.log.dir={dir}", "-Dzookeeper.log.file=logs-and-snapshots"],
    "a log file below a file": ["-Dzookeeper.log.dir={dir}/jaas.conf", "-Dzookeeper.log.file=here.log"],
    "an audit log that is a directory": [
        "audit.enable=true",
        "-Dzookeeper.log.dir={dir}",
        "-Dzookeeper.auditlog.file=logs-and-snapshots",
    ],
    "a member without its number": [*MEMBERS, "dataDir={dir}/without-myid"],
    "a member whose election port is taken": [*MEMBERS, "server.1=127.0.0.1:{p7}:{taken}"],
    "a member with its quorum port as client port": [*MEMBERS, "clientPort={p1}"],
    "a member with a limit below 0": [*MEMBERS, "initLimit=-5"],
    "a member that could send nobody a snapshot": [*MEMBERS, "leader.maxConcurrentSnapSyncs=0"],
    "a member that could send nobody a diff": [*MEMBERS, "-Dzookeeper.leader.maxConcurrentDiffSyncs=-1"],
    "a member with a wait for others that is no number": [*MEMBERS, "-Dzookeeper.cnxTimeout=soon"],
    "a member with a first counter that is no number": [*MEMBERS, "testingonly.initialZxid=first"],
    "a member with TLS without stores": [*MEMBERS, "sslQuorum=true"],
    "a member with TLS without whom to trust": [*MEMBERS, "sslQuorum=true", QUORUM_STORES[0]],
    "a member with a key store missing": [
        *MEMBERS,
        "portUnification=true",
        "ssl.quorum.keyStore.location={dir}/missing.pem",
        QUORUM_STORES[1],
    ],
    "a member with a trust store missing": [
        *MEMBERS,
        "sslQuorum=true",
        QUORUM_STORES[0],
        "ssl.quorum.trustStore.location={dir}/missing.pem",
    ],
    "a member with an empty key store": [
        *MEMBERS,
        "sslQuorum=true",
        "ssl.quorum.keyStore.location={dir}/empty",
        "ssl.quorum.keyStore.type=PEM",
        QUORUM_STORES[1],
    ],
    "a member with an empty trust store": [
        *MEMBERS,
        "sslQuorum=true",
        QUORUM_STORES[0],
        "ssl.quorum.trustStore.location={dir}/empty",
        "ssl.quorum.trustStore.type=PEM",
    ],
    "a member with stores that are none": [
        *MEMBERS,
        "sslQuorum=true",
        "ssl.quorum.keyStore.location={dir}/jaas.conf",
        "ssl.quorum.keyStore.type=JKS",
        QUORUM_STORES[1],
    ],
    "a member with stores of no kind": [
        *MEMBERS,
        "sslQuorum=true",
        "ssl.quorum.keyStore.location={dir}/jaas.conf",
        QUORUM_STORES[1],
    ],
    "a member with a password file missing": [
        *MEMBERS,
        "sslQuorum=true",
        "ssl.quorum.keyStore.passwordPath={dir}/missing",
        *QUORUM_STORES,
    ],
    "a member with protocols of the past": [*MEMBERS, "sslQuorum=true", "ssl.quorum.protocol=TLSv1", *QUORUM_STORES],
    "a member with sasl and no login file": [*MEMBERS, "quorum.auth.enableSasl=true"],
    "a member with sasl and a section missing": [
        *MEMBERS,
        "quorum.auth.enableSasl=true",
        "quorum.auth.server.saslLoginContext=Other",
        JAAS,
    ],
    "a member that proves a password in FIPS mode": [*MEMBERS, *MEMBER_SASL, JAAS],
    "a member with sasl and no password": [
        *MEMBERS,
        *MEMBER_SASL,
        "quorum.auth.learner.saslLoginContext=QuorumServer",
        JAAS,
        NO_FIPS,
    ],
    "a member without weight": [*MEMBERS, "group.1=1:2:3", "weight.1=0", "weight.2=0", "weight.3=0"],
    "a member with epochs that are none": [*MEMBERS, "dataDir={dir}/bad-epoch"],
}  # fmt: skip


def place(home: Path) -> None:
    """Make what the configurations name below {dir}."""
    pem_settings(home)
    (home / "expired.pem").write_bytes(Identity(days=-1).pem())
    (home / "jaas.conf").write_text(MEMBER_SECTION)
    (home / "client-jaas.conf").write_text(CLIENT_SECTIONS)
    (home / "shell-jaas.conf").write_text("# users\n" + CLIENT_SECTIONS)
    (home / "empty").touch()
    for name in ("logs-and-snapshots", "damaged", "without-myid", "bad-epoch"):
        (home / name / "version-2").mkdir(parents=True)
    (home / "logs-and-snapshots" / "version-2" / "snapshot.1").touch()
    (home / "damaged" / "version-2" / "snapshot.1").write_bytes(b"no snapshot")
    (home / "damaged" / "version-2" / "log.1").write_bytes(b"no log either, but long enough to be looked at")
    (home / "bad-epoch" / "version-2" / "currentEpoch").write_text("many")
    (home / "bad-epoch" / "myid").write_text("1")
    (home / "data").mkdir()
    (home / "data" / "myid").write_text("1")


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Configured]:
    """Makes a configuration of lines and -D words; returns the words for `config check` and `serve`."""
    with ExitStack() as stack:

        def configure(given: list[str]) -> list[str]:
            place(tmp_path)
            taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            values: dict[str, object] = {"dir": tmp_path, "taken": taken.getsockname()[1], **named_ports(9)}
            texts = [text.replace("{", "{{").replace("}", "}}") if "\\u" in text else text for text in given]
            ready = [text.format_map(values) for text in texts]
            lines = [text for text in ready if not text.startswith("-D") and text != "clientPort="]
            usual = [f"dataDir={tmp_path / 'data'}", "admin.enableServer=false"]
            if not any(text.startswith("clientPort=") for text in given):
                usual.append("clientPort=0")
            path = tmp_path / "zoo.cfg"
            path.write_text("\n".join([*usual, *lines]) + "\n")
            return [str(path), *(text for text in ready if text.startswith("-D"))]

        yield configure


def named_ports(count: int) -> dict[str, int]:
    """p1, p2 and so on."""
    return {f"p{number}": port for number, port in enumerate(free_ports("127.0.0.1", count), 1)}


def errors_of(words: list[str]) -> list[str]:
    """What the check calls errors; the exit code says the same."""
    ended = CliRunner().invoke(main, ["config", "check", *words, "--json"])
    problems = json.loads(ended.stdout)["problems"]
    errors = [problem["message"] for problem in problems if problem["severity"] == "error"]
    assert (2 if errors else 0) == ended.exit_code
    return errors


@pytest.mark.parametrize("name", STARTS)
def test_what_has_no_error_starts(configured: Configured, serve: Serve, name: str) -> None:
    words = configured(STARTS[name])
    assert [] == errors_of(words)
    server = serve(*words)
    assert server.port
    assert 0 == server.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_an_error_does_not_start_and_says_the_same(configured: Configured, serve: Serve, name: str) -> None:
    words = configured(REFUSED[name])
    errors = errors_of(words)
    server = serve(*words)
    assert server.wait() in (1, 2, 3, 14)
    assert "Traceback" not in server.output
    # What it has said of its data on the other stream may be read later.
    last = [line for line in server.lines if ": data in " not in line][-1]
    assert any(message in last for message in errors), (errors, last)
