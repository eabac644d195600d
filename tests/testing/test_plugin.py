"""The pytest plugin, in runs of pytest as a project has them."""

from typing import Any

import pytest

from pyzoo.testing import EmbeddedServer
from pyzoo.testing.plugin.options import port_option
from tests.support.kazoo_session import kazoo_session
from tests.support.pytest_runs import PLUGIN, passed, run

pytest_plugins = ["pytester"]


def test_a_client_is_connected_to_the_server_that_a_test_asks_for(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        clients = []

        def test_its_own(zookeeper, zookeeper_client, zookeeper_hosts):
            zookeeper_client.create("/left-over")
            assert zookeeper_hosts == zookeeper.connect_string
            clients.append(zookeeper_client)

        def test_a_fresh_one_without_asking_for_it(zookeeper_client, zookeeper_connect):
            assert zookeeper_client.exists("/left-over") is None
            zookeeper_client.create("/a")
            ours = [zookeeper_client, zookeeper_connect(), zookeeper_connect(timeout=3)]
            assert all(each.exists("/a") for each in ours)
            clients.extend(ours)

        def test_a_chroot_on_the_shared_one(zookeeper_session, zookeeper_client):
            assert zookeeper_client.get_children("/") == []
            zookeeper_client.create("/a/b", makepath=True)

        @pytest.mark.zookeeper(shared=True)
        def test_another_chroot_there(zookeeper_client, zookeeper_session):
            assert zookeeper_client.get_children("/") == []
            zookeeper_client.create("/c")
            clients.append(zookeeper_client)

        def test_chroots_are_gone_with_their_tests_and_clients_are_closed(zookeeper_session, zookeeper_factory):
            client = zookeeper_factory.client(zookeeper_session.connect_string)
            assert client.get_children("/") == ["zookeeper"]
            assert not any(each.connected for each in clients)
        """,
    )
    passed(result, 5)


def test_a_factory_makes_as_many_servers_as_a_test_wants_and_stops_them(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        made = []

        def test_some(zookeeper_factory, tmp_path):
            made.extend(zookeeper_factory(preload={"/name": name}) for name in ("one", "two"))
            made.append(zookeeper_factory(data_dir=tmp_path, properties={"snapCount": 50}, tick_time_ms=700))
            clients = [zookeeper_factory.client(each.connect_string) for each in made]
            assert [each.get("/name")[0] for each in clients[:2]] == [b"one", b"two"]
            assert (tmp_path / "version-2").is_dir()

        def test_none_of_them_runs_any_more():
            for each in made:
                each.start()
                each.stop()
        """,
    )
    passed(result, 2)


