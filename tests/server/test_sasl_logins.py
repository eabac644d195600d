"""SASL logins of clients: what each token is answered with, what the ids are good for, and what waits meanwhile."""

from typing import Any

import pytest

from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, ExistsRequest, GetDataRequest, SetSASLResponse
from pyzoo.sasl.digest_md5 import DigestMd5Client, DigestMd5ServerLogin, Service
from pyzoo.sasl.mechanism import SaslServer, ServerLogin
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.effects import SaslStep
from pyzoo.server.roles.sasl_steps import sasl_done
from tests.server.test_authentication import who
from tests.support.dialogue import OPEN, Client, LoneServer

SERVICE = Service("zookeeper", "zk-sasl-md5")
PROVIDERS = ("ip", "digest", "sasl")
REQUIRED = {"enforce_auth_enabled": True, "enforce_auth_schemes": frozenset({"sasl"}), "auth_providers": PROVIDERS}


def as_proved(authentication_id: str, authorization_id: str) -> str:
    return authentication_id


def server(**settings: Any) -> LoneServer:
    login = DigestMd5ServerLogin(SERVICE, {"bob": "secret", "boss": "secret"}, as_proved, lambda: "nonce")
    return LoneServer(**{"client_login": login, "auth_providers": PROVIDERS, **settings})


def token(client: Client, sent: bytes) -> tuple[int, bytes | None]:
    """The error and the token that a token is answered with."""
    client.ask(op.SASL, len(sent).to_bytes(4, "big") + sent)
    [(header, archive)] = client.replies()
    assert 0 == header.zxid
    return header.err, SetSASLResponse.decode(archive).token


def log_in(client: Client, user: str = "bob", password: str = "secret") -> tuple[int, bytes | None]:
    one = DigestMd5Client(SERVICE, user, password, "client's nonce")
    err, challenge = token(client, b"")
    assert 0 == err
    return token(client, one.evaluate(challenge or b"") or b"")


def test_who_proves_a_password_has_its_name_as_id() -> None:
    client = server().connect()
    err, last = log_in(client)
    assert (0, b"rspauth=") == (err, (last or b"")[:8])
    assert {("ip", "127.0.0.1"), ("sasl", "bob")} == who(client)


def test_a_wrong_password_is_told_and_closes() -> None:
    client = server().connect()
    assert (-115, None) == log_in(client, password="guess")
    assert client.closed


def test_where_sasl_is_required_that_is_the_error() -> None:
    client = server(**REQUIRED).connect()
    assert (-124, None) == log_in(client, password="guess")
    assert client.closed


def test_where_sasl_is_required_it_opens_the_door() -> None:
    world = server(**REQUIRED)
    client = world.connect()
    log_in(client)
    assert "/a" == client.create("/a")
    stranger = world.connect()
    assert -124 == stranger.error(op.EXISTS, ExistsRequest("/a", False))


def test_who_fails_may_stay_without_the_id() -> None:
    client = server(allow_sasl_failed_clients=True).connect()
    assert (0, None) == log_in(client, password="guess")
    assert {("ip", "127.0.0.1")} == who(client)
    assert (0, None) == token(client, b"")


def test_nobody_who_fails_stays_where_sasl_is_required() -> None:
    client = server(**REQUIRED, allow_sasl_failed_clients=True).connect()
    assert (-124, None) == log_in(client, password="guess")
    assert client.closed


def test_a_connection_logs_in_once() -> None:
    client = server().connect()
    log_in(client)
    assert (-115, None) == token(client, b"")
    assert client.closed


def test_a_token_that_deserves_no_answer_closes_the_connection_silently() -> None:
    client = server().connect()
    token(client, b"")
    client.ask(op.SASL, b"\0\0\0\x0b" + b'username=""')
    assert (True, b"") == (client.closed, client.received)


def test_a_super_user_passes_every_acl() -> None:
    world = server(sasl_super_users=frozenset({"boss"}))
    client = world.connect()
    client.create("/locked", acl=[ACL(0, "world", "anyone")])
    log_in(client, "boss")
    assert b"" == client.data("/locked")
    # 3.9.6 shows no name of a scheme that has no provider.
    assert {("ip", "127.0.0.1"), ("sasl", "boss"), ("super", "")} == who(client)


