"""What is accepted, but works otherwise than its author may think."""

# ruff: noqa: E501 - a message stands on one line with what causes it

import pytest

from pyzoo.config.parse import parse_config_text


def warned(lines: str, *properties: str) -> list[str]:
    by_name = dict(one.split("=", 1) for one in properties)
    _, warnings = parse_config_text("dataDir=/d\nclientPort=1\n" + lines, "zoo.cfg", by_name)
    return [str(warning) for warning in warnings]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("snapCout=5", "snapCout is not a known key: it only becomes the property zookeeper.snapCout; did you mean snapCount?"),
        ("requestThrottleLimit=5", "requestThrottleLimit is not a known key: it only becomes the property "
         "zookeeper.requestThrottleLimit; did you mean request_throttle_max_requests?"),
        ("xyzzy=5", "xyzzy is not a known key: it only becomes the property zookeeper.xyzzy"),
        ("jute.maxbuffer=5", "jute.maxbuffer has no effect in the file: give it as -Djute.maxbuffer=..."),
        ("zookeeper.snapCount=5", "zookeeper.snapCount has no effect: write snapCount, without the prefix"),
        ("snapCount=abc", "snapCount=abc is not a whole number: 100000 is used"),
        ("snapCount=1", "snapCount=1 is too small, at least 2 is needed: 2 is used"),
        ("snapSizeLimitInKb=0", "snapSizeLimitInKb=0 counts as off here and is not for Apache's server: write -1"),
        ("commitLogCount=10", "commitLogCount=10 is too small, at least 500 is needed: 500 is used"),
        ("snapshotSizeFactor=2", "snapshotSizeFactor=2 cannot be used: 0.33 is used"),
        ("snapshot.compression.method=zip", "snapshot.compression.method=zip is unknown, snapshots are not compressed: "
         "choose gz or snappy"),
        ("largeRequestMaxBytes=0", "largeRequestMaxBytes=0 is too small, at least 1 is needed: 104857600 is used"),
        ("largeRequestThreshold=0", "largeRequestThreshold=0 counts as off: write -1, or a number of bytes"),
        ("autopurge.snapRetainCount=2", "autopurge.snapRetainCount=2 is too small: 3 snapshots are kept"),
        ("digest.enabled=yes", "digest.enabled=yes counts as false: choose true or false"),
        ("forceSync=false", "forceSync=false counts as yes: choose no or yes"),
        ("skipACL=true", "skipACL=true counts as no: choose yes or no"),
        ("admin.enableServer=no", "admin.enableServer=no leaves it on: only the exact text false turns it off"),
        ("4lw.commands.whitelist=ruok, rouk", "4lw.commands.whitelist: there is no four-letter word 'rouk'"),
        ("watcherCleanThreshold=5", "watcherCleanThreshold has no effect here. pyzoo has one watch manager, which needs no "
         "cleaner threads"),
        ("ssl.clientAuth=maybe", "ssl.clientAuth=maybe: choose none, want or need; it has no effect, for nothing here speaks "
         "TLS with it"),
        ("ssl.protocol=TLSv1.2", "ssl.protocol has no effect here. As in 3.9.6, which reads it for members only: set "
         "ssl.enabledProtocols"),
        ("ssl.enabledProtocols=TLSv1.3, TLSv1.2", "ssl.enabledProtocols has blanks between its names, which Apache's server "
         "takes for a part of them"),
        ("ssl.enabledProtocols=TLSv1.2,TLSv1.1", "ssl.enabledProtocols: TLSv1.1 is too old to be spoken, as with Java"),
        ("ssl.ciphersuites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_NULL_SHA256", "ssl.ciphersuites: TLS_RSA_WITH_NULL_SHA256 is "
         "never used: it is not safe, or OpenSSL does not have it"),
        ("log.threshold=loud", "log.threshold=loud is no level: choose ERROR, WARN, INFO, DEBUG, TRACE, ALL or OFF"),
        ("log.maxfilesize=many", "log.maxfilesize=many is no size, there is no limit: write for example 256MB"),
        ("log.format=xml", "log.format=xml is unknown: choose text or json"),
        ("root.logger=INFO, SYSLOG", "root.logger: there is no appender SYSLOG, only CONSOLE and ROLLINGFILE"),
        ("connection_throttle_renew_session_weight=1\nconnection_throttle_local_session_weight=2",
         "connection_throttle_renew_session_weight=1 is less than the weight of a local session: 2 is used"),
        ("leader.maxConcurrentSnapSyncs=soon", "leader.maxConcurrentSnapSyncs=soon is not a whole number: 10 is used"),
        ("leader.maxConcurrentDiffSyncs=0", "leader.maxConcurrentDiffSyncs=0 is too small, at least 1 is needed: 100 is used"),
        ("cnxTimeout=soon", "cnxTimeout=soon is not a whole number: 5000 is used"),
        ("electionPortBindRetry=-1", "electionPortBindRetry=-1 is too small, at least 0 is needed: 3 is used"),
        ("testingonly.initialZxid=4294967296", "testingonly.initialZxid=4294967296 is too large, at most 4294967295 is "
         "needed: 0 is used"),
        ("leaderServes=false", "leaderServes=false counts as yes: choose no or yes"),
        ("tcpKeepAlive=on", "tcpKeepAlive=on counts as false: choose true or false"),
        ("observer.syncEnabled=no", "observer.syncEnabled=no counts as false: choose true or false"),
        ("dataLogDir=logs", "dataLogDir=logs depends on where the server is started: write ./logs if it is meant so"),
    ],
)  # fmt: skip
def test_a_line_gets_one_warning_with_its_place(line: str, expected: str) -> None:
    assert [f"zoo.cfg:3: {expected}"] == warned(line)


