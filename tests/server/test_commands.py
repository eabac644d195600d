"""Four-letter words: the whole texts, as a real server gave them in the same state."""

from pathlib import Path

import pytest

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import PERSISTENT_RECURSIVE, STANDARD
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateTxn, TxnHeader
from pyzoo.release import FULL_VERSION
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.operators.environment import ServerEnvironment
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "4lw-standalone.txt"
CAPTURED_VERSION = "3.9.5-293c895a8d966a3ecb92872be4a1daf87d725da2, built on 2026-02-11 20:18 UTC"
SESSION = 0x1000025B4850000
NOW_MS = 2527817
ALL_WORDS = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs".split()


def captured(word: str) -> str:
    """The answer of 3.9.5 to a word, under the name of the release that pyzoo behaves like."""
    recorded = CAPTURE.read_text().split("######## 3.8.0")[0]
    block = recorded.replace(CAPTURED_VERSION, FULL_VERSION).split(f"=== {word}\n")[1].split("=== ")[0]
    return block.replace("<no newline>\n", "")


class CapturedEnvironment(ServerEnvironment):
    """The machine on which the capture was made."""

    def data_dir_size(self) -> int:
        return 66030

    def log_dir_size(self) -> int:
        return 66030

    def snap_dir(self) -> str:
        return "/zk/s395a/data/version-2"

    def log_dir(self) -> str:
        return "/zk/s395a/data/version-2"

    def client_port(self) -> int:
        return 24000

    def properties(self) -> list[tuple[str, str]]:
        lines = captured("envi").splitlines()[2:]
        return [(key, value) for key, _, value in (line.partition("=") for line in lines)]

    def open_files(self) -> int:
        return 63

    def max_files(self) -> int:
        return 20000

    def date_text(self, monotonic_ms: int) -> str:
        return f"Mon Nov 23 02:38:{22 + (monotonic_ms - 2548000) // 1000} UTC 2026"


def new_server(words: frozenset[str] = frozenset({"*"}), read_only: bool = False) -> ZooKeeperServer:
    config = ServerConfig(
        data_dir="/data",
        tick_time_ms=2000,
        four_letter_word_whitelist=words,
        readonly_mode_enabled=read_only,
    )
    server = ZooKeeperServer(config, ZKDatabase(DataTree(), {}), NOW_MS, 1795401482273, lambda n: 0)
    server.environment = CapturedEnvironment()
    return server


@pytest.fixture
def server() -> ZooKeeperServer:
    """One that knows all words."""
    return new_server()


def create(server: ZooKeeperServer, zxid: int, path: str, owner: int = 0) -> None:
    header = TxnHeader(owner, 0, zxid, 1, op.CREATE)
    server.tree.process_txn(header, CreateTxn(path, b"", [ACL(31, "world", "anyone")], owner != 0, -1))


@pytest.fixture
def populated() -> ZooKeeperServer:
    """A server in the state of the capture, as far as the words show it, but without a connection."""
    server = new_server()
    for zxid, path in enumerate(("/a", "/sec", "/m1", "/cont", "/ttl", "/del"), 9):
        create(server, zxid, path)
    create(server, 15, "/e", SESSION)
    server.sessions.track(SESSION, 20000, NOW_MS)
    server.stats.packets_received = 23
    server.stats.packets_sent = 23
    for latency in (2, 2, 2):
        server.stats.read_answered(latency)
    for latency in (9, 1, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4):
        server.stats.update_answered(latency)
    return server


def session_cnxn(server: ZooKeeperServer) -> ServerCnxn:
    """The connection of the capture's session."""
    cnxn = server.accept("127.0.0.1", 36298)
    assert cnxn is not None
    cnxn.connect_seen = cnxn.established = True
    cnxn.timeout_ms = 20000
    cnxn.packets_received = cnxn.packets_sent = 19
    server.connections.bind_session(cnxn, SESSION)
    for latency in (9, 0, 3, 1):
        cnxn.answered(op.GET_CHILDREN, 0x11, 15, NOW_MS - latency, NOW_MS)
    server.tree.data_watches.add("/a", cnxn, STANDARD)
    return cnxn


