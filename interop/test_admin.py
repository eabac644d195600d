"""The AdminServer beside Apache's: every command and every refusal, and snapshots that go from one to the other."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kazoo.client import KazooClient

from interop import requests as rq
from interop.admin import AUTH, ask_admin, restore, take_snapshot
from interop.conftest import StartServer, new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, PYZOO, Member
from interop.pair import Pair, PairSession
from interop.ports import free_port
from interop.server import Config, Server
from interop.trees import assert_same_trees, tree_of

CONFIG = Config(admin=True)
Connect = Callable[..., KazooClient]

COMMANDS = [
    "configuration", "connection_stat_reset", "connections", "dirs", "dump", "get_trace_mask", "hash",
    "initial_configuration", "is_read_only", "last_snapshot", "leader", "observer_connection_stat_reset", "observers",
    "ruok", "server_stats", "stats", "stat_reset", "voting_view", "watch_summary", "watches", "watches_by_path",
    "zabstate",
]  # fmt: skip
ALIASES = ["conf", "config", "crst", "cons", "gtmk", "icfg", "isro", "lsnp", "lead", "orst", "obsr", "srvr", "stat",
           "srst", "wchs", "wchc", "wchp"]  # fmt: skip


def compare(pair: Pair, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> None:
    """Ask both servers the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answers = [ask_admin(side.server, path, method, body, named).blanked() for side in pair.sides]
    pair.compare(f"{method} {path}", answers)


@pytest.mark.parametrize("command", COMMANDS + ALIASES)
def test_commands_of_a_server_with_sessions(pair: Pair, session: PairSession, place: str, command: str) -> None:
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    session.call(rq.GET_DATA, rq.path_watch(place, True))
    session.call(rq.EXISTS, rq.path_watch("/none", True))
    compare(pair, command)


def test_the_shell_tells_of_the_sessions_of_both(pair: Pair, session: PairSession, place: str) -> None:
    """pyzoo's console answers it, and the commands of Apache's server."""
    session.call(rq.CREATE, rq.create(f"{place}/e", flags=1))
    session.call(rq.GET_DATA, rq.path_watch(f"{place}/e", True))
    told = []
    for side, (session_id, _) in zip(pair.sides, session.identities, strict=True):
        id = f"0x{session_id & 0xFFFFFFFFFFFFFFFF:x}"
        lines = f"who {place}/e\nwho {place}\nsessions {id}\ntop --once\nhistory {place}\n"
        admin = f"http://127.0.0.1:{side.server.admin_port}"
        who, alone, sessions, top, history = documents_of(side.server, admin, lines)
        [mine] = sessions["sessions"]
        names = ("id", "timeout_ms", "ephemerals", "watches", "here")
        told.append(
            [
                [each["id"] == id for each in (who["owner"], *who["watchers"])],
                alone,
                [mine[name] == id if name == "id" else mine[name] for name in names],
                mine["address"].startswith("127.0.0.1:"),
                top["members"][0]["role"],
                id in [each["id"] for each in top["sessions"]],
            ]
        )
        assert ("it has no console" in history.get("error", "")) == (side is pair.sides[0])
    pair.compare("who, sessions and top of the shell", told)


def documents_of(server: Server, admin: str, lines: str) -> list[Any]:
    """What the shell prints for scripts."""
    command = [sys.executable, "-m", "pyzoo", "cli", "-server", server.host_port, "--admin", admin, "--json"]
    ended = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("command", ["monitor", "mntr", "environment", "env", "envi"])
def test_commands_show_the_same_fields(pair: Pair, command: str) -> None:
    """Names of metrics come in the order of Java's hash maps; namespaces are those of earlier tests."""
    fields = [ask_admin(side.server, command).json for side in pair.sides]
    names = [sorted(name for name in each if "_per_namespace" not in name) for each in fields]
    pair.compare(f"fields of {command}", names)


