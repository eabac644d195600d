"""A snapshot that is restored while clients write, and power cuts around it: nobody ends up between the two trees."""

import http.client
import re
import signal
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.server_process import RawClient, ServerProcess, Writer, assert_clean_start, logged_zxids, wait_until

Serve = Callable[..., ServerProcess]

SECONDS = 60
ADMIN = ("-Dzookeeper.admin.serverPort=0", "-Dzookeeper.admin.serverAddress=127.0.0.1",
         "-Dzookeeper.admin.rateLimiterIntervalInMS=-1")  # fmt: skip


def ask(server: ServerProcess, command: str, body: bytes | None = None) -> bytes:
    server.wait_for("Started AdminServer on ")
    (port,) = re.findall(r"Started AdminServer on 127\.0\.0\.1:(\d+)", server.output)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/commands/{command}", body, {"Authorization": "ip"})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        data: bytes = answer.read()
        return data


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_writes_before_it_are_gone_and_those_after_it_stay(serve: Serve, tmp_path: Path, end: signal.Signals) -> None:
    server = serve(*ADMIN, "--data-dir", tmp_path)
    RawClient(server.port).create("/kept")
    snapshot = ask(server, "snapshot")
    before = [Writer(RawClient(server.port), f"/before{index}-") for index in range(3)]
    for writer in before:
        writer.wait_for(200)
    ask(server, "restore", snapshot)
    for writer in before:
        writer.join()
    after = [Writer(RawClient(server.port), f"/after{index}-") for index in range(3)]
    for writer in after:
        writer.wait_for(200)
    server.stop(end)
    for writer in after:
        writer.join()

    server = serve("--data-dir", tmp_path)
    assert_clean_start(server)
    reader = RawClient(server.port)
    assert [] == reader.missing(["/kept"])
    assert [] == reader.missing(path for writer in after for path in writer.acknowledged)
    lost = [path for writer in before for path in writer.acknowledged]
    assert lost == reader.missing(lost)
    zxids = logged_zxids(tmp_path / "version-2")
    assert sorted(set(zxids)) == zxids


@pytest.mark.parametrize("turn", range(3))
def test_a_power_cut_on_the_way_leaves_one_tree_or_the_other(serve: Serve, tmp_path: Path, turn: int) -> None:
    server = serve(*ADMIN, "--data-dir", tmp_path)
    client = RawClient(server.port)
    client.create("/kept")
    for number in range(1000):
        client.send_create(f"/kept/{number}", bytes(500))
    for _ in range(1000):
        client.reply()
    snapshot = ask(server, "snapshot")
    client.create("/later")

    def restore() -> None:
        try:
            ask(server, "restore", snapshot)
        except (OSError, http.client.HTTPException):
            pass

    thread = threading.Thread(target=restore)
    thread.start()
    for _ in range(turn * 40):
        try:
            client.exists("/kept")
        except ConnectionError:
            break
    server.stop(signal.SIGKILL)
    thread.join(SECONDS)

    server = serve("--data-dir", tmp_path)
    assert_clean_start(server)
    reader = RawClient(server.port)
    assert [] == reader.missing(f"/kept/{number}" for number in range(1000))
    reader.create("/goes-on")
    # It may still save the snapshot of its start.
    wait_until(lambda: not list((tmp_path / "version-2").glob("tmp.*")))
