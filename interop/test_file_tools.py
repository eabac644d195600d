"""Apache's file tools and pyzoo's on the same files, written by either server: the same text, files and exit codes."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from interop.conftest import launch_subject, required, stop_all
from interop.java import JavaZooKeeper, zookeeper_38, zookeeper_39
from interop.server import launch_real
from interop.test_data_directory import config, write_history, write_quota
from interop.tools import PACKAGE, SCRIPTS, UTC, Ended, install_launchers, run_java, run_launcher

SNAP_COUNT = 100
#: Of a record: its checksum and length.
RECORD_START = 12
FILE_HEADER = 16
Tools = Callable[..., tuple[Ended, Ended]]


@frozen
class Files:
    """The version-2 directory of a stopped server."""

    directory: Path

    def newest(self, kind: str, count: int = 2) -> list[str]:
        """Names of the newest logs or snapshots."""
        names = [path.name for path in self.directory.glob(f"{kind}.*")]
        return sorted(names, key=lambda name: int(name.split(".")[1], 16))[-count:]

    def copied(self, to: Path) -> Path:
        shutil.copytree(self.directory, to)
        return to


@pytest.fixture(scope="module", params=["pyzoo", "real"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What a server wrote: a random history, quotas, open sessions with ephemerals, several snapshots and logs."""
    settings = config(SNAP_COUNT)
    home = tmp_path_factory.mktemp(request.param)
    if request.param == "pyzoo":
        server = launch_subject(settings, home)
    else:
        found = required(zookeeper_39)
        assert isinstance(found, JavaZooKeeper)
        server = launch_real(settings, found, home)
    try:
        server.wait_until_serving()
        clients = write_history(server, 11, "/history")
        write_quota(server, "/history")
    finally:
        stop_all([server])
    assert len(clients) == 2
    return Files(server.data_dir / "version-2")


@pytest.fixture(scope="module")
def launchers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_launchers(tmp_path_factory.mktemp("launchers"))


@pytest.fixture
def both(launchers: Path, zookeeper: JavaZooKeeper, tmp_path: Path) -> Tools:
    """Run a tool of either side with the same words; each has a directory of its own if it writes."""

    def run(
        tool: str,
        *words: str,
        at: Path,
        pyzoo_at: Path | None = None,
        java: JavaZooKeeper = zookeeper,
        typed: str = "",
        zone: str = UTC,
    ) -> tuple[Ended, Ended]:
        real = run_java(java, SCRIPTS[tool], *words, directory=at, typed=typed, zone=zone)
        script = launchers / f"zk{tool}.sh"
        return real, run_launcher(script, *words, directory=pyzoo_at or at, typed=typed, zone=zone)

    return run


@pytest.mark.parametrize("find", [zookeeper_39, zookeeper_38])
def test_dumps_of_logs(files: Files, both: Tools, find: Callable[[], JavaZooKeeper]) -> None:
    java = required(find)
    for name in files.newest("log"):
        real, ours = both("TxnLogToolkit", name, at=files.directory, java=java)
        assert real == ours
        assert (real.code, b" zxid 0x" in real.output) == (0, True)


@pytest.mark.parametrize(
    ("zone", "tool", "kind"),
    [("Europe/Berlin", "TxnLogToolkit", "log"), ("America/New_York", "SnapShotToolkit", "snapshot")],
)
def test_times_of_other_zones(files: Files, both: Tools, zone: str, tool: str, kind: str) -> None:
    real, ours = both(tool, *files.newest(kind, 1), at=files.directory, zone=zone)
    assert real == ours


def test_snapshots_as_text(files: Files, both: Tools) -> None:
    for words in [[name] for name in files.newest("snapshot")] + [["-d", *files.newest("snapshot", 1)]]:
        real, ours = both("SnapShotToolkit", *words, at=files.directory)
        assert real == ours
        assert (real.code, b"cZxid" in real.output) == (0, True)


def test_a_snapshot_as_json(files: Files, both: Tools) -> None:
    sides = both("SnapShotToolkit", "-json", *files.newest("snapshot", 1), at=files.directory)
    real, ours = [re.sub(rb'"timestamp":\d+', b"", side.output) for side in sides]
    assert real == ours


def test_what_is_below_each_node_of_a_snapshot(files: Files, both: Tools) -> None:
    for words in (["/", "1"], ["/history", "0"]):
        real, ours = both("SnapshotRecursiveSummaryToolkit", *files.newest("snapshot", 1), *words, at=files.directory)
        assert real == ours


