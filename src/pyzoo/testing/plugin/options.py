"""The options of the pytest plugin: `zookeeper_NAME` in pytest.ini, or `--zookeeper-NAME` on the command line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

PREFIX: Final = "zookeeper_"
#: Fixtures of the whole session.
SHARED: Final = frozenset({"zookeeper_session", "zookeeper_session_ensemble"})

_TEXTS: Final = {
    "port": ("PORT", "port of the fixture zookeeper; with xdist worker N adds N (default: a free one)"),
    "tick_time": ("MS", "tickTime of the servers (default: 2000)"),
    "nodes": ("N", "members of the fixture zookeeper_ensemble (default: 3)"),
    "hosts": (
        "HOST:PORT",
        "a server that runs already, for tests that ask for no server but only for a client",
    ),
    "log_lines": ("N", "log lines that the report of a failed test shows; 0 for none (default: 100)"),
}
_LISTS: Final = {
    "property": ("NAME=VALUE", "a setting of the servers, as in a zoo.cfg; may be given several times"),
    "preload": ("FILE", "nodes that are there before each test: JSON or YAML, such as `pyzoo cli export` writes"),
}
_SHARED: Final = "let zookeeper_client use one server for all tests, and a chroot of its own for each"


def add_options(parser: pytest.Parser) -> None:
    """What `pytest --help` shows of them."""
    group = parser.getgroup("zookeeper", "ZooKeeper servers in tests (pyzoo)")
    for name, (metavar, help) in _TEXTS.items():
        group.addoption(_flag(name), dest=PREFIX + name, metavar=metavar, help=help)
        parser.addini(PREFIX + name, help)
    for name, (metavar, help) in _LISTS.items():
        group.addoption(_flag(name), dest=PREFIX + name, metavar=metavar, help=help, action="append", default=[])
    parser.addini(PREFIX + "properties", "settings of the servers, a line NAME=VALUE each", type="linelist")
    parser.addini(PREFIX + "preload", _LISTS["preload"][1] + "; a file a line", type="linelist")
    group.addoption(_flag("shared"), dest=PREFIX + "shared", help=_SHARED, action="store_true", default=False)
    parser.addini(PREFIX + "shared", _SHARED, type="bool", default=False)


def _flag(name: str) -> str:
    return "--" + (PREFIX + name).replace("_", "-")


def text_option(config: pytest.Config, name: str) -> str | None:
    """One of the options with a text, None where it is not given."""
    value = config.getoption(PREFIX + name)
    return str(value) if value is not None else str(config.getini(PREFIX + name)) or None


def number_option(config: pytest.Config, name: str, default: int) -> int:
    """One of those with a number. Raises pytest.UsageError."""
    text = text_option(config, name)
    if text is None:
        return default
    if not text.isdecimal():
        raise pytest.UsageError(f"{PREFIX}{name} is {text!r}: give a whole number")
    return int(text)


def port_option(config: pytest.Config) -> int:
    """The client port, of its own for each worker of xdist; 0 for a free one."""
    port = number_option(config, "port", 0)
    worker: str = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return port + int(worker.removeprefix("gw")) if port else 0


def shared_option(config: pytest.Config) -> bool:
    """Whether clients share a server unless a test says otherwise."""
    return bool(config.getoption(PREFIX + "shared") or config.getini(PREFIX + "shared"))


def properties_option(config: pytest.Config) -> dict[str, str]:
    """Settings of the servers. Raises pytest.UsageError."""
    lines: Iterable[str] = [*config.getini(PREFIX + "properties"), *config.getoption(PREFIX + "property")]
    found = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals:
            raise pytest.UsageError(f"{PREFIX}properties has {line!r}: give NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def preload_option(config: pytest.Config) -> list[Path]:
    """Files with nodes: those of pytest.ini beside that, those of the command line from where that is."""
    beside = config.inipath.parent if config.inipath is not None else config.rootpath
    invoked_in = config.invocation_params.dir
    given = [invoked_in / name for name in config.getoption(PREFIX + "preload")]
    return given or [beside / name for name in config.getini(PREFIX + "preload")]
