"""SASL logins on both servers of a pair: tokens differ, for nonces do, and what comes of them is compared."""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, field
from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl

from interop import requests as rq
from interop.digest_md5 import Proof, token
from interop.java import JavaZooKeeper
from interop.normalise import REPLY_HEADER
from interop.pair import CLOSED, SILENT, PairSession
from interop.server import Server
from interop.shells import pyzoo_cli, run, zkcli
from interop.wire import Connection

WAIT_SECONDS = 20.0

KERBEROS_TOKEN, WRAPPED = b"\x60", b"\x05\x04"
"""How tokens begin that keys of a session have a part in."""
_NONCE = re.compile(rb'nonce="[A-Za-z0-9+/=_-]{40}"')

Tokens = Callable[[bytes], bytes]
"""A token for the challenge of one server."""


@define
class Login:
    """The exchange of a session, whose last answers are in `challenges`, one for each server."""

    session: PairSession
    challenges: list[bytes] = field(factory=list)

    def begin(self, initial: bytes = b"") -> "Login":
        """Ask for the challenges."""
        return self.send("the first token", lambda _: initial)

    def send(self, what: str, make: Tokens) -> "Login":
        """Send a token to each server, and compare what comes."""
        xid = self.session.next_xid()
        outcomes = []
        for at, connection in enumerate(self.session.connections):
            body = rq.text(make(self.challenges[at] if self.challenges else b""))
            connection.send_frame(struct.pack(">ii", xid, rq.SASL) + body)
        self.challenges = []
        for connection in self.session.connections:
            outcome, challenge = _outcome(connection)
            outcomes.append(outcome)
            self.challenges.append(challenge)
        self.session.pair.compare(what, outcomes)
        return self

    def prove(self, proof: Proof | None = None, what: str = "a proof") -> "Login":
        """Answer the challenges."""
        return self.send(what, lambda challenge: token((proof or Proof()).to(challenge).fields()))

    def end(self, what: str) -> None:
        self.session.expect_end(what)


def log_in(session: PairSession, proof: Proof | None = None) -> PairSession:
    """Log a session in, or not."""
    Login(session).begin().prove(proof)
    return session


def by_kazoo(host_port: str, options: Mapping[str, str], **more: object) -> str:
    """What a client of kazoo's gets that logs in, with `more` for the client: its ids, or the name of the error.

    A login that has failed before kazoo begins to wait for it is one that kazoo waits for in vain.
    """
    client = KazooClient(host_port, timeout=10.0, sasl_options=dict(options), **more)
    try:
        client.start(WAIT_SECONDS)
        client.create("/by-kazoo", acl=[make_acl("auth", "", all=True)])
        acl, _ = client.get_acls("/by-kazoo")
        client.delete("/by-kazoo")
        return str([(entry.id.scheme, entry.id.id) for entry in acl])
    except KazooTimeoutError:
        return "AuthFailedError"
    except Exception as error:
        return type(error).__name__
    finally:
        client.stop()
        client.close()


def by_zkcli(zookeeper: JavaZooKeeper, server: Server, home: Path, properties: Mapping[str, str]) -> str:
    """What Java's client gets, with the section Client of its login configuration: who it is, or the last it says."""
    program, *rest = zkcli(zookeeper, home)
    return _who_am_i([program, *(f"-D{name}={value}" for name, value in properties.items()), *rest], server)


def by_pyzoo_cli(server: Server, home: Path, properties: Mapping[str, str]) -> str:
    """The same of pyzoo's shell."""
    (home / "client.cfg").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    return _who_am_i(pyzoo_cli(), server, "-client-configuration", str(home / "client.cfg"))


def _who_am_i(command: Sequence[str], server: Server, *words: str) -> str:
    # By its name: a ticket is for a name.
    printed = run(command, f"localhost:{server.address[1]}", [*words, "whoami"])
    return "\n".join([f"code {printed.code}", *printed.out, *printed.err, *printed.events])


def _outcome(connection: Connection) -> tuple[str, bytes]:
    """Header and token of the next frame, without what is random in it; and the token as it is."""
    try:
        frame = connection.read_frame()
    except TimeoutError:
        return SILENT.decode(), b""
    if frame is None:
        return CLOSED.decode(), b""
    xid, zxid, error = REPLY_HEADER.unpack_from(frame)
    (length,) = struct.unpack_from(">i", frame, REPLY_HEADER.size)
    body = frame[REPLY_HEADER.size + 4 :]
    shown = _NONCE.sub(b"nonce=NONCE", body)
    if body.startswith(b"rspauth=") and len(body) == 40:
        shown = b"rspauth=PROOF"
    elif body.startswith((KERBEROS_TOKEN, WRAPPED)):
        shown = b"KERBEROS" if body.startswith(KERBEROS_TOKEN) else b"WRAPPED"
    return f"xid {xid} zxid {zxid} error {error} length {min(length, 0)} token {shown!r}", body
