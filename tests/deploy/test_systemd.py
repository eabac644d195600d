"""The unit for systemd: it starts what there is, and knows the exit codes."""

from configparser import ConfigParser

import pytest
from click.testing import CliRunner

from pyzoo.cli.main import main
from pyzoo.cli.serve import INVALID_INVOCATION, UNABLE_TO_ACCESS_DATADIR
from tests.support.entry_point import ROOT


@pytest.fixture
def service() -> dict[str, str]:
    """The last value of every key of [Service]."""
    unit = ConfigParser(strict=False, interpolation=None, delimiters="=")
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "systemd" / "pyzoo.service")
    return dict(unit["Service"])


def test_the_command_is_one_of_pyzoo(service: dict[str, str]) -> None:
    program, subcommand, *words = service["ExecStart"].split()
    assert ("/opt/pyzoo/bin/pyzoo", "serve", ["/etc/zookeeper/conf/zoo.cfg"]) == (program, subcommand, words)
    assert 0 == CliRunner().invoke(main, [subcommand, "--help"]).exit_code


def test_what_does_not_get_better_is_not_tried_again(service: dict[str, str]) -> None:
    assert {INVALID_INVOCATION, UNABLE_TO_ACCESS_DATADIR} == set(map(int, service["RestartPreventExitStatus"].split()))


def test_systemd_waits_for_the_word_of_the_server(service: dict[str, str]) -> None:
    assert ("notify", "infinity") == (service["Type"], service["TimeoutStartSec"])