def test_a_class_that_cannot_be_loaded_is_ignored() -> None:
    (warning,) = warned("authProvider.7=com.example.Mine")
    assert warning.startswith(
        "zoo.cfg:3: authProvider.7=com.example.Mine is ignored, and its clients will be refused: "
    )
    assert "no entry point of the group pyzoo.auth_providers has this name" in warning


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("zookeeper.snapCount=x", "-Dzookeeper.snapCount: snapCount=x is not a whole number: 100000 is used"),
        ("zookeeper.tickTime=5", "-Dzookeeper.tickTime: tickTime has no effect as a property: write it into the "
         "configuration file"),
        ("zookeeper.jute.maxbuffer=5", "-Dzookeeper.jute.maxbuffer: it has no effect with the prefix: give "
         "-Djute.maxbuffer=..."),
        ("zookeeper.snapCont=5", "-Dzookeeper.snapCont: snapCont is not a known key: it only becomes the property "
         "zookeeper.snapCont; did you mean snapCount?"),
        ("readonlymode.enabled=yes", "-Dreadonlymode.enabled: readonlymode.enabled=yes counts as false: choose true or false"),
        ("zookeeper.multiAddress.enabled=on", "-Dzookeeper.multiAddress.enabled: multiAddress.enabled=on counts as false: "
         "choose true or false"),
        ("jute.maxbuffer=lots", "-Djute.maxbuffer: jute.maxbuffer=lots is not a whole number: 1048575 is used"),
        ("zookeeper.kinit=/k", "-Dzookeeper.kinit: kinit has no effect here. Tickets are got from the keytab, by the library "
         "of Kerberos, when they are needed"),
    ],
)  # fmt: skip
def test_a_property_gets_one_warning_with_its_name(given: str, expected: str) -> None:
    assert [expected] == warned("", given)


@pytest.mark.parametrize(
    "line",
    ["initLimit=5", "syncLimit=2", "watcherCleanThreshold=1000", "audit.enable=FALSE", "leaderServes=no",
     "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory", "admin.enableServer=false"],
)  # fmt: skip
def test_ensemble_keys_and_defaults_are_accepted_in_silence(line: str) -> None:
    assert [] == warned(line)


def test_a_server_without_any_port_is_pointed_out() -> None:
    _, warnings = parse_config_text("dataDir=/d", "zoo.cfg")
    assert ["zoo.cfg: no client can connect: set clientPort or secureClientPort"] == [str(one) for one in warnings]


@pytest.mark.parametrize(
    ("voters", "expected"),
    [(2, "zoo.cfg: this ensemble stops when a server fails: three servers are needed to survive that"),
     (4, "zoo.cfg: 4 voters survive no more failures than 3: an odd number is better")],
)  # fmt: skip
def test_ensembles_of_even_size_are_pointed_out(voters: int, expected: str) -> None:
    members = "".join(f"server.{id}=h{id}:1:2;5\n" for id in range(1, voters + 1))
    text = "dataDir=/d\ninitLimit=5\nsyncLimit=2\n" + members
    _, warnings = parse_config_text(text, "zoo.cfg", {}, {"/d/myid": "1"})
    assert [expected] == [str(one) for one in warnings]


def test_the_member_list_wins_over_peer_type() -> None:
    members = "".join(f"server.{id}=h{id}:1:2;5\n" for id in (1, 2, 3))
    text = "dataDir=/d\ninitLimit=5\nsyncLimit=2\npeerType=observer\n" + members
    _, warnings = parse_config_text(text, "zoo.cfg", {}, {"/d/myid": "1"})
    expected = "zoo.cfg:4: peerType=observer is ignored: server.1 is a participant in the member list"
    assert [expected] == [str(one) for one in warnings]
