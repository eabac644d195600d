"""What a project with strict types sees of pyzoo.testing: mypy checks this file as strictly as all others."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import assert_type

import pytest

from pyzoo import testing
from pyzoo.errors import ConfigError
from pyzoo.testing import EmbeddedServer, LocalEnsemble, Member, NodeDict, SessionInfo, WatchInfo, plugin


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(data_dir=tmp_path, properties={"snapCount": 10, "skipACL": "yes"}) as server:
        assert_type(server, EmbeddedServer)
        yield server


def test_a_server_says_where_it_is(own_server: EmbeddedServer) -> None:
    assert_type(own_server.connect_string, str)
    assert_type(own_server.port, int)
    assert_type(own_server.admin_port, int | None)
    assert own_server.connect_string.endswith(str(own_server.port))


def test_what_a_test_sees_of_a_server_has_types(own_server: EmbeddedServer) -> None:
    assert_type(own_server.sessions(), list[SessionInfo])
    assert_type(own_server.watches(), list[WatchInfo])
    assert_type(own_server.ephemerals(), dict[int, list[str]])
    assert_type(own_server.tree(), NodeDict)
    assert_type(own_server.tree()["data"], bytes | None)


def test_a_misspelt_part_of_a_node_is_an_error_of_types(own_server: EmbeddedServer) -> None:
    """If it was none, the comment would be an error."""
    with pytest.raises(KeyError):
        own_server.tree()["chidlren"]  # type: ignore[typeddict-item]


async def test_in_a_coroutine_it_is_the_same_server() -> None:
    async with EmbeddedServer() as server:
        assert_type(server, EmbeddedServer)
        assert_type(await server.in_thread(server.sessions), list[SessionInfo])


def test_an_ensemble_says_where_it_is_and_who_leads() -> None:
    def uses(ensemble: LocalEnsemble) -> None:
        assert_type(ensemble.connect_string, str)
        assert_type(ensemble.leader(), Member | None)
        assert_type([each.mode() for each in ensemble.members], list[str | None])

    assert uses.__annotations__["ensemble"] is LocalEnsemble


def test_a_value_that_no_key_can_have_is_an_error_of_types() -> None:
    """If it was none, the comment would be an error."""
    properties: list[object] = []
    with pytest.raises(ConfigError):
        EmbeddedServer(properties={"snapCount": properties})  # type: ignore[dict-item]


def test_the_types_are_installed_with_the_package() -> None:
    assert files("pyzoo").joinpath("py.typed").is_file()


def test_the_fixtures_say_what_they_give() -> None:
    functions = [
        node
        for node in ast.parse(Path(plugin.__file__).read_text()).body
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.unparse(each) for each in node.decorator_list)
    ]
    given = {each.name: ast.unparse(each.returns).strip("'") for each in functions if each.returns is not None}
    assert {
        "zookeeper": "Iterator[EmbeddedServer]",
        "zookeeper_session": "Iterator[EmbeddedServer]",
        "zookeeper_ensemble": "Iterator[EmbeddedEnsemble]",
        "zookeeper_session_ensemble": "Iterator[EmbeddedEnsemble]",
        "zookeeper_factory": "Iterator[ServerFactory]",
        "zookeeper_hosts": "Iterator[str]",
        "zookeeper_client": "Iterator[KazooClient]",
        "zookeeper_connect": "Iterator[Callable[..., KazooClient]]",
        "pyzoo_server": "Iterator[EmbeddedServer]",
        "pyzoo_ensemble": "Iterator[LocalEnsemble]",
    } == given


def test_a_run_of_pytest_that_uses_no_server_does_not_wait_until_one_is_loaded() -> None:
    heavy = {"attr", "kazoo", "pyzoo.runtime", "trio", "yaml"}
    loaded = f"import sys, pyzoo.testing.plugin; print(*{heavy} & set(sys.modules))"
    assert "" == subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True).stdout.strip()


def test_a_project_on_unittest_need_not_have_pytest() -> None:
    alone = "import sys; sys.modules['pytest'] = None; from pyzoo.testing import ZooKeeperTestCase"
    subprocess.run([sys.executable, "-c", alone], check=True, timeout=60)


def test_every_name_of_the_package_is_there() -> None:
    assert [] == [name for name in testing.__all__ if not hasattr(testing, name)]


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    assert not hasattr(testing, "EmbeddedServers")
