"""The compose files: sound, and of one ensemble each, or of one server."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from pyzoo.cli.serve import config_from_file
from tests.support.entry_point import OURS, ROOT, own_host, run

OWN = ROOT / "docker-compose.yml"
CLASSIC = ROOT / "deploy" / "compose" / "classic.yml"
SINGLE = ROOT / "deploy" / "compose" / "single.yml"
ALL = [OWN, CLASSIC, SINGLE]


def services(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["services"]
    return found


def members(path: Path) -> dict[str, dict[str, str]]:
    """The environments of those that belong to an ensemble."""
    return {
        name: {key: str(value) for key, value in service["environment"].items()}
        for name, service in services(path).items()
        if "ZOO_SERVERS" in service.get("environment", {})
    }


def test_no_file_is_left_out_here() -> None:
    assert {OWN, *(ROOT / "deploy" / "compose").iterdir()} == set(ALL)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.name))
def test_the_file_follows_the_compose_specification(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text()), get_builtin_schema("vendor.compose-spec"))


def test_files_of_one_directory_are_projects_of_their_own() -> None:
    names = [yaml.safe_load(path.read_text())["name"] for path in sorted((ROOT / "deploy" / "compose").iterdir())]
    assert ["pyzoo-classic", "pyzoo-single"] == names


@pytest.mark.parametrize("path", [OWN, CLASSIC], ids=lambda path: str(path.name))
def test_every_member_gets_a_configuration_with_itself_in_it(path: Path, tmp_path: Path) -> None:
    for name, environment in members(path).items():
        place = tmp_path / name
        place.mkdir()
        run(OURS, place, environment).check_returncode()
        config, _ = config_from_file(str(place / "conf" / "zoo.cfg"), {})
        assert config.distributed
        assert (int(environment["ZOO_MY_ID"]), name) == (config.server_id, own_host(config))


def test_one_server_is_alone(tmp_path: Path) -> None:
    (service,) = services(SINGLE).values()
    run(OURS, tmp_path, service["environment"]).check_returncode()
    config, _ = config_from_file(str(tmp_path / "conf" / "zoo.cfg"), {})
    assert (False, 2181) == (config.distributed, config.client_port)
    assert ["127.0.0.1:2181:2181"] == service["ports"]


@pytest.mark.parametrize("path", [OWN, SINGLE], ids=lambda path: str(path.name))
def test_who_wants_plain_python_gets_an_image_of_it(path: Path) -> None:
    builds = [service["build"] for service in services(path).values() if service.get("image") == "pyzoo"]
    assert builds
    assert {"${PYZOO_PLAIN:-}"} == {build["args"]["PYZOO_PLAIN"] for build in builds}
    assert "ARG PYZOO_PLAIN=" in (ROOT / "Dockerfile").read_text().splitlines()


def test_every_image_that_is_built_has_its_file_and_stage() -> None:
    builds = [(path, service["build"]) for path in ALL for service in services(path).values() if "build" in service]
    assert builds
    for path, build in builds:
        context = (path.parent / build["context"]).resolve()
        assert ROOT == context
        text = (context / build.get("dockerfile", "Dockerfile")).read_text()
        assert "target" not in build or f" AS {build['target']}\n" in text


def test_the_interop_tests_are_installed_without_compiling() -> None:
    assert "RUN PYZOO_PLAIN=1 pip install" in (ROOT / "interop" / "Dockerfile").read_text()


def test_the_ensemble_has_three_voters_and_an_observer() -> None:
    environments = members(OWN)
    assert ["zoo1", "zoo2", "zoo3", "observer"] == list(environments)
    assert 1 == len({environment["ZOO_SERVERS"] for environment in environments.values()})
    assert 1 == environments["zoo1"]["ZOO_SERVERS"].count(":observer")


def test_only_the_image_of_the_classic_file_is_not_that_of_the_official_image() -> None:
    assert {"${ZOOKEEPER_IMAGE:-zookeeper}"} == {service["image"] for service in services(CLASSIC).values()}


def test_every_mounted_file_is_there() -> None:
    mounts = [mount for service in services(OWN).values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert [] == [name for name in files if not (ROOT / name).exists()]
