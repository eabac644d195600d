"""What operators ask a 3.8.0 server, and what its shell prints, beside pyzoo, which behaves like 3.9."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from interop import requests as rq
from interop.admin import ask_admin
from interop.conftest import PairWith, StartServer, required
from interop.java import JavaZooKeeper, zookeeper_38
from interop.pair import Pair
from interop.server import Config
from interop.shells import assert_same, pyzoo_cli, run, zkcli
from interop.words import sections_sorted

#: Metrics of the snapshots and restores over HTTP that 3.9 began with.
NEW_METRICS = ("restore_error_count", "restore_rate_limited_count", "restore_time", "snapshot_error_count",
               "snapshot_rate_limited_count")  # fmt: skip
#: The package leaves the AdminServer's servlets, and a logger, out of its class path.
LEFT_OUT = ("/usr/share/java/servlet-api.jar", "/usr/share/java/slf4j-nop.jar")
COMMANDS = [
    "configuration", "connection_stat_reset", "connections", "dump", "get_trace_mask", "hash", "is_read_only",
    "last_snapshot", "leader", "monitor", "observers", "ruok", "server_stats", "stats", "voting_view",
    "watch_summary", "watches", "watches_by_path", "zabstate", "nosuch",
]  # fmt: skip
SHELL_LINES = """\
create /s data
create /s data
create -e /s/e mine
create -s /s/seq- x
get /s
get -s /s
ls -R /
stat /s
set -v 7 /s x
set /s other
getAcl /s
setAcl /s world:anyone:r
get /s
set /s refused
getAllChildrenNumber /
getEphemerals /
listquota /s
setquota -n 5 /s
listquota /s
delquota /s
delete /s
create /t x
create /t/u x
deleteall /t
ls /none
create
ls -x /
"""


@pytest.fixture
def release() -> JavaZooKeeper:
    found = required(zookeeper_38)
    assert isinstance(found, JavaZooKeeper)
    return evolve(found, class_path=":".join([found.class_path, *LEFT_OUT]))


@pytest.fixture
def pair(pair_with: PairWith, release: JavaZooKeeper) -> Pair:
    """3.8.0 and pyzoo, each with a session that has an ephemeral node and watches."""
    both = pair_with(Config(admin=True, java=release))
    session = both.connect()
    session.call(rq.CREATE, rq.create("/release", b"x"))
    session.call(rq.CREATE, rq.create("/release/e", flags=1))
    session.call(rq.GET_DATA, rq.path_watch("/release", True))
    return both


def is_new(name: str) -> bool:
    return any(name.endswith(metric) for metric in NEW_METRICS)


@pytest.mark.parametrize(
    "word", [b"ruok", b"isro", b"conf", b"srvr", b"stat", b"cons", b"dump", b"wchs", b"wchc", b"wchp"]
)
def test_words_say_the_same(pair: Pair, word: bytes) -> None:
    pair.four_letter_word(word, sections_sorted)


def test_mntr_has_the_keys_of_3_8(pair: Pair) -> None:
    def keys(text: str) -> str:
        names = {line.split("\t", 1)[0] for line in text.splitlines()}
        return "\n".join(sorted(name for name in names if not name.startswith("zk_jvm") and not is_new(name)))

    pair.four_letter_word(b"mntr", keys)


def shape_of(value: Any) -> Any:
    """The names and types of a JSON document, without its values."""
    if isinstance(value, dict):
        return {name: shape_of(each) for name, each in value.items() if not name.isdigit() and not is_new(name)}
    if isinstance(value, list):
        return [shape_of(each) for each in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_over_http_have_the_same_fields(pair: Pair, command: str) -> None:
    pair.compare(command, [shape_of(ask_admin(side.server, command).json) for side in pair.sides])


def test_its_shell_prints_what_ours_does(
    start_real: StartServer, start_subject: StartServer, release: JavaZooKeeper, tmp_path: Path
) -> None:
    config = Config(java=release)
    printed = [
        run(command, start(config).host_port, lines=SHELL_LINES)
        for command, start in ((zkcli(release, tmp_path), start_real), (pyzoo_cli(), start_subject))
    ]
    # Events have a zxid since 3.9.
    assert_same(*(evolve(each, events=[event.partition(" zxid:")[0] for event in each.events]) for each in printed))