def test_properties_that_were_given_are_shown(pair_with: Callable[[Config], Pair]) -> None:
    pair = pair_with(Config(admin=True, properties={"zookeeper.snapCount": "12345"}))
    shown = [ask_admin(side.server, "sysp").json for side in pair.sides]
    chosen = ("zookeeper.snapCount", "zookeeper.admin.enableServer", "zookeeper.4lw.commands.whitelist", "user.dir")
    pair.compare("properties", [[name in each for name in chosen] for each in shown])
    pair.compare("snapCount", [each["zookeeper.snapCount"] for each in shown])
    pair.compare("order", [list(each) == [*sorted(list(each)[:-2]), "command", "error"] for each in shown])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/commands"),
        ("GET", "/commands/"),
        ("POST", "/commands"),
        ("GET", "nosuch"),
        ("POST", "nosuch"),
        ("GET", "RUOK"),
        ("GET", "ruok/"),
        ("GET", "/commands//ruok"),
        ("GET", "n%22o%3Cx%C3%A9%09"),
        ("GET", "stmk"),
        ("GET", "stmk?traceMask="),
        ("GET", "stmk?traceMask=x"),
        ("GET", "stmk?traceMask=+7"),
        ("GET", "stmk?traceMask=-1&traceMask=2"),
        ("GET", "stmk?traceMask=9223372036854775808"),
        ("GET", "stmk?traceMask=306"),
        ("PUT", "ruok"),
        ("DELETE", "ruok"),
        ("HEAD", "ruok"),
        ("GET", "restore"),
        ("POST", "restore"),
        ("GET", "snapshot"),
        ("POST", "snapshot"),
    ],
)
def test_paths_methods_and_parameters(pair: Pair, method: str, path: str) -> None:
    compare(pair, path, method)


@pytest.mark.parametrize(("method", "path"), [("GET", "/commandsx"), ("TRACE", "ruok")])
def test_pages_for_people_have_the_same_status(pair: Pair, method: str, path: str) -> None:
    answers = [ask_admin(side.server, path, method) for side in pair.sides]
    pair.compare(f"{method} {path}", [(each.status, each.headers["Content-Type"]) for each in answers])


@pytest.mark.parametrize(
    "authorization",
    ["", "digest", "x509", "world", "world anyone", "sasl", "super x", "bogus x", "digest a b", "Digest a:b", "ip  x"],
)
@pytest.mark.parametrize(("method", "command"), [("GET", "snapshot"), ("POST", "restore")])
def test_who_is_refused(pair: Pair, method: str, command: str, authorization: str) -> None:
    compare(pair, command, method, Authorization=authorization)


@pytest.mark.parametrize(
    ("lines", "statuses"),
    [
        ({"admin.rateLimiterIntervalInMS": "3600000"}, [[200, 500], [429, 429]]),
        ({"admin.snapshot.enabled": "false", "admin.restore.enabled": "false"}, [[503, 503]]),
        ({"serializeLastProcessedZxid.enabled": "false"}, [[500, 500]]),
    ],
)
def test_limits_and_switches(
    pair_with: Callable[[Config], Pair], lines: dict[str, str], statuses: list[list[int]]
) -> None:
    pair = pair_with(Config(admin=True, lines=lines))
    for expected in statuses:
        for side in pair.sides:
            found = [
                ask_admin(side.server, "snapshot", headers=AUTH).status,
                ask_admin(side.server, "restore", "POST", b"not a snapshot", AUTH).status,
            ]
            assert expected == found, side.server


FORWARDED = ("10.1.2.3", "10.9.9.9,10.1.2.3", "10.1.2.3,10.9.9.9", "10.9.9.9, 10.1.2.3", "10.1.2.3 ,10.9.9.9")
#: Commas at an end, and nothing; for commas alone Apache's server fails with 500, whatever the scheme is.
ODD_FORWARDED = ("10.1.2.3,,", "10.9.9.9,", ",10.1.2.3", "")