@pytest.mark.parametrize("more", [["-d"], ["-i"]])
def test_two_snapshots_compared(files: Files, both: Tools, more: list[str]) -> None:
    left, right = files.newest("snapshot")
    words = ("-l", left, "--right=" + right, "-b", "3", "--nodes", "1", *more)
    typed = "/history\n1\n99\nx\n" + "\n" * 20
    sides = both("SnapshotComparer", *words, at=files.directory, typed=typed)
    real, ours = [re.sub(rb"in [0-9.]+ seconds", b"", side.output) for side in sides]
    assert real == ours
    assert b"All layers compared.\n" in real


def damaged(files: Files, name: str, tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of the directory in which one bit of the first record of a log was turned."""
    copies = files.copied(tmp_path / "real"), files.copied(tmp_path / "ours")
    for copy in copies:
        data = bytearray((copy / name).read_bytes())
        data[FILE_HEADER + RECORD_START - 5] ^= 1
        (copy / name).write_bytes(data)
    return copies


@pytest.mark.parametrize(("words", "typed"), [(["-rv"], "maybe\nyes\n"), (["--recover"], "No\n"), (["-r"], "abort\n")])
def test_a_log_repaired(files: Files, both: Tools, tmp_path: Path, words: list[str], typed: str) -> None:
    name = files.newest("log")[0]
    real_at, ours_at = damaged(files, name, tmp_path)
    real, ours = both("TxnLogToolkit", *words, name, at=real_at, pyzoo_at=ours_at, typed=typed)
    assert real == ours
    fixed = f"{name}.fixed"
    if typed == "abort\n":
        # A part of a copy is of no use, and an Apache server would take it for a log.
        assert not (ours_at / fixed).exists()
    else:
        assert (real_at / fixed).read_bytes() == (ours_at / fixed).read_bytes()


def test_a_log_with_a_wrong_checksum_dumped(files: Files, both: Tools, tmp_path: Path) -> None:
    name = files.newest("log")[0]
    real_at, ours_at = damaged(files, name, tmp_path)
    real, ours = both("TxnLogToolkit", name, at=real_at, pyzoo_at=ours_at)
    assert real == ours
    assert b"CRC ERROR - " in real.output


def test_a_log_chopped(files: Files, both: Tools, tmp_path: Path) -> None:
    name = files.newest("log")[0]
    first = int(name.split(".")[1], 16)
    real_at, ours_at = files.copied(tmp_path / "real"), files.copied(tmp_path / "ours")
    real, ours = both("TxnLogToolkit", "-c", "-z", hex(first + 3), name, at=real_at, pyzoo_at=ours_at)
    assert real == ours
    chopped = f"{name}.chopped{first + 3}"
    assert (real_at / chopped).read_bytes() == (ours_at / chopped).read_bytes()
    real, ours = both("TxnLogToolkit", "--chop", "--zxid=1", name, at=real_at, pyzoo_at=ours_at)
    assert real == ours


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("TxnLogToolkit", ["--help"]),
        ("TxnLogToolkit", ["-x"]),
        ("TxnLogToolkit", ["-z"]),
        ("TxnLogToolkit", ["none"]),
        ("SnapShotToolkit", []),
        ("SnapShotToolkit", ["-d", "-json", "none"]),
        ("SnapShotToolkit", ["none"]),
        ("SnapshotComparer", ["-l", "none"]),
        ("SnapshotComparer", ["-l", "none", "-r", "none", "-b", "1", "-n", "1"]),
        ("SnapshotRecursiveSummaryToolkit", ["none", "/", "0"]),
    ],
)
def test_wrong_words_and_missing_files(both: Tools, tmp_path: Path, tool: str, words: list[str]) -> None:
    real, ours = both(tool, *words, at=tmp_path)
    assert real == ours


def test_old_files_removed(files: Files, launchers: Path, zookeeper: JavaZooKeeper, tmp_path: Path) -> None:
    homes = tmp_path / "real", tmp_path / "ours"
    for home in homes:
        copy = files.copied(home / "data" / "version-2")
        for older in ("snapshot.1", "snapshot.2", "log.1.junk"):
            shutil.copy2(copy / files.newest("snapshot")[-1], copy / older)
        (home / "conf").mkdir()
        (home / "conf" / "zoo.cfg").write_text("dataDir=data\n")
    real = run_java(zookeeper, f"{PACKAGE}.PurgeTxnLog", "data", "-n", "3", directory=homes[0])
    words = ("--config", str(homes[1] / "conf"), "-n", "3")
    ours = run_launcher(launchers / "zkCleanup.sh", *words, directory=homes[1])
    # Apache goes through a directory as it comes.
    assert (real.code, sorted(real.output.splitlines())) == (ours.code, sorted(ours.output.splitlines()))
    assert real.output
    left, ours_left = [sorted(path.name for path in (home / "data").rglob("*")) for home in homes]
    assert left == ours_left
