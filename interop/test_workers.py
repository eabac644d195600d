"""A server of several processes: to its clients and to Apache's server it is one like any other."""

from attrs import evolve

from interop.conftest import StartServer
from interop.histories import History, walk
from interop.pair import Pair
from interop.server import Config
from interop.test_data_directory import assert_same_tree, config, tree_of, write_history

CONFIG = Config(
    lines={"extendedTypesEnabled": "true", "enforceQuota": "true", "workers": "3"},
    properties={"znode.container.checkIntervalMs": "86400000"},
)


def test_a_random_history(pair: Pair) -> None:
    history = History(pair, 1, "/workers", syncs_first=True)
    history.run(1000)
    assert walk(pair.connect(), history.top) > 1


def test_apache_starts_from_what_several_processes_have_served(
    start_subject: StartServer, start_real: StartServer
) -> None:
    usual = config(snap_count=200)
    server = start_subject(evolve(usual, lines={**usual.lines, "workers": "3"}))
    write_history(server, 5, "/history")
    expected = tree_of(server)
    server.stop()
    assert server.home is not None
    assert_same_tree(expected, tree_of(start_real(usual, server.home)))