def test_the_last_forwarded_address_counts(pair_with: Callable[[Config], Pair]) -> None:
    properties = {
        "zookeeper.IPAuthenticationProvider.usexforwardedfor": "true",
        "zookeeper.admin.rateLimiterIntervalInMS": "0",
    }
    pair = pair_with(Config(admin=True, properties=properties))
    session = pair.connect()
    session.call(rq.SET_ACL, rq.set_acl("/", ((31, "ip", "10.1.2.3"), (31, "ip", "127.0.0.1"))))
    statuses = []
    for forwarded in (
        "10.1.2.3",
        "10.9.9.9,10.1.2.3",
        "10.1.2.3,10.9.9.9",
        "10.9.9.9, 10.1.2.3",
        "10.1.2.3 ,10.9.9.9",
        *ODD_FORWARDED,
    ):
        headers = {"Authorization": "ip ", "X-Forwarded-For": forwarded}
        found = [ask_admin(side.server, "snapshot", headers=headers).status for side in pair.sides]
        pair.compare(forwarded, found)
        statuses.append(found[0])
    session.call(rq.SET_ACL, rq.set_acl("/", rq.OPEN))
    for forwarded in (*ODD_FORWARDED, "nobody"):
        headers = {"Authorization": "ip", "X-Forwarded-For": forwarded}
        found = [ask_admin(side.server, "snapshot", headers=headers).status for side in pair.sides]
        pair.compare(f"{forwarded} on an open root", found)
    assert [200, 200] == statuses[:2]
    assert 200 not in statuses[2:3]


# --- snapshots

UNLIMITED = Config(admin=True, lines={"admin.rateLimiterIntervalInMS": "-1", "snapCount": "100000"})


def fill(client: KazooClient) -> None:
    client.create("/app", b"data")
    for number in range(20):
        client.create(f"/app/{number}", bytes([number]) * number, ephemeral=number % 5 == 0)
    client.set("/app", b"other data")


def begin_anew(server: Server) -> None:
    """Restart, so that what is on disk is what is served."""
    server.stop()
    server.restart()


@pytest.mark.parametrize("way", ["from Apache to pyzoo", "from pyzoo to Apache", "from pyzoo to pyzoo"])
def test_a_snapshot_of_one_is_restored_into_the_other(
    start_real: StartServer, start_subject: StartServer, connect: Connect, way: str
) -> None:
    source = (start_real if way.startswith("from Apache") else start_subject)(UNLIMITED)
    target = (start_real if way.endswith("Apache") else start_subject)(UNLIMITED)
    fill(connect(source))
    connect(target).create("/lost")
    answer = restore(target, take_snapshot(source))
    assert (200, source.zxid()) == (answer.status, answer.json["last_zxid"])
    expected = tree_of(source)
    assert expected == tree_of(target)
    if not way.endswith("Apache"):
        begin_anew(target)
        assert expected == tree_of(target)


def test_apache_boots_from_what_was_restored(
    start_real: StartServer, start_subject: StartServer, connect: Connect
) -> None:
    subject = start_subject(UNLIMITED)
    client = connect(subject)
    fill(client)
    snapshot = take_snapshot(subject)
    for number in range(10):
        client.create(f"/lost{number}")
    assert 200 == restore(subject, snapshot).status
    connect(subject).create("/afterwards")
    expected = tree_of(subject)
    subject.stop()
    assert subject.home is not None
    real = start_real(UNLIMITED, subject.home)
    assert expected == tree_of(real)
    assert "digest" not in real.output().lower()


# --- ensembles


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """The last voter leads; there is one of each kind in every other role."""
    lines = {sid: {"admin.serverPort": str(free_port()), "admin.serverAddress": "127.0.0.1"} for sid in range(1, 6)}
    settings = Settings(
        lines={"admin.rateLimiterIntervalInMS": "-1"},
        lines_of=lines,
        properties={"zookeeper.admin.enableServer": "true"},
    )
    with new_ensemble(tmp_path_factory, [JAVA39, PYZOO, PYZOO], [JAVA39, PYZOO], settings) as started:
        started.start_led_by(3)
        yield started


