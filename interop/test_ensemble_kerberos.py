"""Kerberos between members: Apache's and pyzoo's on either end, and who is not let in."""

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import pytest
from attrs import evolve

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.kdc import REALM, Kdc, running_kdc
from interop.member import JAVA39, PYZOO, Member
from interop.sasl import by_kazoo
from interop.stores import make_stores
from interop.test_client_kerberos import SERVER, section
from interop.test_client_sasl import PROVIDER
from interop.test_ensemble_security import SASL
from interop.tickets import NO_LAYER

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
MEMBERS = [f"zkquorum/{host}" for host in HOSTS]
STRANGERS = ("zkquorum/127.0.0.9", "zkquorum", "bob/127.0.0.1/more")
MAGIC = 0x5F2435013501EDCC
IN_PROGRESS, SUCCESS, ERROR = 0, 1, -1
CLOSED = "closed"
ANSWER_SECONDS = 20.0
TICKET_SECONDS = 3


@pytest.fixture(scope="module")
def kdc() -> Iterator[Kdc]:
    """A realm with a principal for each member, and others; one keytab has the keys of all."""
    with running_kdc() as kdc:
        kdc.add(*MEMBERS, *STRANGERS, SERVER, "bob")
        keytab = kdc.keytab(*MEMBERS, *STRANGERS, SERVER)
        sections = [
            section(f"Quorum{side}{sid}", principal, keytab)
            for sid, principal in enumerate(MEMBERS, 1)
            for side in ("Server", "Learner")
        ]
        (kdc.home / "jaas.conf").write_text("".join([*sections, section("Server", SERVER, keytab)]))
        yield kdc


def settings(kdc: Kdc) -> Settings:
    contexts = {
        sid: {
            "quorum.auth.server.saslLoginContext": f"QuorumServer{sid}",
            "quorum.auth.learner.saslLoginContext": f"QuorumLearner{sid}",
        }
        for sid in (1, 2, 3)
    }
    return Settings(
        {**SASL, **PROVIDER, "quorum.auth.kerberos.servicePrincipal": "zkquorum/_HOST"},
        lines_of=contexts,
        properties={"java.security.auth.login.config": str(kdc.home / "jaas.conf"), **kdc.properties()},
        own_addresses=True,
    )


@pytest.mark.parametrize("mix", [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA39, JAVA39)], ids="-".join)
def test_members_show_tickets_to_each_other(
    mix: Sequence[str], kdc: Kdc, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with new_ensemble(tmp_path_factory, mix, settings=settings(kdc)) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/after-sasl")).error
        ensemble.compare()
        kdc.log_in("bob")
        for sid in (1, 2):
            member = f"localhost:{ensemble.members[sid].address[1]}"
            assert by_kazoo(member, {"mechanism": "GSSAPI"}) == f"[('sasl', 'bob@{REALM}')]", mix[sid - 1]
            for who in (*MEMBERS[:1], *STRANGERS):
                outcome = dial(ensemble, ensemble.members[sid], kdc, who)
                assert (SUCCESS if who in MEMBERS else ERROR) == outcome, (mix[sid - 1], who)
            assert ERROR == dial(ensemble, ensemble.members[sid], kdc, MEMBERS[0], b"somebody else")
            assert ERROR == dial(ensemble, ensemble.members[sid], kdc, MEMBERS[0], first=b"garbage")


def test_tickets_are_shown_inside_tls(kdc: Kdc, tmp_path_factory: pytest.TempPathFactory) -> None:
    key_store, trust_store = make_stores(tmp_path_factory.mktemp("stores"))
    tls = {
        "sslQuorum": "true",
        "ssl.quorum.keyStore.location": str(key_store),
        "ssl.quorum.trustStore.location": str(trust_store),
        "ssl.quorum.hostnameVerification": "false",
        "ssl.quorum.clientHostnameVerification": "false",
    }
    both = settings(kdc)
    both = evolve(both, lines={**both.lines, **tls})
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=both) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/inside-tls")).error


def test_tickets_that_are_over_are_got_again(kdc: Kdc, tmp_path_factory: pytest.TempPathFactory) -> None:
    kdc.shorten(TICKET_SECONDS, *MEMBERS)
    with new_ensemble(tmp_path_factory, (PYZOO, PYZOO, PYZOO), settings=settings(kdc)) as ensemble:
        ensemble.start_led_by(3)
        time.sleep(TICKET_SECONDS + 1)
        ensemble.members[3].kill()
        ensemble.wait_until_serving()
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/with-new-tickets")).error


def dial(
    ensemble: Ensemble, member: Member, kdc: Kdc, who: str, wanted: bytes = b"", first: bytes | None = None
) -> int | str:
    """The last status that a member's election port answers to somebody with a ticket; `closed` for none."""
    gssapi: Any = import_module("gssapi")
    kerberos = gssapi.MechType.kerberos

    def name(principal: str) -> Any:
        return gssapi.Name(f"{principal}@{REALM}", gssapi.NameType.kerberos_principal)

    store = {"client_keytab": str(kdc.home / "keytab"), "ccache": f"MEMORY:{who}"}
    credentials = gssapi.Credentials(name=name(who), usage="initiate", store=store)
    host = HOSTS[member.sid - 1]
    context = gssapi.SecurityContext(name=name(f"zkquorum/{host}"), creds=credentials, usage="initiate", mech=kerberos)
    with socket.create_connection((host, member.election_port), ANSWER_SECONDS) as connection:
        address = b"127.0.0.1:9"
        connection.sendall(struct.pack(">qqi", -65536, 1, len(address)) + address)
        send(connection, first or context.step())
        status, token = receive(connection)
        if status == IN_PROGRESS:
            send(connection, context.step(token) or b"")
            status, token = receive(connection)
        if status == IN_PROGRESS:
            assert context.unwrap(token).message == NO_LAYER
            send(connection, context.wrap(NO_LAYER + wanted, False).message)
            status, _ = receive(connection)
    return status


def send(connection: socket.socket, token: bytes) -> None:
    connection.sendall(struct.pack(">Qii", MAGIC, IN_PROGRESS, len(token)) + token)


def receive(connection: socket.socket) -> tuple[int | str, bytes]:
    """Status and token of the next packet."""
    try:
        head = connection.recv(16, socket.MSG_WAITALL)
        if len(head) < 16:
            return CLOSED, b""
        _, status, length = struct.unpack(">Qii", head)
        token = connection.recv(length, socket.MSG_WAITALL) if length > 0 else b""
    except ConnectionResetError:
        return CLOSED, b""
    return status, token
