"""GSSAPI in SASL over contexts that know no Kerberos; interop/test_client_kerberos.py has real ones."""

from collections.abc import Callable

import pytest

from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.sasl.gssapi import GssapiClient, GssapiServer, SecurityContext

NO_LAYER = b"\x01\x01\x00\x00"
BOB = "bob@R"


class Context(SecurityContext):
    """Established by the tokens that it is told; wrapping puts brackets around."""

    def __init__(self, *steps: tuple[bytes, bytes | None]) -> None:
        self._steps = list(steps)

    def step(self, token: bytes) -> bytes | None:
        expected, answer = self._steps.pop(0)
        if token != expected:
            raise SaslFailure("another token is due")
        self.is_established = not self._steps
        return answer

    def peer(self) -> str:
        return BOB

    def wrap(self, data: bytes) -> bytes:
        return b"[" + data + b"]"

    def unwrap(self, data: bytes) -> bytes:
        if data[:1] + data[-1:] != b"[]":
            raise SaslFailure("not wrapped")
        return data[1:-1]


def by_both(authentication_id: str, authorization_id: str) -> str:
    return f"{authentication_id} as {authorization_id}"


def server(*steps: tuple[bytes, bytes | None]) -> GssapiServer:
    return GssapiServer(Context(*(steps or [(b"ticket", b"proof")])), by_both)


def chosen(choice: bytes) -> GssapiServer:
    one = server()
    assert b"proof" == one.evaluate(b"ticket")
    assert b"[" + NO_LAYER + b"]" == one.evaluate(b"")
    one.evaluate(choice)
    return one


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (NO_LAYER, "bob@R as bob@R"),
        (b"\x01\x00\x00\x00", "bob@R as bob@R"),
        (b"\x03\x00\x00\x00", "bob@R as bob@R"),
        (NO_LAYER + b"alice", "bob@R as alice"),
    ],
)
def test_who_has_a_ticket_is_known_by_name(choice: bytes, name: str) -> None:
    one = chosen(b"[" + choice + b"]")
    assert (True, name) == (one.is_complete, one.authorization_id)


@pytest.mark.parametrize("choice", [b"[\x02\x01\x00\x00]", b"[\x00\x00\x00\x00]", NO_LAYER, b""])
def test_other_choices_are_failures(choice: bytes) -> None:
    with pytest.raises(SaslFailure):
        chosen(choice)


def test_a_choice_that_is_cut_off_deserves_no_answer() -> None:
    with pytest.raises(ProtocolViolation) as caught:
        chosen(b"[\x01]")
    assert not isinstance(caught.value, SaslFailure)


def test_where_there_is_no_proof_the_layers_follow_at_once() -> None:
    assert b"[" + NO_LAYER + b"]" == server((b"ticket", None)).evaluate(b"ticket")


def test_a_context_may_take_several_tokens() -> None:
    one = server((b"one", b"two"), (b"three", b"four"))
    assert [b"two", b"four", b"[" + NO_LAYER + b"]"] == [one.evaluate(token) for token in (b"one", b"three", b"")]


def test_nothing_is_due_before_the_layers() -> None:
    one = server()
    one.evaluate(b"ticket")
    with pytest.raises(SaslFailure):
        one.evaluate(b"something")


@pytest.mark.parametrize("make", [server, lambda: chosen(b"[" + NO_LAYER + b"]")])
def test_after_the_end_nothing_is_taken(make: Callable[[], GssapiServer]) -> None:
    one = make()
    with pytest.raises(SaslFailure):
        one.evaluate(b"another ticket")
    with pytest.raises(SaslFailure, match="after the end"):
        one.evaluate(b"ticket")


def test_both_sides_come_to_an_end() -> None:
    one, other = GssapiClient(Context((b"", b"ticket"), (b"proof", None))), server()
    token: bytes | None = one.begin()
    while not other.is_complete:
        assert token is not None
        challenge = other.evaluate(token)
        token = None if challenge is None else one.evaluate(challenge)
    assert one.is_complete


def test_a_client_takes_no_layer() -> None:
    one = GssapiClient(Context((b"", b"ticket")))
    one.begin()
    with pytest.raises(SaslFailure, match="layer"):
        one.evaluate(b"[\x02\x01\x00\x00]")