def blanked(member: Member, command: str) -> str:
    text = ask_admin(member, command).blanked()
    return re.sub(rf'"(myid|server_id)" : {member.sid}\b', r'"\1" : M', text)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("voting_view", "last_snapshot")])
def test_followers_and_observers_answer_alike(ensemble: Ensemble, command: str) -> None:
    for java, pyzoo in ((1, 2), (4, 5)):
        assert blanked(ensemble.members[java], command) == blanked(ensemble.members[pyzoo], command)


def test_all_see_the_same_voters(ensemble: Ensemble) -> None:
    """Each knows the client address of itself only."""
    for member in ensemble.members.values():
        view = ask_admin(member, "voting_view").json["current_config"]
        for sid, each in view.items():
            assert (each.pop("client_address") != "") == (int(sid) == member.sid)
        assert ["1", "2", "3"] == list(view)
        assert ask_admin(ensemble.members[1], "voting_view").json["current_config"]["3"] | view["3"] == {
            **view["3"],
            "client_address": "",
        }


def test_leaders_answer_alike(ensemble: Ensemble) -> None:
    commands = [name for name in COMMANDS if name not in ("observers", "voting_view", "last_snapshot")]
    of_pyzoo = {name: blanked(ensemble.members[3], name) for name in commands}
    observers = ask_admin(ensemble.members[3], "observers").json["observers"]
    assert [4, 5] == sorted(each["sid"] for each in observers)
    ensemble.replace(3, JAVA39)
    ensemble.let_lead(3)
    assert of_pyzoo == {name: blanked(ensemble.members[3], name) for name in commands}
    theirs = ask_admin(ensemble.members[3], "observers").json["observers"]
    assert list(theirs[0]) == list(observers[0])
    ensemble.replace(3, PYZOO)
    ensemble.let_lead(3)


def test_a_member_without_a_leader_says_so(ensemble: Ensemble) -> None:
    for sid in (1, 3):
        ensemble.members[sid].stop()
    left = ensemble.members[2]
    ensemble.wait_until(lambda: b"not currently serving" in ask_admin(left, "ruok").body, "the last voter is alone")
    assert ["voting", "zabstate", "command", "error"] == list(ask_admin(left, "zabstate").json)
    assert 200 == ask_admin(left, "environment").status
    assert "not currently serving" in ask_admin(left, "monitor").json["error"]
    ensemble.start(1, 3)
    ensemble.let_lead(3)


def test_the_leader_restores_the_whole_ensemble(ensemble: Ensemble, connect: Connect) -> None:
    leader = ensemble.members[3]
    client = connect(leader)
    client.create("/kept", b"old")
    snapshot = take_snapshot(leader)
    client.set("/kept", b"new")
    client.create("/later")
    for follower in (ensemble.members[2], ensemble.members[5]):
        answer = restore(follower, snapshot)
        assert (500, "only the leader can restore a snapshot, which is server 3 now") == (
            answer.status,
            answer.json["error"],
        )
    assert client.exists("/later")
    answer = restore(leader, snapshot)
    assert (200, None) == (answer.status, answer.json["error"])
    ensemble.wait_until_serving()
    assert_same_trees(ensemble.running())
    assert b"old" == connect(ensemble).get("/kept")[0]
    assert "/later" not in tree_of(leader)


def test_what_was_restored_outlives_every_restart(ensemble: Ensemble, connect: Connect) -> None:
    leader = ensemble.members[3]
    client = connect(leader)
    client.create("/kept2", b"old")
    snapshot = take_snapshot(leader)
    client.create("/later2")
    assert 200 == restore(leader, snapshot).status
    ensemble.wait_until_serving()
    connect(ensemble).create("/afterwards")
    for member in ensemble.members.values():
        member.stop()
    ensemble.start()
    assert_same_trees(ensemble.running())
    tree = tree_of(ensemble.members[1])
    assert ("/kept2" in tree, "/afterwards" in tree, "/later2" in tree) == (True, True, False)
