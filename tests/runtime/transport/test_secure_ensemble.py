"""Members of an ensemble whose clients speak TLS."""

from pathlib import Path

from pyzoo.config.python_settings import PropertyValue
from pyzoo.runtime.four_letters import ask
from pyzoo.testing import LocalEnsemble
from tests.support.identities import HOST, pem_settings
from tests.support.server_process import RawClient
from tests.support.tls_clients import identified

TICK_TIME_MS = 500


def test_every_member_has_a_secure_port_and_sessions_move_between_them(tmp_path: Path) -> None:
    stores = pem_settings(tmp_path)
    properties: dict[str, PropertyValue] = {
        "secureClientPort": 0,
        "ssl.keyStore.location": stores.key_store.location,
        "ssl.trustStore.location": stores.trust_store.location,
        "4lw.commands.whitelist": "conf",
    }
    with LocalEnsemble(3, tick_time_ms=TICK_TIME_MS, properties=properties) as ensemble:
        conf = [ask(HOST, member.client_port, "conf") for member in ensemble.members]
        ports = [int(text.partition("secureClientPort=")[2].partition("\n")[0]) for text in conf]
        client = RawClient(ports[0], tls=identified(stores))
        client.create("/over", b"tls")
        for port in ports[1:]:
            moved = client.again(port, identified(stores))
            assert client.session_id == moved.session_id
            assert b"tls" == moved.data_of("/over")
            client = moved
        client.close_session()