def test_acls_name_sasl_ids_where_there_is_a_provider() -> None:
    world = server(let_any_sasl_user_do="anyone")
    bob, boss, stranger = (world.connect() for _ in range(3))
    log_in(bob)
    log_in(boss, "boss")
    bob.create("/bobs", acl=[ACL(31, "auth", "")])
    bob.create("/all", acl=[ACL(1, "sasl", "anyone")])
    for path, allowed in (("/bobs", [0, -102, -102]), ("/all", [0, 0, -102])):
        assert allowed == [each.error(op.GET_DATA, GetDataRequest(path, False)) for each in (bob, boss, stranger)]


def test_without_a_provider_the_id_is_good_for_nothing() -> None:
    client = server(auth_providers=("ip", "digest")).connect()
    log_in(client)
    assert {("ip", "127.0.0.1"), ("sasl", "")} == who(client)
    assert -114 == client.error(op.CREATE, CreateRequest("/a", b"", [ACL(31, "auth", "")], 0))


def test_a_new_connection_of_the_session_has_to_log_in_again() -> None:
    world = server()
    client = world.connect()
    log_in(client)
    again = world.connect(session_id=client.session_id, passwd=client.passwd)
    assert {("ip", "127.0.0.1")} == who(again)
    log_in(again)
    assert ("sasl", "bob") in who(again)


# --- mechanisms that wait


class Slow(SaslServer):
    """Takes two tokens, and looks around before each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = True
        self._tokens = 0

    def evaluate(self, response: bytes) -> bytes | None:
        if response == b"wrong":
            raise SaslFailure("wrong")
        if response == b"rude":
            raise ProtocolViolation("rude")
        self._tokens += 1
        self.is_complete = self._tokens == 2
        self.authorization_id = "slow" if self.is_complete else ""
        return None if self.is_complete else b"go on"


class SlowLogin(ServerLogin):
    def new_server(self) -> SaslServer:
        return Slow()


@pytest.fixture
def slow() -> LoneServer:
    return LoneServer(client_login=SlowLogin(), auth_providers=PROVIDERS)


def steps(world: LoneServer) -> list[SaslStep]:
    errands = world.server.take_effects().take_errands()
    return [] if errands is None else errands.sasl_steps


def ask(client: Client, sent: bytes) -> None:
    client.ask(op.SASL, len(sent).to_bytes(4, "big") + sent)


def finish(world: LoneServer, step: SaslStep) -> None:
    step.run()
    assert sasl_done(world.server, step)
    assert isinstance(step.cnxn, ServerCnxn)
    world.server.frames_waiting(step.cnxn)
    world.turn()


def test_what_comes_behind_a_token_waits_for_its_answer(slow: LoneServer) -> None:
    client = slow.connect()
    ask(client, b"first")
    ask(client, b"second")
    client.ask(op.CREATE, CreateRequest("/a", b"", [ACL(31, "auth", "")], 0))
    assert [] == client.frames()
    [first] = steps(slow)
    assert b"first" == first.token
    finish(slow, first)
    [second] = steps(slow)
    finish(slow, second)
    assert [(1, 0), (2, 0), (3, 0)] == [(header.xid, header.err) for header, _ in client.replies()]


def test_writes_before_a_token_do_not_wake_what_is_behind_it(slow: LoneServer) -> None:
    client = slow.connect()
    slow.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    ask(client, b"first")
    client.ask(op.EXISTS, ExistsRequest("/a", False))
    [first] = steps(slow)
    slow.sync()
    assert [1] == [header.xid for header, _ in client.replies()]
    finish(slow, first)
    assert [2, 3] == [header.xid for header, _ in client.replies()]


@pytest.mark.parametrize(("sent", "answers"), [(b"wrong", [-115]), (b"rude", [])])
def test_a_failure_that_was_waited_for_is_answered_like_others(
    slow: LoneServer, sent: bytes, answers: list[int]
) -> None:
    client = slow.connect()
    ask(client, sent)
    [step] = steps(slow)
    finish(slow, step)
    assert answers == [header.err for header, _ in client.replies()]
    assert client.closed


def test_a_connection_that_is_gone_gets_no_answer(slow: LoneServer) -> None:
    client = slow.connect()
    ask(client, b"first")
    [step] = steps(slow)
    client.cnxn.abort()
    step.run()
    assert sasl_done(slow.server, step)
    assert b"" == client.received
