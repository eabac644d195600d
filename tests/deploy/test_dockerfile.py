"""What the image has in common with the official one."""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from pyzoo.runtime.four_letters import TIMEOUT_S
from tests.support.entry_point import DEFAULTS, DIRECTORIES, ROOT


@pytest.fixture(scope="module")
def server_stage() -> str:
    """The instructions of the image that serves, each on one line."""
    text = (ROOT / "Dockerfile").read_text()
    stage = text.partition(" AS server\n")[2].partition("\nFROM ")[0]
    return stage.replace("\\\n", " ")


def words(stage: str, instruction: str) -> str:
    [found] = re.findall(rf"^{instruction} +(.*)$", stage, re.MULTILINE)
    return str(found)


def test_nothing_is_built_but_the_server_and_what_it_is_made_of() -> None:
    """Builders without BuildKit run every stage that stands before the wanted one, whether it is needed or not."""
    text = (ROOT / "Dockerfile").read_text()
    assert ["build", "server"] == re.findall(r"^FROM .* AS (\w+)$", text, re.MULTILINE)
    assert 2 == len(re.findall(r"^FROM ", text, re.MULTILINE))


def test_the_image_has_all_that_servers_can_use(server_stage: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [named] = re.findall(r"'/source\[(.*)\]'", (ROOT / "Dockerfile").read_text())
    assert {"tls", "kerberos"} == set(named.split(",")) <= extras.keys()
    # The extra is built against its headers in the other stage.
    assert "libgssapi-krb5-2" in words(server_stage, "RUN apt-get").split()


def test_what_is_installed_ahead_is_what_the_server_depends_on() -> None:
    """Nothing is left to be compiled anew each time that a source file changes."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    [program] = re.findall(r"python -c '([^']*)' > /requirements.txt", text)
    ended = subprocess.run(
        [sys.executable, "-c", program.replace("/pyproject.toml", str(ROOT / "pyproject.toml"))],
        capture_output=True,
        text=True,
        check=True,
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert [*project["dependencies"], *extras["tls"], *extras["kerberos"]] == ended.stdout.splitlines()


def test_variables_have_the_defaults_of_the_official_image(server_stage: str) -> None:
    variables = dict(word.split("=", 1) for word in words(server_stage, "ENV").split())
    assert DEFAULTS.items() <= variables.items()
    named = [variables[f"ZOO_{name}_DIR"] for name in ("CONF", "DATA", "DATA_LOG", "LOG")]
    assert [f"/{directory}" for directory in DIRECTORIES] == named
    assert "/conf" == variables["ZOOCFGDIR"]


def test_volumes_ports_and_commands_are_those_of_the_official_image(server_stage: str) -> None:
    assert ["/data", "/datalog", "/logs"] == json.loads(words(server_stage, "VOLUME"))
    assert "2181 2888 3888 8080" == words(server_stage, "EXPOSE")
    assert ["/docker-entrypoint.sh"] == json.loads(words(server_stage, "ENTRYPOINT"))
    assert ["zkServer.sh", "start-foreground"] == json.loads(words(server_stage, "CMD"))
    assert "--uid 1000 --gid zookeeper" in server_stage


def test_the_health_check_is_a_command_of_the_image(server_stage: str) -> None:
    assert words(server_stage, "HEALTHCHECK").endswith('CMD ["zkServer.sh", "status"]')
    assert (ROOT / "src" / "pyzoo" / "launchers" / "zkServer.sh").exists()


def test_the_health_check_may_take_longer_than_the_command_waits_for_an_answer(server_stage: str) -> None:
    [seconds] = re.findall(r"--timeout=(\d+)s", words(server_stage, "HEALTHCHECK"))
    assert int(seconds) > TIMEOUT_S