def test_options_marks_and_arguments_say_what_servers_are_like(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        zookeeper_properties =
            maxSessionTimeout = 7000
            snapCount = 60
        zookeeper_preload = shared.yaml
        zookeeper_tick_time = 800
        """
    )
    pytester.makefile(".yaml", shared="app:\n  colour: red\n  shape: round\n")
    pytester.makefile(".json", other='{"/app/shape": "square"}')
    result = run(
        pytester,
        """
        import pytest
        from pyzoo.runtime.four_letters import ask

        pytestmark = pytest.mark.zookeeper(properties={"minSessionTimeout": 900})

        def conf(server):
            return dict(line.split("=") for line in ask("127.0.0.1", server.port, "conf").splitlines())

        @pytest.mark.zookeeper(properties={"maxSessionTimeout": 6000}, preload="other.json")
        class TestClass:
            @pytest.mark.zookeeper(preload={"app": {"": b"own", "new": None}}, tick_time_ms=600)
            def test_marks(self, zookeeper, zookeeper_client):
                settings = conf(zookeeper)
                assert settings["minSessionTimeout"] == "900"
                assert settings["maxSessionTimeout"] == "6000"
                assert settings["tickTime"] == "600"
                data = {name: zookeeper_client.get("/app/" + name)[0] for name in ("colour", "shape", "new")}
                assert data == {"colour": b"red", "shape": b"square", "new": b""}
                assert zookeeper_client.get("/app")[0] == b"own"

        def test_options(zookeeper_session, zookeeper_client, zookeeper_factory):
            assert conf(zookeeper_session)["maxSessionTimeout"] == "5000"
            assert conf(zookeeper_session)["tickTime"] == "900"
            assert zookeeper_client.get("/app/colour")[0] == b"red"
            made = zookeeper_factory(tick_time_ms=500, properties={"maxSessionTimeout": 4000})
            assert conf(made)["maxSessionTimeout"] == "4000"
            assert conf(made)["tickTime"] == "500"
        """,
        "--zookeeper-tick-time=900",
        "--zookeeper-property=maxSessionTimeout=5000",
    )
    passed(result, 2)


def test_a_server_that_runs_already_is_for_tests_that_ask_for_none(pytester: pytest.Pytester) -> None:
    with EmbeddedServer() as server, kazoo_session(server.connect_string) as client:
        client.create("/theirs")
        source = """
            def test_elsewhere(zookeeper_client, zookeeper_hosts):
                assert zookeeper_hosts.startswith("{hosts}/theirs/test_elsewhere-")
                zookeeper_client.create("/a/b", makepath=True)

            def test_here(zookeeper, zookeeper_client, zookeeper_hosts):
                assert zookeeper_hosts == zookeeper.connect_string != "{hosts}"
            """
        hosts = server.connect_string
        passed(run(pytester, source.format(hosts=hosts), f"--zookeeper-hosts={hosts}/theirs"), 2)
        assert [] == client.get_children("/theirs")


def test_what_a_mark_or_an_option_cannot_mean_is_told(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.zookeeper(prelaod={})
        def test_misspelt(zookeeper): pass

        @pytest.mark.zookeeper(nodes="three")
        def test_type(zookeeper): pass

        @pytest.mark.zookeeper({})
        def test_position(zookeeper): pass

        @pytest.mark.zookeeper(preload="none.json")
        def test_file(zookeeper): pass

        @pytest.mark.zookeeper(preload={"a": {"/": 1}})
        def test_data(zookeeper): pass

        @pytest.mark.zookeeper(properties={"snapCuont": 1})
        def test_setting(zookeeper): pass
        """,
    )
    assert {"errors": 6} == result.parseoutcomes()
    result.stdout.fnmatch_lines_random(
        [
            "*@pytest.mark.zookeeper: prelaod is not known; did you mean preload?",
            "*@pytest.mark.zookeeper: nodes='three': give the number of members",
            "*@pytest.mark.zookeeper: give its arguments by name (preload=, properties=, *)",
            "*none.json: it cannot be read: No such file or directory",
            "*/a: 1 is no data: give text, bytes or None",
            "*snapCuont is not a known setting; did you mean snapCount?",
        ]
    )
    result = run(pytester, "def test_some(zookeeper): pass", "--zookeeper-port=many")
    result.stdout.fnmatch_lines(["*zookeeper_port is 'many': give a whole number"])


