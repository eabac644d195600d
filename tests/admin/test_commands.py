"""What commands answer of a server without sockets, disk or clock."""

import json

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from pyzoo.admin.authorization import Caller, check_access
from pyzoo.admin.commands import BY_NAME, COMMANDS, run_command
from pyzoo.admin.json_text import json_bytes
from pyzoo.admin.rate_limiter import RateLimiter
from pyzoo.admin.response import CommandResponse
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, SetACLRequest
from pyzoo.server.modes import NOT_SERVING, READ_ONLY
from tests.support.dialogue import LoneServer
from tests.support.identities import certificate

CALLS = [command for command in COMMANDS if command.answer is not None]


@pytest.fixture
def lone() -> LoneServer:
    return LoneServer()


def ask(lone: LoneServer, name: str, **parameters: str) -> CommandResponse:
    return run_command(name, lone.server, parameters)


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.name)
def test_every_name_of_a_command_answers_the_same(lone: LoneServer, command: object) -> None:
    (known,) = [each for each in COMMANDS if each is command]
    answers = {json_bytes(ask(lone, name).to_map()).decode() for name in (known.name, *known.aliases)}
    assert len(answers) == 1
    assert known.name in answers.pop()


def test_names_are_unique() -> None:
    assert len(BY_NAME) == sum(1 + len(command.aliases) for command in COMMANDS)
    assert sorted(command.name for command in COMMANDS) == [command.name for command in COMMANDS]


def test_an_unknown_command_is_an_error_with_status_200(lone: LoneServer) -> None:
    answer = ask(lone, "nosuch")
    assert (200, {"command": "nosuch", "error": "Unknown command: nosuch"}) == (answer.status, answer.to_map())


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.name)
def test_without_a_leader_only_some_are_answered(lone: LoneServer, command: object) -> None:
    (known,) = [each for each in COMMANDS if each is command]
    lone.server.mode = NOT_SERVING
    answered = "not currently serving requests" not in str(ask(lone, known.name).error)
    assert answered == (
        known.name in ("environment", "get_trace_mask", "set_trace_mask", "system_properties", "zabstate")
    )


def test_a_read_only_server_belongs_to_no_ensemble(lone: LoneServer) -> None:
    lone.server.mode = READ_ONLY
    assert {"read_only": True} == ask(lone, "isro").data
    assert {"error": "server is not initialized"} == ask(lone, "lead").data
    assert {"voting": False, "zabstate": ""} == ask(lone, "zabstate").data
    assert {"current_config": {}} == ask(lone, "voting_view").data


def test_sessions_are_listed_by_expiry_and_with_their_ephemerals(lone: LoneServer) -> None:
    client = lone.connect()
    client.create("/e", flags=1)
    answer = json.loads(json_bytes(ask(lone, "dump").to_map()))
    assert [client.session_id] in list(answer["expiry_time_to_session_ids"].values())
    assert {str(client.session_id): ["/e"]} == answer["session_id_to_ephemeral_paths"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("306", {"tracemask": 306}),
        ("-1", {"tracemask": -1}),
        ("+7", {"tracemask": 7}),
        ("9223372036854775807", {"tracemask": 9223372036854775807}),
        ("9223372036854775808", {"error": "setTraceMask requires long traceMask argument, got 9223372036854775808"}),
        ("9" * 5000, {"error": f"setTraceMask requires long traceMask argument, got {'9' * 5000}"}),
        ("-9223372036854775808", {"tracemask": -(1 << 63)}),
        ("", {"error": "setTraceMask requires long traceMask argument, got "}),
        ("1_0", {"error": "setTraceMask requires long traceMask argument, got 1_0"}),
        (" 1", {"error": "setTraceMask requires long traceMask argument, got  1"}),
    ],
)
def test_a_trace_mask_is_a_java_long(lone: LoneServer, text: str, answer: object) -> None:
    assert answer == ask(lone, "stmk", traceMask=text).data