def ask(server: ZooKeeperServer, data: bytes, port: int = 36330) -> str:
    """Send bytes on a new connection, which must then be closed; the answer."""
    cnxn = server.accept("127.0.0.1", port)
    assert cnxn is not None
    server.data_received(cnxn, data)
    assert cnxn.closing
    answer = cnxn.data_to_send().decode()
    server.client_gone(cnxn)
    return answer


@pytest.mark.parametrize(
    "word", ["ruok", "srvr", "conf", "cons", "envi", "dirs", "wchs", "wchc", "wchp", "gtmk", "isro", "hash"]
)
def test_a_word_is_answered_as_by_the_real_server(populated: ZooKeeperServer, word: str) -> None:
    session_cnxn(populated)
    assert captured(word) == ask(populated, word.encode())


def test_stat_lists_the_connections_before_the_statistics(populated: ZooKeeperServer) -> None:
    populated.stats.packets_received = populated.stats.packets_sent = 24
    asking = populated.accept("127.0.0.1", 36316)
    assert asking is not None
    session_cnxn(populated)
    populated.data_received(asking, b"stat")
    assert captured("stat") == asking.data_to_send().decode()


def test_dump_lists_sessions_ephemerals_and_connections_by_expiry(populated: ZooKeeperServer) -> None:
    session_cnxn(populated)
    assert captured("dump") == ask(populated, b"dump", 36346)


def test_the_metrics_have_the_names_and_the_order_of_the_real_server(populated: ZooKeeperServer) -> None:
    for path in ("/a", "/sec", "/m1", "/e", "/del", "/cont", "/ttl"):
        populated.stats.metrics.path_written(path, 0)
    populated.stats.metrics.path_read("/a", 2)
    expected = [line.split("\t")[0] for line in captured("mntr").splitlines()]
    assert expected == [line.split("\t")[0] for line in ask(populated, b"mntr").splitlines()]


def test_metrics_hold_what_the_server_has_counted(populated: ZooKeeperServer) -> None:
    session_cnxn(populated)
    real = dict(line.split("\t") for line in captured("mntr").splitlines())
    answer = dict(line.split("\t") for line in ask(populated, b"mntr").splitlines())
    stable = (
        "version server_state ephemerals_count num_alive_connections avg_latency znode_count global_sessions "
        "connection_drop_probability min_latency max_latency open_file_descriptor_count max_file_descriptor_count"
    )
    same = [name for name in real if name.endswith("_updatelatency")] + [f"zk_{name}" for name in stable.split()]
    assert {name: real[name] for name in same} == {name: answer[name] for name in same}


def test_a_reset_forgets_mismatches_of_digests(server: ZooKeeperServer) -> None:
    server.tree.digests.mismatches = 2
    assert "zk_digest_mismatches_count\t2" in ask(server, b"mntr").splitlines()
    ask(server, b"srst")
    assert "zk_digest_mismatches_count\t0" in ask(server, b"mntr").splitlines()


def test_quotas_are_shown_for_their_namespace(server: ZooKeeperServer) -> None:
    for zxid, path in enumerate(("/app", "/app/x", "/zookeeper/quota/app", "/zookeeper/quota/app/x"), 1):
        create(server, zxid, path)
    for prefix in ("/zookeeper/quota/app", "/zookeeper/quota/app/x"):
        create(server, 9, f"{prefix}/zookeeper_limits")
        create(server, 9, f"{prefix}/zookeeper_stats")
    limits = server.tree.get_node("/zookeeper/quota/app/zookeeper_limits")
    assert limits is not None
    limits.data = b"count=5,bytes=100=;byteHardLimit=70;countHardLimit=-1"
    lines = ask(server, b"mntr").splitlines()
    at = lines.index("zk_app_quota_bytes_limit_per_namespace\t69")
    assert [
        "zk_app_quota_bytes_limit_per_namespace\t69",
        "zk_app_quota_count_usage_per_namespace\t3",
        "zk_app_quota_count_limit_per_namespace\t4",
        "zk_app_quota_bytes_usage_per_namespace\t0",
        "zk_watch_bytes\t0",
    ] == lines[at : at + 5]


