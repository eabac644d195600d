"""Whatever a page is asked for, its answer is not that something is wrong with the console."""

from urllib.parse import quote

import pytest

from pyzoo.console.page import GET, POST
from pyzoo.console.pages.table import PAGES
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import ask

ACTIONS = [action for page in PAGES for action in page.actions]
READS = sorted({action.path for action in ACTIONS if action.method == GET and not action.path.endswith("/live")})
CHANGES = sorted({action.path for action in ACTIONS if action.method == POST})
NAMES = (
    "path", "id", "session", "q", "text", "name", "filter", "page", "skip", "limit", "cursor", "since", "until",
    "begin", "from", "to", "from_zxid", "to_zxid", "zxid", "time", "kind", "one", "view", "format", "as", "sort",
    "word", "next", "scheme", "user", "password", "data", "acl", "version", "flags", "mode", "ttl", "count", "encoding",
)  # fmt: skip
VALUES = (
    "", "-1", "0x", "0xffffffffffffffffffffffff", "9" * 4000, "1e999", "/", "//", "/a/../b", "\x00", "/\x00", "%",
    "\u0131\u0660", "\U0001f600",
)  # fmt: skip
REFUSALS = (200, 303, 400, 401, 403, 404, 405, 409, 413, 414, 415, 429, 431)


@pytest.fixture(scope="module")
def server(start_shared: Start, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedServer:
    """One where anybody may change something."""
    return start_shared(tmp_path_factory.mktemp("data"), admin_console_writers="world:anyone")


@pytest.mark.parametrize("path", READS)
def test_parameters_that_mean_nothing_are_the_askers_fault(server: EmbeddedServer, path: str) -> None:
    for value in VALUES:
        query = "&".join(f"{name}={quote(value)}" for name in (NAMES if len(value) < 100 else NAMES[:1]))
        answer = ask(server.admin_port, f"{path}?{query}")
        assert answer.status in REFUSALS, (value, answer.body[:500])


@pytest.mark.parametrize("path", CHANGES)
def test_forms_that_mean_nothing_are_the_askers_fault(server: EmbeddedServer, path: str) -> None:
    for value in VALUES:
        body = "&".join(f"{name}={quote(value)}" for name in NAMES).encode()
        kind = "application/x-www-form-urlencoded"
        answer = ask(server.admin_port, path, "POST", body, Authorization="ip", Content_Type=kind)
        assert answer.status in REFUSALS, (value, answer.body[:500])


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"a=b", 415),
        ("application/json", b"[1", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/x-www-form-urlencoded", b"a=\xff", 400),
        ("application/x-www-form-urlencoded", b"a=%ff", 400),
        ("application/x-www-form-urlencoded", b"a=b&" * 1000, 400),
        ("application/x-www-form-urlencoded", b"a" * (5 << 20), 413),
    ],
    ids=["text", "cut", "list", "deep", "bytes", "escape", "many", "large"],
)
def test_a_body_that_is_no_form_is_refused(server: EmbeddedServer, kind: str, body: bytes, status: int) -> None:
    assert status == ask(server.admin_port, "/console/login", "POST", body, Content_Type=kind).status