def test_the_report_of_a_failure_shows_what_its_servers_have_logged(pytester: pytest.Pytester) -> None:
    source = """
        import logging
        import pytest

        def test_fails(zookeeper_client, caplog):
            with pytest.raises(Exception):
                zookeeper_client.create("/none/a")
            assert caplog.messages == []
            caplog.set_level(logging.INFO, "pyzoo")
            zookeeper_client.create("/b")
            assert "znode=/b" in caplog.text
            assert 0

        def test_passes(zookeeper_client):
            zookeeper_client.create("/c")

        @pytest.mark.zookeeper(properties={"snapCuont": 1})
        def test_does_not_start(zookeeper): pass
        """
    result = run(pytester, source)
    assert {"passed": 1, "failed": 1, "errors": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines(
        ["*- zookeeper log -*", "*ERROR*operation=create*znode=/none/a*", "*INFO*operation=create*znode=/b*"]
    )
    result.stdout.no_fnmatch_line("*znode=/c*")
    assert 1 == result.stdout.str().count("- zookeeper log -")
    run(pytester, source, "--zookeeper-log-lines=0").stdout.no_fnmatch_line("*zookeeper log*")


def test_a_test_without_a_server_finds_the_loggers_as_if_there_had_been_none(pytester: pytest.Pytester) -> None:
    source = """
        import logging

        def test_has_one(zookeeper): pass

        def test_has_none(caplog):
            logging.getLogger().setLevel(logging.DEBUG)
            logging.getLogger("pyzoo.server").debug("in detail")
            logging.getLogger("pyzoo.audit").info("who changed what")
            assert caplog.messages == ["in detail", "who changed what"]
        """
    assert {"passed": 2} == run(pytester, source).parseoutcomes()


def test_workers_of_xdist_have_servers_of_their_own(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_some(number, zookeeper_session, zookeeper_client, worker_id, tmp_path_factory):
            zookeeper_client.create("/a")
            shared = tmp_path_factory.getbasetemp().parent
            (shared / f"{worker_id}-{zookeeper_session.port}").touch()
            assert 1 == len(list(shared.glob(f"{worker_id}-*")))
        """
    pytester.makepyfile(source)
    passed(pytester.runpytest_subprocess("-p", "pyzoo.testing.plugin", "-p", "xdist.plugin", "-n2"), 4)


def test_marks_say_what_is_wrong_while_a_test_runs_and_only_then(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest
        from kazoo.exceptions import ConnectionLoss, NotReadOnlyCallError
        from pyzoo.testing import EmbeddedServer

        @pytest.mark.zookeeper(preload={"/app": "red"})
        @pytest.mark.zookeeper_faults(refuse_writes=True, fail_next={"exists": ConnectionLoss})
        def test_writes(zookeeper_session, zookeeper_client):
            with pytest.raises(ConnectionLoss):
                zookeeper_client.exists("/app")
            with pytest.raises(NotReadOnlyCallError):
                zookeeper_client.create("/new")

        def test_it_is_healed(zookeeper_session, zookeeper_client):
            zookeeper_client.create("/new")

        @pytest.mark.zookeeper_faults(pause=True)
        def test_a_paused_server_is_no_obstacle_afterwards(zookeeper, zookeeper_client):
            zookeeper_client.exists_async("/app")

        def test_nor_is_one_that_the_test_has_left_so(zookeeper, zookeeper_client):
            zookeeper.pause()

        def test_nor_is_one_that_it_has_stopped(zookeeper_factory):
            zookeeper_factory().stop()

        @pytest.mark.zookeeper(nodes=3)
        @pytest.mark.zookeeper_faults(kill="leader", delay=1)
        def test_ensembles(zookeeper_ensemble, zookeeper_client):
            assert 2 == sum(each.is_running for each in zookeeper_ensemble.members)
        """,
    )
    passed(result, 6)


def test_faults_that_cannot_be_are_told(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.zookeeper_faults(delay=1)
        def test_no_server(): pass

        @pytest.mark.zookeeper_faults(kill=1)
        def test_no_ensemble(zookeeper): pass

        @pytest.mark.zookeeper_faults(refuse_write=True)
        def test_misspelt(zookeeper): pass
        """,
    )
    assert {"failed": 3} == result.parseoutcomes()
    result.stdout.fnmatch_lines_random(
        [
            "*@pytest.mark.zookeeper_faults: the test has no server; ask for a fixture such as zookeeper",
            "*@pytest.mark.zookeeper_faults: partition and kill need the fixture zookeeper_ensemble",
            "*@pytest.mark.zookeeper_faults: refuse_write is not known; did you mean refuse_writes?",
        ]
    )


def test_a_port_that_is_chosen_is_that_of_the_first_worker(pytester: pytest.Pytester) -> None:
    config: Any = pytester.parseconfig(*PLUGIN, "--zookeeper-port=12100")
    assert 12100 == port_option(config)
    config.workerinput = {"workerid": "gw3"}
    assert 12103 == port_option(config)
