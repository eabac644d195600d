"""What the facts about a machine mean for a configuration."""

from attrs import evolve

from pyzoo.config.own_ports import OwnPort
from pyzoo.config.parse import parse_config_text
from pyzoo.config.problems import Findings
from pyzoo.config.properties import parse_properties
from pyzoo.config.reader import ConfigReader
from pyzoo.config.surroundings import (
    CertificateFacts,
    DirectoryFacts,
    Refusal,
    Surroundings,
    check_surroundings,
)

PLENTY = 1 << 40
SOUND = Surroundings((DirectoryFacts("dataDir", "/d", True, device=1, free_bytes=PLENTY),))
TEXT = "dataDir=/d\nclientPort=2181\n"


def problems(around: Surroundings, text: str = TEXT, files: dict[str, str] | None = None) -> list[str]:
    config, _ = parse_config_text(text, "zoo.cfg", {}, files or {})
    findings = Findings(ConfigReader(parse_properties(text), "zoo.cfg", {}))
    check_surroundings(config, around, findings)
    return [str(problem) for problem in findings.problems]


def certificate(days_left: float, days_to_begin: float = -1) -> Surroundings:
    facts = CertificateFacts("ssl.quorum.keyStore.location", "/k.pem", "CN=a", "May", "June", days_to_begin, days_left)
    return evolve(SOUND, certificates=(facts,))


def test_a_sound_machine_has_no_problem() -> None:
    assert [] == problems(SOUND)


def test_a_directory_in_use_is_an_error_at_its_key() -> None:
    directory = evolve(SOUND.directories[0], holder="/d is in use by another server")
    assert ["zoo.cfg:1: error: /d is in use by another server"] == problems(evolve(SOUND, directories=(directory,)))


def test_a_process_of_the_start_script_is_a_warning() -> None:
    (found,) = problems(evolve(SOUND, directories=(evolve(SOUND.directories[0], pid_of_script=77),)))
    assert "zookeeper_server.pid names the running process 77" in found


def test_a_full_disk_is_a_warning() -> None:
    (found,) = problems(evolve(SOUND, directories=(evolve(SOUND.directories[0], free_bytes=5 << 20),)))
    assert found.startswith("zoo.cfg:1: warning: /d has 5 MB left")


def test_logs_beside_the_snapshots_on_one_disk_are_a_hint() -> None:
    logs = DirectoryFacts("dataLogDir", "/l", True, device=1, free_bytes=PLENTY)
    around = evolve(SOUND, directories=(*SOUND.directories, logs))
    (found,) = problems(around, TEXT + "dataLogDir=/l\n")
    assert found.startswith("zoo.cfg:3: hint: dataLogDir is on the same disk")
    other = evolve(around, directories=(*SOUND.directories, evolve(logs, device=2)))
    assert [] == problems(other, TEXT + "dataLogDir=/l\n")


def test_refusals_and_busy_ports_keep_their_words() -> None:
    port = OwnPort("client port", "", 2181, "clientPort")
    around = evolve(
        SOUND, refusals=(Refusal("dataDir", "no snapshot"),), busy_ports=((port, "cannot listen on *:2181: in use"),)
    )
    expected = ["zoo.cfg:1: error: no snapshot", "zoo.cfg:2: error: cannot listen on *:2181: in use"]
    assert expected == problems(around)


def test_without_the_admin_server_a_server_goes_on() -> None:
    port = OwnPort("AdminServer", "", 8080, "admin.serverPort", vital=False)
    refusal = Refusal(None, "no key", vital=False)
    around = evolve(SOUND, busy_ports=((port, "cannot listen on *:8080: in use"),), refusals=(refusal,))
    assert [
        "zoo.cfg: warning: no key",
        "zoo.cfg: warning: cannot listen on *:8080: in use: the server goes on without the AdminServer",
    ] == problems(around)


def test_certificates_are_judged_by_their_dates() -> None:
    assert [] == problems(certificate(365))
    name = "the certificate of CN=a in /k.pem"
    assert [f"zoo.cfg: warning: {name} expires on June: renew it soon"] == problems(certificate(10))
    assert [f"zoo.cfg: warning: {name} has expired on June, so others refuse it: renew it"] == problems(certificate(-1))
    assert [f"zoo.cfg: warning: {name} is not valid before May"] == problems(certificate(365, 2))


def test_members_of_a_reconfiguration_must_not_be_forgotten() -> None:
    around = evolve(SOUND, newest_dynamic_file=("zoo.cfg.dynamic.100000003", 0x100000003))
    (found,) = problems(around)
    assert "write dynamicConfigFile=zoo.cfg.dynamic.100000003 in place of server lines" in found
    named = TEXT + "dynamicConfigFile=/zoo.cfg.dynamic.100000003\n"
    files = {"/zoo.cfg.dynamic.100000003": "server.1=a:1:2;2181"}
    assert [] == problems(around, named, files)
    later = evolve(SOUND, newest_dynamic_file=("zoo.cfg.dynamic.200000000", 0x200000000))
    (found,) = problems(later, named, files)
    assert found.startswith("zoo.cfg:3: warning: there are newer members in zoo.cfg.dynamic.200000000")


def test_unknown_hosts_and_privileged_ports_are_hints() -> None:
    around = evolve(SOUND, unknown_hosts=(("server.2", "h2", "no address"),))
    found = problems(around, "dataDir=/d\nclientPort=80\n")
    assert ["hint", "hint"] == [each.split(": ")[1] for each in found]