def test_a_word_may_come_in_pieces_and_what_follows_is_ignored(server: ZooKeeperServer) -> None:
    cnxn = server.accept("127.0.0.1", 1)
    assert cnxn is not None
    for byte in (b"r", b"u", b"o"):
        server.data_received(cnxn, byte)
        assert not cnxn.closing
    server.data_received(cnxn, b"k\nmore")
    assert cnxn.closing
    assert b"imok" == cnxn.data_to_send()


@pytest.mark.parametrize("word", [word for word in ALL_WORDS if word != "srvr"])
def test_a_word_that_is_not_in_the_whitelist_is_refused(word: str) -> None:
    refused = f"{word} is not executed because it is not in the whitelist.\n"
    assert refused == ask(new_server(frozenset({"srvr"})), word.encode())


def test_srvr_is_always_allowed() -> None:
    assert ask(new_server(frozenset()), b"srvr").startswith("Zookeeper version: 3.9.6-")


def test_isro_is_allowed_in_read_only_mode() -> None:
    assert "rw" == ask(new_server(frozenset(), True), b"isro")


def test_the_interrupt_of_telnet_is_a_word_too() -> None:
    refused = "telnet close is not executed because it is not in the whitelist.\n"
    assert refused == ask(new_server(frozenset({"ruok"})), b"\xff\xf4\xff\xfd")
    assert "" == ask(new_server(), b"\xff\xf4\xff\xfd")


def test_an_unknown_word_is_a_length_that_is_too_large(server: ZooKeeperServer) -> None:
    assert "" == ask(server, b"nope")
    assert 0 == server.stats.packets_received


def test_the_trace_mask_is_kept(server: ZooKeeperServer) -> None:
    assert "2" == ask(server, b"stmk" + (2).to_bytes(8, "big"))
    assert "2" == ask(server, b"gtmk")


def test_stmk_without_a_mask_closes_silently(server: ZooKeeperServer) -> None:
    assert "" == ask(server, b"stmk\0\0\0\0\0\0\0")
    assert "306" == ask(server, b"gtmk")


def test_resets_leave_what_the_real_server_shows_afterwards(populated: ZooKeeperServer) -> None:
    cnxn = session_cnxn(populated)
    assert captured("crst") == ask(populated, b"crst")
    assert captured("srst") == ask(populated, b"srst")
    ask(populated, b"stmk" + (306).to_bytes(8, "big"))
    shown = ask(populated, b"stat")
    assert " /127.0.0.1:36298[1](queued=0,recved=0,sent=0)\n" in shown
    assert "Latency min/avg/max: 0/0.0/0\nReceived: 2\nSent: 2\n" in shown
    after = (
        "sid=0x1000025b4850000,lop=NA,est=1795401482273,to=20000,lzxid=0xffffffffffffffff,lresp=0,llat=0,"
        "minlat=0,avglat=0,maxlat=0)"
    )
    assert after in ask(populated, b"cons")
    assert 0 == cnxn.packets_received


def test_a_long_answer_counts_as_several_packets(server: ZooKeeperServer) -> None:
    answer = ask(server, b"mntr")
    assert -(-len(answer) // 8192) == server.stats.packets_sent
    assert server.stats.packets_sent > 1


def test_watches_of_all_modes_are_listed_by_path_and_by_session(server: ZooKeeperServer) -> None:
    cnxn = session_cnxn(server)
    server.tree.data_watches.add("/b", cnxn, PERSISTENT_RECURSIVE)
    server.tree.child_watches.add("/c", cnxn, STANDARD)
    assert "0x1000025b4850000\n\t/a\n\t/b\n\n" == ask(server, b"wchc")
    assert "/a\n\t0x1000025b4850000\n/b\n\t0x1000025b4850000\n\n" == ask(server, b"wchp")
    assert "1 connections watching 2 paths\nTotal watches:2\n" == ask(server, b"wchs")


def test_digests_are_listed_by_zxid(server: ZooKeeperServer) -> None:
    create(server, 0x80, "/a")
    assert f"80: {server.tree.tree_digest}\n" == ask(server, b"hash")


def test_addresses_look_as_in_java(server: ZooKeeperServer) -> None:
    cnxn = server.accept("0:0:0:0:0:0:0:1", 5)
    assert cnxn is not None
    server.data_received(cnxn, b"cons")
    assert b" /[0:0:0:0:0:0:0:1]:5[0](queued=0,recved=1,sent=0)\n\n" == cnxn.data_to_send()
