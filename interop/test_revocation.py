"""Revoked certificates, by revocation lists and by OCSP responders: of clients beside 3.9.6, of members with it."""

import base64
import datetime
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from attrs import define, evolve, field, frozen
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from interop import requests as rq
from interop.certificates import DAY, Authority, Identity
from interop.client import Client
from interop.conftest import PairWith, new_ensemble
from interop.ensemble import LOOPBACK, Settings
from interop.member import JAVA39, PYZOO
from interop.pair import Pair
from interop.server import Config
from interop.tls_probe import SERVED, SILENT, Probe
from interop.tls_stores import TlsStores


@define
class Places:
    """An HTTP server of an authority: its list, its responder, and places where there is nothing."""

    authority: Authority = field(factory=Authority)
    revoked: list[Identity] = field(factory=list)
    issued: dict[int, Identity] = field(factory=dict)

    def answer(self, request: ocsp.OCSPRequest) -> bytes:
        identity = self.issued[request.serial_number]
        is_revoked = identity in self.revoked
        now = datetime.datetime.now(datetime.UTC)
        builder = ocsp.OCSPResponseBuilder().add_response(
            identity.certificate,
            self.authority.certificate,
            hashes.SHA1(),
            ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD,
            now - DAY / 24,
            now + DAY,
            now if is_revoked else None,
            None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.authority.certificate)
        return builder.sign(self.authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def serving(places: Places) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The list, or a responder's answer: Java asks for short ones this way."""
            _, place, *rest = self.path.split("/", 2)
            if place == "list":
                self._give(places.authority.revocation_list(places.revoked))
            elif place == "ocsp" and rest:
                self._give(places.answer(ocsp.load_der_ocsp_request(base64.b64decode(unquote(rest[0])))))
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._give(places.answer(ocsp.load_der_ocsp_request(body)))

        def _give(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


#: What certificates name, and whether they are revoked.
KINDS = {
    "listed": ("list", "", False),
    "revoked by the list": ("list", "", True),
    "vouched for": ("", "ocsp", False),
    "revoked by the responder": ("", "ocsp", True),
    "vouched for by the list alone": ("list", "nowhere", False),
    "revoked by the list alone": ("list", "nowhere", True),
    "with a list that is nowhere": ("nowhere", "", False),
    "with nothing": ("", "", False),
}
ADMITTED = {
    "crl": ("listed", "vouched for by the list alone"),
    "ocsp": ("listed", "vouched for", "vouched for by the list alone"),
}


@frozen
class Stores:
    of: TlsStores
    names: dict[str, str]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """PEM files of all kinds of clients, and of servers that trust them."""
    places = Places()
    http = serving(places)
    base = f"http://127.0.0.1:{http.server_address[1]}"
    home = tmp_path_factory.mktemp("revocation")
    found = TlsStores(home, places.authority, Authority("stranger"), {})
    names = {}
    for number, (kind, (listed, responder, is_revoked)) in enumerate(KINDS.items()):
        listed_at, asked_at = (f"{base}/{place}" if place else "" for place in (listed, responder))
        naming = evolve(places.authority, crl_url=listed_at, ocsp_url=asked_at)
        identity = naming.issue(f"client {number}")
        names[kind] = f"client-{number}"
        identity.write_pem(found.pem(names[kind]))
        places.issued[identity.serial] = identity
        if is_revoked:
            places.revoked.append(identity)
    places.authority.issue("server").write_pem(found.pem("server"))
    places.authority.write_pem(found.pem("ca"))
    yield Stores(found, names)
    http.shutdown()
    http.server_close()


def outcomes(pair: Pair, stores: Stores, kind: str) -> list[bool]:
    """Whom each server lets in."""
    return [
        Probe(stores.of.pem(stores.names[kind])).outcome(side.server.secure_address, admitted=True) == SERVED
        for side in pair.sides
    ]


@pytest.mark.parametrize("key", ADMITTED)
def test_who_is_revoked_or_may_be_is_not_let_in(pair_with: PairWith, stores: Stores, key: str) -> None:
    pair = pair_with(Config({**stores.of.lines(), f"ssl.{key}": "true"}, secure=True))
    for kind in KINDS:
        expected, found = outcomes(pair, stores, kind)
        assert (kind in ADMITTED[key]) == expected == found, kind


def test_members_know_who_of_them_is_revoked(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> None:
    lines = {"sslQuorum": "true", "ssl.quorum.ocsp": "true", "ssl.quorum.clientAuth": "need"}
    own = stores.of.lines("ssl.quorum", key_store=stores.names["vouched for"])
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=Settings({**own, **lines})) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/known-to-all")).error
        ensemble.compare()
        for kind in ("revoked by the responder", "with nothing"):
            shown = Probe(stores.of.pem(stores.names[kind]))
            for member in ensemble.members.values():
                assert shown.outcome((LOOPBACK, member.election_port), admitted=False) not in (SERVED, SILENT), (
                    kind,
                    member,
                )
