"""Server processes that are killed, stopped and starved: what was acknowledged stays, in files that load again."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.server_process import (
    EPHEMERAL,
    RawClient,
    ServerProcess,
    Writer,
    assert_clean_start,
    command,
    contents,
    four_letters,
    logged_zxids,
    node_count,
    wait_until,
    without_lock,
)

Serve = Callable[..., ServerProcess]

STALLED = "No write is acknowledged until the log can be written again"
LIBC = ctypes.CDLL(None)
SMALL_FILES = ("-Dzookeeper.preAllocSize=64",)
SNAPSHOT_EVERY_100 = ("-Dzookeeper.snapCount=100",)


def assert_contiguous(data_dir: Path) -> None:
    zxids = logged_zxids(data_dir / "version-2")
    assert list(range(1, len(zxids) + 1)) == zxids


def stop_writers(server: ServerProcess, writers: list[Writer]) -> list[str]:
    """Kill the server under its writers; what they had acknowledged."""
    assert -signal.SIGKILL == server.stop(signal.SIGKILL)
    for writer in writers:
        writer.join()
    return [path for writer in writers for path in writer.acknowledged]


# --- kill -9


def test_kill_9_under_pipelined_writes_loses_nothing_acknowledged(serve: Serve, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    sessions: list[tuple[RawClient, str]] = []
    for turn in range(4):
        server = serve("--data-dir", tmp_path)
        assert_clean_start(server)
        reader = RawClient(server.port)
        assert [] == reader.missing(acknowledged)
        sessions = [(client.again(server.port), path) for client, path in sessions]
        assert all(client.session_id for client, _ in sessions)
        assert [] == reader.missing(path for _, path in sessions)

        newcomer = RawClient(server.port)
        newcomer.create(f"/ephemeral-{turn}", flags=EPHEMERAL)
        writers = [Writer(RawClient(server.port), f"/t{turn}w{index}-") for index in range(3)]
        for writer in writers:
            writer.wait_for(300)
        acknowledged += stop_writers(server, writers)
        sessions.append((newcomer, f"/ephemeral-{turn}"))

    server = serve("--data-dir", tmp_path)
    assert_clean_start(server)
    assert [] == RawClient(server.port).missing(acknowledged)
    assert 0 == server.stop()
    assert_contiguous(tmp_path)


def test_ephemerals_live_and_die_with_their_sessions_across_a_kill(serve: Serve, tmp_path: Path) -> None:
    # Sessions of those who come back live on; the others expire after the start.
    words = (0, tmp_path, 500)
    server = serve(*words)
    lives, closes = RawClient(server.port), RawClient(server.port)
    expires = RawClient(server.port, timeout_ms=1)
    for client, path in ((lives, "/lives"), (closes, "/closes"), (expires, "/expires")):
        client.create(path, flags=EPHEMERAL)
    assert -signal.SIGKILL == server.stop(signal.SIGKILL)

    server = serve(*words)
    assert_clean_start(server)
    lives, closes = lives.again(server.port), closes.again(server.port)
    assert [] == lives.missing(["/lives", "/closes"])
    closes.close_session()
    server.wait_for(f"Expiring session {hex(expires.session_id & 0xFFFFFFFFFFFFFFFF)}")
    lives.create("/afterwards")
    assert ["/closes", "/expires"] == lives.missing(["/lives", "/closes", "/expires"])
    assert -signal.SIGKILL == server.stop(signal.SIGKILL)

    server = serve(*words)
    assert_clean_start(server)
    lives = lives.again(server.port)
    assert ["/closes", "/expires"] == lives.missing(["/lives", "/closes", "/expires"])
    assert 0 == expires.again(server.port).session_id


def test_a_wrong_password_gets_no_session_after_a_kill(serve: Serve, tmp_path: Path) -> None:
    server = serve("--data-dir", tmp_path)
    client = RawClient(server.port)
    assert -signal.SIGKILL == server.stop(signal.SIGKILL)
    server = serve("--data-dir", tmp_path)
    client.passwd = bytes(16)
    assert 0 == client.again(server.port).session_id


# --- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_well(serve: Serve, tmp_path: Path, number: signal.Signals) -> None:
    # Snapshots begin all the time: one may be under way.
    server = serve("--data-dir", tmp_path, "-Dzookeeper.snapCount=20")
    client = RawClient(server.port)
    writer = Writer(RawClient(server.port), "/n")
    writer.wait_for(100)
    assert 0 == server.stop(number)
    assert b"" == client.sock.recv(1), "a connection at rest sees an end of file, no reset"
    writer.join()
    assert f"Stopping on {number.name}" in server.output
    assert "Traceback" not in server.output
    assert [] == list((tmp_path / "version-2").glob("tmp.*"))

    server = serve("--data-dir", tmp_path)
    assert_clean_start(server)
    client = client.again(server.port)
    assert [] == client.missing(writer.acknowledged)
    assert 0 == server.stop(number)
    assert_contiguous(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_asks_again_does_not_break_off_the_end(serve: Serve, tmp_path: Path, number: signal.Signals) -> None:
    for _ in range(5):
        server = serve("--data-dir", tmp_path)
        RawClient(server.port)
        server.process.send_signal(number)
        server.wait_for(f"Stopping on {number.name}")
        while server.process.poll() is None:
            signal_other_threads(server.process.pid, number)
        assert 0 == server.wait()
        assert "Traceback" not in server.output


def signal_other_threads(pid: int, number: signal.Signals) -> None:
    """As the kernel may when the main thread is busy; to that one where there is no other."""
    try:
        threads = {int(name) for name in os.listdir(f"/proc/{pid}/task")}
    except OSError:
        return
    for thread in threads - {pid} or threads:
        LIBC.tgkill(pid, thread, number)


# --- rolls, snapshots, purging


@pytest.mark.parametrize(("method", "suffix"), [("", ""), ("gz", ".gz"), ("snappy", ".snappy")])
def test_snapshots_under_writes_can_be_started_from(serve: Serve, tmp_path: Path, method: str, suffix: str) -> None:
    words = ("--data-dir", tmp_path, *SNAPSHOT_EVERY_100, f"-Dzookeeper.snapshot.compression.method={method}")
    server = serve(*words)
    owner = RawClient(server.port)
    owner.create("/ephemeral", flags=EPHEMERAL)
    writers = [Writer(RawClient(server.port), f"/w{index}-") for index in range(2)]
    server.wait_for("Snapshot saved", times=4)
    acknowledged = stop_writers(server, writers)
    assert_contiguous(tmp_path)
    saved = [line for line in server.lines if "Snapshot saved" in line]
    assert all(line.endswith(suffix) for line in saved)

    purged = subprocess.run(command("purge", str(tmp_path), "-n", "3"), capture_output=True, text=True)
    assert (0, "") == (purged.returncode, purged.stderr)
    assert "Removing file:" in purged.stdout
    assert 3 == len(list((tmp_path / "version-2").glob("snapshot.*")))

    server = serve(*words)
    assert_clean_start(server)
    owner = owner.again(server.port)
    assert [] == owner.missing(acknowledged)
    assert owner.exists("/ephemeral")


def test_each_kept_snapshot_and_the_logs_after_it_give_the_same_tree(serve: Serve, tmp_path: Path) -> None:
    words = ("--data-dir", tmp_path, *SNAPSHOT_EVERY_100)
    server = serve(*words)
    writers = [Writer(RawClient(server.port), f"/w{index}-") for index in range(2)]
    server.wait_for("Snapshot saved", times=3)
    acknowledged = stop_writers(server, writers)
    newest_first = sorted(
        (tmp_path / "version-2").glob("snapshot.*"), key=lambda path: int(path.suffix[1:], 16), reverse=True
    )
    for newest in newest_first[:3]:
        newest.unlink()
        server = serve(*words)
        assert_clean_start(server)
        assert [] == RawClient(server.port).missing(acknowledged)
        assert 0 == server.stop()
        # The start saved one, and the session of the reader was logged: back to the state before it.
        for path in (tmp_path / "version-2").glob("snapshot.*"):
            if path not in newest_first:
                path.unlink()


def test_autopurge_keeps_what_a_start_needs(serve: Serve, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    server = serve("--data-dir", data_dir, *SNAPSHOT_EVERY_100)
    writer = Writer(RawClient(server.port), "/n")
    server.wait_for("Snapshot saved", times=5)
    acknowledged = stop_writers(server, [writer])

    config = tmp_path / "zoo.cfg"
    config.write_text(f"dataDir={data_dir}\nclientPort=2181\nautopurge.purgeInterval=1\nsnapCount=100\n")
    for _ in range(2):
        server = serve(config)
        assert_clean_start(server)
        reader = RawClient(server.port)
        assert [] == reader.missing(acknowledged)
        server.wait_for("Removing file: ")
        assert 3 == len(list((data_dir / "version-2").glob("snapshot.*")))
        assert 0 == server.stop()


# --- a full disk


class Volume:
    """A small file system that a ballast file fills up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, leaving: int = 0) -> None:
        """Take all the room but so many bytes."""
        with self._ballast.open("wb", buffering=0) as file:
            size = 1 << 16
            while size:
                try:
                    file.write(b"\0" * size)
                except OSError:
                    size //= 2
            file.truncate(file.tell() - leaving)

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    path = tmp_path / "volume"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs takes root; the tests with a file size limit stand in for this one")
    yield Volume(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill_until_stalled(server: ServerProcess, volume: Volume) -> Writer:
    """A writer whose writes are not acknowledged any more, and that has heard of all that were.

    All its writes in a log and in a snapshot fit once room is made, at whatever speed it writes.
    """
    before = node_count(server.port)
    volume.fill(leaving=1 << 19)
    writer = Writer(RawClient(server.port), "/n", count=6000, window=20, size=1000)
    server.wait_for(STALLED)
    # What the server has applied is answered, but the writer's thread may not have read all of that.
    writer.wait_for(node_count(server.port) - before)
    assert len(writer.acknowledged) > 20
    return writer


def test_a_full_disk_stalls_writes_until_there_is_room_again(serve: Serve, volume: Volume) -> None:
    words = ("--data-dir", volume.path / "data", *SMALL_FILES)
    server = serve(*words)
    reader = RawClient(server.port)
    reader.create("/before", b"here")
    writer = fill_until_stalled(server, volume)

    acknowledged = len(writer.acknowledged)
    assert b"here" == reader.data_of("/before")
    assert [] == reader.missing(writer.acknowledged)
    assert b"Mode: standalone" in four_letters(server.port, b"srvr")
    assert acknowledged == len(writer.acknowledged) < 6000

    volume.make_room()
    server.wait_for("The log can be written again")
    writer.wait_for(acknowledged + 100)
    assert 1 == server.output.count(STALLED)
    assert 0 == server.stop()
    writer.join()

    server = serve(*words)
    assert_clean_start(server)
    assert [] == reader.again(server.port).missing(writer.acknowledged)
    assert 0 == server.stop()
    assert_contiguous(volume.path / "data")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_can_end_while_its_disk_is_full(serve: Serve, volume: Volume, number: signal.Signals) -> None:
    words = ("--data-dir", volume.path / "data", *SMALL_FILES)
    server = serve(*words)
    writer = fill_until_stalled(server, volume)
    assert (0 if number == signal.SIGTERM else -number) == server.stop(number)
    assert ("could not be logged" in server.output) == (number == signal.SIGTERM)
    writer.join()
    volume.make_room()

    server = serve(*words)
    assert_clean_start(server)
    assert [] == RawClient(server.port).missing(writer.acknowledged)
    assert 0 == server.stop()
    assert_contiguous(volume.path / "data")


def test_a_start_on_a_full_disk_serves_reads_and_writes_when_there_is_room(serve: Serve, volume: Volume) -> None:
    words = ("--data-dir", volume.path / "data", *SMALL_FILES)
    server = serve(*words)
    client = RawClient(server.port)
    client.create("/kept", b"here")
    assert 0 == server.stop()
    volume.fill()
    before = without_lock(contents(volume.path))

    server = serve(*words)
    client = client.again(server.port)
    assert b"here" == client.data_of("/kept")
    server.wait_for("cannot save the snapshot")
    assert "No space left on device" in server.output
    assert before == without_lock(contents(volume.path))

    client.send_create("/later")
    server.wait_for(STALLED)
    volume.make_room()
    assert 0 == client.reply()[0].err


# --- writes that fail for another reason: also where nothing can be mounted


def test_writes_that_fail_are_made_good_once_they_work(serve: Serve, tmp_path: Path) -> None:
    server = serve("--data-dir", tmp_path, *SMALL_FILES)
    reader, writer = RawClient(server.port), RawClient(server.port)
    reader.create("/before", b"here")
    server.limit_files(1)
    for index in range(5):
        writer.send_create(f"/n{index}")
    server.wait_for(STALLED)
    assert b"here" == reader.data_of("/before")
    assert ["/n0"] == reader.missing(["/n0"])
    server.limit_files()
    assert [0] * 5 == [writer.reply()[0].err for _ in range(5)]
    assert -signal.SIGKILL == server.stop(signal.SIGKILL)

    server = serve("--data-dir", tmp_path)
    assert_clean_start(server)
    assert [] == reader.again(server.port).missing(f"/n{index}" for index in range(5))
    assert_contiguous(tmp_path)


def test_a_snapshot_that_fails_leaves_the_server_running_and_no_file(serve: Serve, tmp_path: Path) -> None:
    limit = 200_000
    properties = ("snapCount=300", "preAllocSize=0", "txnLogSizeLimitInKb=50")
    words = ("--data-dir", tmp_path, *(f"-Dzookeeper.{name}" for name in properties))
    server = serve(*words)
    writer = Writer(RawClient(server.port), "/large", count=250, size=1000)
    writer.wait_for(250)
    # One that is being saved now belongs to what was there before.
    wait_until(lambda: not list((tmp_path / "version-2").glob("tmp.*")))
    files = set((tmp_path / "version-2").glob("snapshot.*"))
    server.limit_files(limit)
    more = Writer(RawClient(server.port), "/small", count=600)
    server.wait_for("cannot save the snapshot")
    more.wait_for(600)
    wait_until(lambda: files == set((tmp_path / "version-2").glob("*snapshot*")))
    server.limit_files()
    again = Writer(RawClient(server.port), "/again", count=600)
    server.wait_for("Snapshot saved")
    again.wait_for(600)
    acknowledged = stop_writers(server, [writer, more, again])

    server = serve(*words)
    assert_clean_start(server)
    assert [] == RawClient(server.port).missing(acknowledged)


def test_a_start_that_cannot_save_its_snapshot_says_so_and_leaves_no_file(serve: Serve, tmp_path: Path) -> None:
    server = serve("--data-dir", tmp_path)
    client = RawClient(server.port)
    client.create("/kept")
    assert 0 == server.stop()
    before = without_lock(contents(tmp_path))
    server = serve("--data-dir", tmp_path, file_size_limit=1)
    assert [] == client.again(server.port).missing(["/kept"])
    server.wait_for("cannot save the snapshot")
    assert before == without_lock(contents(tmp_path))


# --- damaged files


def log_with_nodes(serve: Serve, data_dir: Path) -> Path:
    """The only log of a server that created /n000000 to /n000099."""
    server = serve("--data-dir", data_dir, *SMALL_FILES)
    Writer(RawClient(server.port), "/n", count=100).wait_for(100)
    assert 0 == server.stop()
    return data_dir / "version-2" / "log.1"


def test_a_damaged_log_stops_the_start_and_is_left_alone(serve: Serve, tmp_path: Path) -> None:
    log = log_with_nodes(serve, tmp_path)
    data = bytearray(log.read_bytes())
    damaged = data.index(b"/n000050")
    data[damaged] ^= 0xFF
    log.write_bytes(data)
    before = contents(tmp_path)

    server = serve("--data-dir", tmp_path)
    assert 1 == server.wait()
    [reason] = [line for line in server.lines if line.startswith("pyzoo: ")]
    named, _, rest = reason.partition(f"{log}: at byte ")
    assert "pyzoo: The server cannot go on: " == named
    assert damaged - 200 < int(rest.split(":")[0]) <= damaged
    assert without_lock(before) == without_lock(contents(tmp_path))
    assert "Traceback" not in server.output


def test_a_torn_tail_is_dropped(serve: Serve, tmp_path: Path) -> None:
    log = log_with_nodes(serve, tmp_path)
    with log.open("r+b") as file:
        file.truncate(log.read_bytes().index(b"/n000099") + 4)
    server = serve("--data-dir", tmp_path)
    assert ["/n000099"] == RawClient(server.port).missing(f"/n{index:06}" for index in range(100))
    assert "Digest" not in server.output


# --- two servers


def test_a_second_server_on_the_same_directory_is_refused(serve: Serve, tmp_path: Path) -> None:
    first = serve("--data-dir", tmp_path)
    client = RawClient(first.port)
    client.create("/kept")
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)
    second = serve("--data-dir", link)
    assert 1 == second.wait()
    assert f"{tmp_path} is in use by another server (process {first.process.pid})" in second.output
    assert client.exists("/kept")
    assert -signal.SIGKILL == first.stop(signal.SIGKILL)

    third = serve("--data-dir", tmp_path)
    assert_clean_start(third)
    assert client.again(third.port).exists("/kept")


def test_servers_cannot_share_a_log_directory(serve: Serve, tmp_path: Path) -> None:
    servers = []
    for name in ("one", "two"):
        config = tmp_path / f"{name}.cfg"
        config.write_text(f"dataDir={tmp_path / name}\ndataLogDir={tmp_path / 'logs'}\nclientPort=2181\n")
        servers.append(serve(config))
        servers[0].wait_for("ready on")
    assert 1 == servers[1].wait()
    assert f"{tmp_path / 'logs'} is in use" in servers[1].output
