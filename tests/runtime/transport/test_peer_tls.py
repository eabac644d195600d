"""Connections between members over TLS, as the other end sees them."""

import socket
from collections.abc import Callable
from pathlib import Path

from pyzoo.quorum.hello import decode_hello, hello_size
from pyzoo.runtime.free_ports import free_port
from pyzoo.runtime.tls.contexts import make_context
from tests.support.identities import HOST, pem_settings
from tests.support.server_process import PATIENCE_SECONDS, ServerProcess


def test_a_member_of_a_smaller_id_says_hello_to_a_larger_one_before_it_hangs_up(
    tmp_path: Path, serve: Callable[..., ServerProcess]
) -> None:
    # The larger one dials back once it knows who called; one that leads already has no other reason to.
    tls = pem_settings(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").write_text("1")
    with socket.create_server((HOST, 0)) as larger:
        larger.settimeout(PATIENCE_SECONDS)
        own_ports = f"{free_port()}:{free_port()}"
        (tmp_path / "zoo.cfg").write_text(
            f"dataDir={tmp_path}/data\ninitLimit=20\nsyncLimit=8\nsslQuorum=true\n"
            f"ssl.quorum.keyStore.location={tls.key_store.location}\n"
            f"ssl.quorum.trustStore.location={tls.trust_store.location}\n"
            f"server.1={HOST}:{own_ports}\nserver.2={HOST}:1:{larger.getsockname()[1]}\n"
        )
        serve(tmp_path / "zoo.cfg")
        accepted, _ = larger.accept()
        accepted.settimeout(PATIENCE_SECONDS)
        with make_context(tls, server_side=True).wrap_socket(accepted, server_side=True) as connection:
            hello = b""
            while (hello_size(hello) or len(hello) + 1) > len(hello):
                piece = connection.recv(1000)
                assert piece, f"hung up after {hello!r}"
                hello += piece
            assert 1 == decode_hello(hello).sid
            assert b"" == connection.recv(1000)
            # What has no reader any more does not break the connection: that might take an unread hello away.
            for _ in range(3):
                connection.sendall(b"not listened to")
