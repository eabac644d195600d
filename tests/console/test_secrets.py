"""All pages at once: what they keep to themselves, and that what clients write is only text in them."""

import http.client
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from kazoo.security import make_digest_acl

from pyzoo.console.app import CHANGES_AT_ONCE
from pyzoo.console.live import FEEDS
from pyzoo.console.page import GET, POST, Action
from pyzoo.console.pages.table import PAGES
from pyzoo.console.visitor import Role
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.testing import EmbeddedServer
from pyzoo.zxid import zxid_text
from tests.console.conftest import Start
from tests.support.console import HOST, SECONDS, Answer, ask, cookie_of, csrf_of, log_in, post
from tests.support.kazoo_session import kazoo_session

ALICE, WALTER = "alice:secret", "walter:change"
SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
DATA = b"topsecret"
CHILD = "hidden-child"
DIGEST_OF = DigestAuthenticationProvider("SHA1", None).digest_of
SUPER = DIGEST_OF("super:everything").partition(":")[2]
HASH = DIGEST_OF(ALICE).partition(":")[2].encode()
LOOK_SECONDS = 0.3
ACTIONS = [action for page in PAGES for action in page.actions]
ALL_READS = {action.path for action in ACTIONS if action.method == GET}
STREAMS = {path for path in ALL_READS if path.endswith("/live")}
READS = sorted(ALL_READS - STREAMS)
CHANGES = [action for action in ACTIONS if action.method == POST and action.role >= Role.WRITER]
WORDS = {"q": "secret", "text": "secret", "name": "hidden", "content": "secret", "subtree": "true", "errors": "true"}


@pytest.fixture(scope="module")
def server(start_shared: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One with nodes of alice, and nodes of somebody who writes HTML."""
    directory = tmp_path_factory.mktemp("data")
    started = start_shared(
        directory,
        admin_console_writers=f"digest:{DIGEST_OF(WALTER)}",
        DigestAuthenticationProvider_superDigest=f"super:{SUPER}",
        ssl_keyStore_password=SUPER,
    )
    closed = [make_digest_acl("alice", "secret", all=True)]
    with kazoo_session(started.connect_string) as client:
        client.add_auth("digest", ALICE)
        client.add_auth("digest", f"{SCRIPT}:x")
        client.create("/secret", DATA, closed)
        client.create(f"/secret/{CHILD}", DATA, closed)
        client.create(f"/secret/{CHILD}-ephemeral", DATA, closed, ephemeral=True)
        client.set("/secret", DATA + b" again")
        client.get(f"/secret/{CHILD}", lambda event: None)
        odd = f"/{SCRIPT.replace('/', '')}{IMAGE}"
        client.create(odd, SCRIPT.encode())
        lock = f"{odd}/lock"
        client.create(lock, IMAGE.encode())
        for number in range(2):
            name = f"{SCRIPT.replace('/', '')}{number:032x}__lock__"
            client.create(f"{lock}/{name}", SCRIPT.encode(), ephemeral=True, sequence=True)
        client.get(odd, lambda event: None)
        client.get_children(odd, lambda event: None)
        yield started


def look(server: EmbeddedServer, target: str, **headers: str) -> Answer:
    """An answer, or the beginning of one that has no end."""
    with closing(http.client.HTTPConnection(HOST, server.admin_port or 0, timeout=SECONDS)) as connection:
        connection.request("GET", target, headers={"Host": "localhost", **headers})
        response = connection.getresponse()
        if not (response.headers["Content-Type"] or "").startswith("text/event-stream"):
            return Answer(response.status, response.headers, response.read())
        body = b""
        connection.sock.settimeout(LOOK_SECONDS)
        with suppress(TimeoutError):
            while piece := response.read1(1 << 16):
                body += piece
        return Answer(response.status, response.headers, body)


def targets(server: EmbeddedServer, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Whatever can be asked about a node, a session or a text: URLs with the node that they ask for."""
    session = zxid_text(server.sessions()[0].id)
    for url in READS:
        yield url, ""
        for path in paths:
            yield f"{url}?{urlencode({**WORDS, 'path': path, 'id': session, 'session': session})}", path
    for url in STREAMS:
        yield f"{url}?{urlencode({'topics': ','.join(FEEDS)})}", ""


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def faults(tag: str, attributes: dict[str, str | None]) -> Iterator[str]:
    """What no page has: what a client wrote as an element, what the policy forbids, and what leads to other sites."""
    if tag == "img" or (tag == "script" and not (attributes.get("src") or "").startswith("/console/static/")):
        yield f"<{tag}>"
    for name, value in attributes.items():
        if name == "style" or name.startswith("on"):
            yield f"{name}="
        if name in ("src", "href", "action") and not re.match(r"/(?!/)|[?#]", value or ""):
            yield f"{name}={value}"


@pytest.mark.parametrize("authorization", ["ip", f"digest {WALTER}"])
def test_what_an_acl_keeps_from_a_client_no_page_shows(server: EmbeddedServer, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for url, path in targets(server, ["/secret", f"/secret/{CHILD}"]):
        body = look(server, url, **headers).body
        assert DATA not in body, url
        assert HASH not in body, url
        assert SUPER.encode() not in body, url
        if not path.endswith(CHILD):
            assert CHILD.encode() not in body, url


def test_whom_the_acl_knows_sees_it(server: EmbeddedServer) -> None:
    """Otherwise the test before would show nothing."""
    cookie = cookie_of(log_in(server.admin_port, ALICE))
    page = look(server, "/console/tree?path=/secret", Cookie=cookie)
    assert DATA in page.body
    assert CHILD.encode() in page.body


def test_what_clients_write_is_text_in_every_page(server: EmbeddedServer) -> None:
    odd = f"/{SCRIPT.replace('/', '')}{IMAGE}"
    for url, _ in targets(server, [odd, f"{odd}/lock", SCRIPT]):
        answer = look(server, url)
        if not (answer.headers["Content-Type"] or "").startswith("text/html"):
            assert "nosniff" == answer.headers["X-Content-Type-Options"]
            continue
        parser = Elements()
        parser.feed(answer.text)
        assert [] == [fault for element in parser.found for fault in faults(*element)], url


@pytest.mark.parametrize("action", CHANGES, ids=lambda action: str(action.path))
def test_only_writers_get_as_far_as_a_change(server: EmbeddedServer, action: Action) -> None:
    port = server.admin_port
    nobody = csrf_of(ask(port, "/"))
    assert 401 == post(port, action.path, {"csrf": nobody}).status
    alice = cookie_of(log_in(port, ALICE))
    assert 403 == post(port, action.path, {"csrf": csrf_of(ask(port, "/", Cookie=alice))}, Cookie=alice).status
    walter = cookie_of(log_in(port, WALTER))
    assert 403 == post(port, action.path, {}, Cookie=walter).status
    token = csrf_of(ask(port, "/", Cookie=walter))
    assert 403 == post(port, action.path, {"csrf": token}, Cookie=walter, Origin="http://evil.example").status


def test_changes_are_counted(server: EmbeddedServer) -> None:
    path, login = CHANGES[0].path, f"digest {WALTER}"
    for count in range(10 * CHANGES_AT_ONCE):
        answer = post(server.admin_port, path, {}, Authorization=login)
        if answer.status == 429:
            assert count >= CHANGES_AT_ONCE - 1
            return
    raise AssertionError("there is no end to them")
