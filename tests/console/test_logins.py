"""Logging in to the console: what is believed, what a browser gets for it, and who may do what then."""

import logging

import pytest
from kazoo.security import make_digest_acl

from pyzoo.console.logins import IDLE_MS, LONGEST_MS, MOST_LOGINS, Logins
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Connect, Start
from tests.support.console import Answer, ask, cookie_of, csrf_of, log_in, post

DIGEST_OF = DigestAuthenticationProvider("SHA1", None).digest_of
READER, WRITER, ROOT = "rita:look", "walter:change", "root:everything"
SETTINGS = {
    "admin_console_readers": f"digest:{DIGEST_OF(READER)}",
    "admin_console_writers": f"digest:{DIGEST_OF(WRITER)}",
    "DigestAuthenticationProvider_superDigest": DIGEST_OF(ROOT),
}


@pytest.fixture(scope="module")
def closed(start_shared: Start) -> EmbeddedServer:
    """A console for the readers and writers of the settings."""
    return start_shared(**SETTINGS)


def test_behind_a_proxy_that_is_believed_a_login_is_as_its_clients_connect(start: Start) -> None:
    server = start(
        admin_console_remote="true",
        admin_console_hosts="zoo.example",
        IPAuthenticationProvider_usexforwardedfor="true",
        **SETTINGS,
    )
    port = server.admin_port
    page = ask(port, "/console/login", X_Forwarded_For="192.0.2.1", Host="zoo.example")
    form = {"scheme": "digest", "user": "rita", "password": "look", "csrf": csrf_of(page)}

    def send(scheme: str) -> Answer:
        headers = {"X_Forwarded_For": "192.0.2.1", "X_Forwarded_Proto": scheme, "Host": "zoo.example"}
        return post(port, "/console/login", form, None, Origin="https://zoo.example", **headers)

    assert 403 == send("http").status
    answer = send("https")
    assert 303 == answer.status
    assert "secure" in answer.headers["Set-Cookie"].lower()
    page = ask(port, "/", X_Forwarded_For="192.0.2.9", Host="zoo.example", Cookie=cookie_of(answer))
    assert "digest rita" in page.text


def test_who_is_nobody_is_sent_to_the_login(closed: EmbeddedServer) -> None:
    answer = ask(closed.admin_port, "/?a=b")
    assert (303, "/console/login?next=%2F%3Fa%3Db") == (answer.status, answer.headers["Location"])
    assert 401 == ask(closed.admin_port, "/console/api/overview").status


def test_a_login_leads_back_with_a_cookie_that_only_this_site_gets(closed: EmbeddedServer) -> None:
    answer = log_in(closed.admin_port, READER, then="/console/login?scheme=sasl")
    assert (303, "/console/login?scheme=sasl") == (answer.status, answer.headers["Location"])
    flags = {flag.strip().lower() for flag in answer.headers["Set-Cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert f"pyzoo-console-{closed.admin_port}=" in answer.headers["Set-Cookie"]
    page = ask(closed.admin_port, "/", Cookie=cookie_of(answer))
    assert (200, True) == (page.status, "digest rita" in page.text)
    assert "may write" not in page.text


@pytest.mark.parametrize("login", [WRITER, ROOT])
def test_writers_and_super_may_write(closed: EmbeddedServer, login: str) -> None:
    assert "may write" in ask(closed.admin_port, "/", Cookie=cookie_of(log_in(closed.admin_port, login))).text


def test_a_logout_ends_the_login(closed: EmbeddedServer) -> None:
    cookie = cookie_of(log_in(closed.admin_port, READER))
    token = csrf_of(ask(closed.admin_port, "/", Cookie=cookie))
    assert 303 == post(closed.admin_port, "/console/logout", {"csrf": token}, Cookie=cookie).status
    assert 303 == ask(closed.admin_port, "/", Cookie=cookie).status


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_the_token_of_its_login_changes_nothing(closed: EmbeddedServer, token: str) -> None:
    cookie = cookie_of(log_in(closed.admin_port, READER))
    assert 403 == post(closed.admin_port, "/console/logout", {"csrf": token}, Cookie=cookie).status
    assert 200 == ask(closed.admin_port, "/", Cookie=cookie).status


def test_nobody_can_be_logged_in_from_another_site(closed: EmbeddedServer) -> None:
    assert 403 == log_in(closed.admin_port, READER, Origin="http://evil.example").status
    assert 403 == log_in(closed.admin_port, READER, Origin="null").status
    assert 403 == log_in(closed.admin_port, READER, Sec_Fetch_Site="cross-site").status
    assert 403 == post(closed.admin_port, "/console/login", {"scheme": "digest", "user": "rita"}).status


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "/console/\n", "/commands"]
)
def test_a_login_leads_to_no_other_site(closed: EmbeddedServer, then: str) -> None:
    assert "/" == log_in(closed.admin_port, READER, then=then).headers["Location"]


