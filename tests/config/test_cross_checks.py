"""Values that are right one by one, and wrong together."""

import pytest

from pyzoo.config.cross_checks import check_settings
from pyzoo.config.diagnosis import diagnose
from pyzoo.config.member_checks import check_members
from pyzoo.config.problems import Findings

BASE = "dataDir=/d\nclientPort=2181\nadmin.enableServer=false\nautopurge.purgeInterval=24\n"
STORES = "ssl.quorum.keyStore.location=/k.pem\nssl.quorum.trustStore.location=/t.pem\n"
ENSEMBLE = BASE + "initLimit=10\nsyncLimit=5\n"


def three(*others: str) -> str:
    return ENSEMBLE + "".join(f"server.{n}=h{n}:2888:3888\n" for n in (1, 2, 3)) + "\n".join(others)


def problems(text: str) -> list[tuple[str, str | None, str]]:
    """Severity, key and message of what the rules find."""
    diagnosis = diagnose(text, "zoo.cfg", {}, {"/d/myid": "1"})
    assert diagnosis.config is not None
    findings = Findings(diagnosis.reader)
    check_settings(diagnosis.config, findings)
    check_members(diagnosis.config, findings)
    return [(each.severity.value, each.key, each.message) for each in findings.problems]


@pytest.mark.parametrize("text", [BASE, three()])
def test_sound_settings_have_no_problem(text: str) -> None:
    assert [] == problems(text)


@pytest.mark.parametrize(
    ("line", "severity", "key", "words"),
    [
        ("tickTime=50", "hint", "tickTime", "2000 ms is the usual one"),
        ("minSessionTimeout=500", "warning", "minSessionTimeout", "make it at least 6000, or tickTime smaller"),
        ("minSessionTimeout=1\nmaxSessionTimeout=4000", "warning", "maxSessionTimeout", "less than 2 ticks (6000 ms)"),
        ("admin.enableServer=true\nadmin.serverPort=2181", "warning", "admin.serverPort", "are both on 2181"),
        ("forceSync=no", "warning", "forceSync", "a power cut loses"),
        ("autopurge.purgeInterval=0", "hint", "autopurge.purgeInterval", "fill the disk"),
        ("snapshot.trust.empty=true", "warning", "snapshot.trust.empty", "remove it after the one start"),
        ("log.trust.cut=true", "warning", "log.trust.cut", "remove it after the one start"),
        ("digest.enabled=false", "hint", "digest.enabled", "do not notice when their data differs"),
        ("skipACL=yes", "warning", "skipACL", "read and write everything"),
        ("DigestAuthenticationProvider.superDigest=super", "warning", "DigestAuthenticationProvider.superDigest",
         "does not have the form user:base64(hash)"),
        ("reconfigEnabled=true", "hint", "reconfigEnabled", "only a super user may change the members"),
        ("admin.enableServer=true\nadmin.commandURL=/", "warning", "admin.commandURL", "no place for the console"),
        ("admin.enableServer=true\nadmin.console.writers=x509:CN=a", "warning", "admin.console.writers", "no provider"),
        ("admin.enableServer=true\nadmin.console.readers=nobody:a", "warning", "admin.console.readers", "no provider"),
        ("admin.enableServer=true\nadmin.console.writers=world:anyone", "warning", "admin.console.writers", "whoever"),
        ("admin.enableServer=true\nadmin.console.remote=true", "hint", "admin.console.remote", "admin.forceHttps=true"),
        ("4lw.commands.whitelist=*", "hint", "4lw.commands.whitelist", "name those that you need"),
    ],
)  # fmt: skip
def test_a_setting_is_compared_with_others(line: str, severity: str, key: str, words: str) -> None:
    found = [each for each in problems(BASE + line) if each[1] == key]
    assert [(severity, key)] == [each[:2] for each in found]
    assert words in found[0][2]


@pytest.mark.parametrize(
    ("lines", "severity", "key", "words"),
    [
        ("initLimit=2", "warning", "initLimit", "less than syncLimit=5"),
        ("syncLimit=1\ntickTime=1000", "warning", "syncLimit", "make it at least 2"),
        ("connectToLearnerMasterLimit=20", "warning", "connectToLearnerMasterLimit", "more than initLimit=10"),
        ("observerMasterPort=2191", "hint", "observerMasterPort", "there are no observers"),
        ("oraclePath=/o", "warning", "oraclePath", "here are 3: it is not asked"),
        ("server.300=h4:2888:3888:observer", "warning", "server.300", "ids should be from 1 to 255"),
        ("extendedTypesEnabled=true\nserver.255=h4:2888:3888:observer", "warning", "server.255", "at most 254"),
        ("server.4=h1:2888:3889:observer", "warning", "server.4", "is its quorum port and the quorum port of server.1"),
        ("server.4=localhost:2888:3888:observer", "warning", "server.4", "members elsewhere cannot reach localhost"),
        ("server.4=0.0.0.0:2888:3888:observer", "warning", "server.4", "quorumListenOnAllIPs=true"),
        ("group.1=1:2:3:9", "warning", "group.1", "names server 9, which has no line"),
        ("group.1=1:2:3\nweight.9=1", "warning", "weight.9", "is for a server that has no line"),
        (STORES + "sslQuorum=true\nportUnification=true", "hint", "portUnification",
         "when all of them have sslQuorum=true"),
        (STORES + "portUnification=true", "hint", "portUnification", "the next step"),
        (STORES + "sslQuorum=true\nssl.quorum.clientAuth=want", "warning", "ssl.quorum.clientAuth", "lets members in"),
    ],
)  # fmt: skip
def test_a_member_list_is_looked_at_as_a_whole(lines: str, severity: str, key: str, words: str) -> None:
    found = [each for each in problems(three(lines)) if each[1] == key]
    assert (severity, key) in [each[:2] for each in found]
    assert any(words in each[2] for each in found)


def test_many_voters_are_better_observers() -> None:
    members = "".join(f"server.{n}=h{n}:2888:3888\n" for n in range(1, 10))
    assert [("hint", "server.*")] == [each[:2] for each in problems(ENSEMBLE + members)]


def test_members_on_one_machine_may_all_be_localhost() -> None:
    members = "".join(f"server.{n}=localhost:{2888 + n}:{3888 + n}\n" for n in (1, 2, 3))
    assert [] == problems(ENSEMBLE + members)


def test_ids_of_the_console_are_listed_with_commas_that_ids_may_have_too() -> None:
    lines = "admin.console.writers=digest:a:b= , x509:CN=a,O=b,ip:10.0.0.0/8,, sasl:c@D\nauthProvider.1=sasl"
    config = diagnose(BASE + lines, "zoo.cfg", {}, {}).config
    assert config is not None
    expected = (("digest", "a:b="), ("x509", "CN=a,O=b"), ("ip", "10.0.0.0/8"), ("sasl", "c@D"))
    assert expected == config.admin.console.writers


@pytest.mark.parametrize("ids", ["alice", "digest:", ":alice", "digest:a:b,alice"])
def test_a_list_of_ids_that_is_none_stops_the_start(ids: str) -> None:
    diagnosis = diagnose(f"{BASE}admin.console.writers={ids}", "zoo.cfg", {}, {})
    assert ["admin.console.writers"] == [each.key for each in diagnosis.problems if each.severity.value == "error"]