def test_secrets_stay_secret() -> None:
    given = {
        "zookeeper.ssl.quorum.keyStore.password": "secret1",
        "zookeeper.ssl.quorum.keyStore.passwordPath": "/a/file",
        "zookeeper.DigestAuthenticationProvider.superDigest": "super:secret2",
    }
    text = (
        "tickTime=2000\nssl.keyStore.password = secret3\nSSL.trustStore.PASSWORD:secret4\nssl.keyStore.location=/k\n"
        "ssl.quorum.keyStore.password secret5\nssl.quorum.trustStore.password=\\\n  secret6\n"
    )
    lone = LoneServer(properties=given, initial_config=text)
    shown = str(ask(lone, "sysp").data) + str(ask(lone, "icfg").data)
    assert "secret" not in shown
    assert "/a/file" in shown
    assert "ssl.keyStore.location=/k" in shown


# --- access


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        (" ", 401),
        ("digest", 401),
        ("digest a b", 401),
        ("DIGEST a:b", 401),
        ("x509", 401),
        ("world anyone", 401),
        ("digest a:b", None),
        ("digest nothing", None),
        ("ip", None),
        ("ip whatever ", None),
    ],
)
def test_an_open_root_lets_everybody_in_who_is_somebody(
    lone: LoneServer, header: str | None, status: int | None
) -> None:
    refused = check_access("snap", lone.server, Caller(header, "127.0.0.1"))
    assert status == (None if refused is None else refused.status)
    assert refused is None or refused.command == "snap"


def close_root(lone: LoneServer, *acl: ACL) -> None:
    assert 0 == lone.connect().error(op.SET_ACL, SetACLRequest("/", list(acl), -1))


@pytest.mark.parametrize("perms", [1, 15, 30])
def test_part_of_the_permissions_is_not_enough(lone: LoneServer, perms: int) -> None:
    close_root(lone, ACL(perms, "ip", "10.0.0.0/8"), ACL(31, "ip", "127.0.0.1"))
    refused = check_access("snapshot", lone.server, Caller("ip", "10.1.2.3"))
    assert refused is not None
    assert (403, "Not authorized") == (refused.status, refused.error)
    assert check_access("snapshot", lone.server, Caller("ip", "127.0.0.1")) is None


def test_permissions_of_several_entries_add_up(lone: LoneServer) -> None:
    close_root(lone, ACL(7, "ip", "10.0.0.0/8"), ACL(24, "ip", "10.1.0.0/16"))
    assert check_access("snapshot", lone.server, Caller("ip", "10.1.2.3")) is None
    assert check_access("snapshot", lone.server, Caller("ip", "10.2.2.3")) is not None


def test_who_has_a_certificate_passes_as_its_subject() -> None:
    mine, other = (certificate(x509.NameAttribute(NameOID.COMMON_NAME, name)) for name in ("root", "other"))
    lone = LoneServer(auth_providers=("ip", "x509"), x509_super_user="CN=root")
    close_root(lone, ACL(31, "ip", "10.0.0.1"))
    assert check_access("snapshot", lone.server, Caller("x509", "127.0.0.1", mine)) is None
    assert check_access("snapshot", lone.server, Caller("x509", "127.0.0.1", other)) is not None
    assert check_access("snapshot", lone.server, Caller("ip", "127.0.0.1", mine)) is not None


def test_a_certificate_is_nobody_without_its_provider(lone: LoneServer) -> None:
    mine = certificate(x509.NameAttribute(NameOID.COMMON_NAME, "root"))
    refused = check_access("snapshot", lone.server, Caller("x509", "127.0.0.1", mine))
    assert refused is not None
    assert 401 == refused.status


@pytest.mark.parametrize("scheme", ["key", "ensemble", "sasl"])
def test_schemes_that_are_for_clients_alone_are_nobody(scheme: str) -> None:
    lone = LoneServer(auth_providers=("ip", "key", "ensemble", "sasl"))
    refused = check_access("snapshot", lone.server, Caller(f"{scheme} 1", "127.0.0.1"))
    assert refused is not None
    assert 401 == refused.status


def test_an_address_that_the_proxy_does_not_tell_is_nobody(lone: LoneServer) -> None:
    refused = check_access("snapshot", lone.server, Caller("ip", None))
    assert refused is not None
    assert 401 == refused.status


# --- rates


def test_one_call_is_allowed_in_an_interval() -> None:
    limiter = RateLimiter(300, 1000)
    assert [True, False, False] == [limiter.allow(at) for at in (1000, 1000, 1300)]
    assert [True, False, True] == [limiter.allow(at) for at in (1301, 1600, 1602)]