def test_scripts_send_their_credentials_with_each_request(closed: EmbeddedServer) -> None:
    answer = ask(closed.admin_port, "/console/api/overview", Authorization=f"digest {WRITER}")
    assert (200, None) == (answer.status, answer.headers["Set-Cookie"])
    assert 401 == ask(closed.admin_port, "/console/api/overview", Authorization="ip").status


def test_who_guesses_passwords_has_to_wait(start: Start) -> None:
    server = start(**SETTINGS)
    answers = [ask(server.admin_port, "/", Authorization=f"digest rita:{guess}") for guess in range(6)]
    assert [401] * 5 + [429] == [answer.status for answer in answers]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 14)
    assert 429 == log_in(server.admin_port, READER).status


def test_who_knows_the_password_need_not(start: Start) -> None:
    server = start(**SETTINGS)
    for _ in range(8):
        assert 303 == log_in(server.admin_port, READER).status


def test_an_id_that_some_acl_knows_is_somebody(start: Start, connect: Connect) -> None:
    server = start()
    assert 401 == log_in(server.admin_port, "alice:secret").status
    connect(server).create("/own", acl=[make_digest_acl("alice", "secret", all=True)])
    assert 303 == log_in(server.admin_port, "alice:secret").status
    assert 401 == log_in(server.admin_port, "alice:Secret").status


@pytest.mark.parametrize("scheme", ["ip", "sasl", "world", "super", "x509", "auth", "nothing", ""])
def test_other_schemes_are_nobody_where_they_are_not_there(console: EmbeddedServer, scheme: str) -> None:
    answer = log_in(console.admin_port, "root:root", scheme)
    assert answer.status in (401, 429)
    assert answer.headers["Set-Cookie"] is None


def test_the_audit_log_has_logins_that_succeed_and_fail(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    server = start(audit_enable="true", **SETTINGS)
    with caplog.at_level(logging.INFO):
        log_in(server.admin_port, READER)
        log_in(server.admin_port, "rita:wrong")
    audit = [record.getMessage() for record in caplog.records if record.name == "pyzoo.audit"]
    assert "user=rita\tip=127.0.0.1\toperation=consoleLogin\tresult=success" in audit
    assert "ip=127.0.0.1\toperation=consoleLogin\tresult=failure" in audit
    assert "wrong" not in caplog.text
    assert "look" not in caplog.text


def test_what_somebody_calls_himself_is_no_html(closed: EmbeddedServer) -> None:
    text = '"><script>alert(1)</script>'
    for answer in (
        log_in(closed.admin_port, f"{text}:x"),
        ask(closed.admin_port, f"/console/login?next={text}&scheme={text}"),
    ):
        assert "<script>alert" not in answer.text


def test_a_login_ends_when_it_is_idle_or_old() -> None:
    logins = Logins()
    logins.open("token", "csrf", [], "name", 0)
    assert logins.find("other", 0) is None
    assert logins.find("token", IDLE_MS) is not None
    assert logins.find("token", 2 * IDLE_MS + 1) is None
    logins.open("token", "csrf", [], "name", 0)
    for now_ms in range(0, LONGEST_MS, IDLE_MS):
        assert logins.find("token", now_ms) is not None
    assert logins.find("token", LONGEST_MS + 1) is None


def test_logins_are_bounded_and_the_idlest_goes_first() -> None:
    logins = Logins()
    for number in range(MOST_LOGINS):
        logins.open(str(number), "csrf", [], "name", number)
    logins.find("0", MOST_LOGINS)
    logins.open("new", "csrf", [], "name", MOST_LOGINS)
    assert ["0", "new"] == [token for token in ("0", "1", "new") if logins.find(token, MOST_LOGINS)]
