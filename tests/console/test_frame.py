"""The frame of the console: where it is, what every answer has, and what is not there."""

import json
import subprocess
import sys

import pytest

from pyzoo.console.rendering import link
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import ask


def test_the_overview_is_at_the_root(console: EmbeddedServer) -> None:
    answer = ask(console.admin_port, "/")
    assert (200, "text/html; charset=utf-8") == (answer.status, answer.headers["Content-Type"])
    assert '<a href="/" aria-current="page">Overview</a>' in answer.text


def test_the_commands_are_where_they_were(console: EmbeddedServer) -> None:
    assert b'{\n  "command" : "ruok",\n  "error" : null\n}' == ask(console.admin_port, "/commands/ruok").body


@pytest.mark.parametrize("url", ["/", "/console", "/console/"])
def test_commands_win_where_both_would_be(start: Start, url: str) -> None:
    server = start(admin_commandURL=url)
    assert "ruok" == ask(server.admin_port, f"{url.rstrip('/')}/ruok").json["command"]
    assert b"Overview" not in ask(server.admin_port, "/").body


def test_without_a_console_there_is_the_page_of_before(start: Start) -> None:
    server = start(admin_console="false")
    for path in ("/", "/console/static/console.css"):
        answer = ask(server.admin_port, path)
        assert 404 == answer.status
        assert "Content-Security-Policy" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/console/nothing", 404),
        ("GET", "/console/api/nothing", 404),
        ("POST", "/", 404),
        ("POST", "/console/api/overview", 405),
        ("HEAD", "/", 200),
        ("PUT", "/console/tree", 404),
        ("GET", "/console", 303),
        ("OPTIONS", "/", 404),
        ("GET", "/console/static/console.css", 200),
        ("GET", "/console/static/", 404),
        ("GET", "/console/static/nothing.css", 404),
        ("GET", "/console/static/../app.py", 404),
        ("GET", "/console/static/%2e%2e/app.py", 404),
        ("GET", "/console/static/..%2fapp.py", 404),
        ("GET", "/console/static/%5c..%5capp.py", 404),
        ("GET", "/console/static//etc/passwd", 404),
        ("GET", "/?" + "a=b&" * 101, 400),
        ("GET", "/?" + "a" * 9000, 414),
        ("GET", "/console/api/overview?a=%ff", 400),
    ],
)
def test_methods_and_paths_have_their_status(console: EmbeddedServer, method: str, path: str, status: int) -> None:
    assert status == ask(console.admin_port, path, method).status


def test_programs_get_errors_as_json(console: EmbeddedServer) -> None:
    answer = ask(console.admin_port, "/console/api/nothing")
    assert {"error": "There is no such page."} == json.loads(answer.body)


def test_every_answer_keeps_other_sites_out(console: EmbeddedServer) -> None:
    for path in ("/", "/console/static/console.js", "/console/api/overview", "/console/nothing"):
        headers = ask(console.admin_port, path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert ("'none'", "'none'") == (policy["default-src"], policy["frame-ancestors"])
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert ("DENY", "nosniff") == (headers["X-Frame-Options"], headers["X-Content-Type-Options"])


def test_pages_are_not_kept_by_browsers_and_files_are_as_long_as_they_are_the_same(console: EmbeddedServer) -> None:
    assert "no-store" == ask(console.admin_port, "/").headers["Cache-Control"]
    file = ask(console.admin_port, "/console/static/console.css")
    again = ask(console.admin_port, "/console/static/console.css", If_None_Match=file.headers["ETag"])
    assert (304, b"") == (again.status, again.body)


def test_a_link_may_have_a_parameter_that_is_called_path() -> None:
    assert "/console/tree?path=%2Fa+b" == link("/console/tree", path="/a b", form=None)


LOADING = """
import sys
from pyzoo.testing import EmbeddedServer
from tests.support.console import ask

def loaded():
    return [name for name in ("starlette", "jinja2", "pyzoo.console") if name in sys.modules]

with EmbeddedServer(properties={"admin.serverPort": 0, "admin.serverAddress": "127.0.0.1"}) as server:
    for path in ("", "/commands/ruok", "/"):
        if path:
            ask(server.admin_port, path)
        print(*loaded())
"""


def test_a_server_loads_no_console_before_somebody_asks_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True, timeout=60)
    assert ["", "starlette", "starlette jinja2 pyzoo.console"] == done.stdout.splitlines()
