"""What systemd hears of a server with Type=notify."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.server_process import PATIENCE_SECONDS, ServerProcess

Serve = Callable[..., ServerProcess]


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_service_manager_hears_of_readiness_and_of_the_end(serve: Serve, tmp_path: Path, kind: str) -> None:
    address = str(tmp_path / "notify") if kind == "path" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE_SECONDS)
        manager.bind(address.replace("@", "\0"))
        server = serve("--in-memory", "--port", 0, NOTIFY_SOCKET=address)
        assert b"READY=1" == manager.recv(100)
        assert server.port
        assert 0 == server.stop()
        assert b"STOPPING=1" == manager.recv(100)


def test_a_service_manager_that_is_gone_stops_nothing(serve: Serve, tmp_path: Path) -> None:
    server = serve("--in-memory", "--port", 0, NOTIFY_SOCKET=str(tmp_path / "gone"))
    server.wait_for("was not told READY=1")
    assert 0 == server.stop()
