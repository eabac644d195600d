"""The stream of live news: what pages hear, and for how many there is room."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from pyzoo.console.live import places_of, places_text
from pyzoo.console.viewers import MOST_OF_ONE_ADDRESS, MOST_VIEWERS, Viewers
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import CONSOLE, HOST, SECONDS, ask
from tests.support.server_process import wait_until


@contextmanager
def listening(port: int | None, path: str) -> Iterator[http.client.HTTPResponse]:
    assert port is not None
    with closing(http.client.HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        connection.request("GET", path, headers=CONSOLE)
        with closing(connection.getresponse()) as response:
            yield response


def next_event(response: http.client.HTTPResponse) -> dict[str, str]:
    event: dict[str, str] = {}
    while True:
        line = response.readline().decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if not line and event:
            return event
        if line and name:
            event[name] = value


def test_a_page_hears_that_there_is_another_sample(console: EmbeddedServer) -> None:
    with listening(
        console.admin_port, "/console/live?topics=overview,sessions&after=overview=1,sessions=1"
    ) as response:
        assert (200, "text/event-stream; charset=utf-8") == (response.status, response.headers["Content-Type"])
        events = [next_event(response), next_event(response)]
    assert ["overview", "sessions"] == sorted(event["event"] for event in events)
    assert all(json.loads(event["data"]) is None for event in events)
    assert {"overview", "sessions"} == set(places_of(events[-1]["id"]))


@pytest.mark.parametrize("topics", ["nothing", "overview,nothing", ","])
def test_a_topic_that_is_none_is_refused(console: EmbeddedServer, topics: str) -> None:
    assert 404 == ask(console.admin_port, f"/console/live?topics={topics}").status


def test_who_is_gone_leaves_room(start: Start) -> None:
    port = start().admin_port
    assert port is not None
    path = "/console/live"
    with closing(_Many(port, path)) as many:
        for _ in range(MOST_OF_ONE_ADDRESS):
            assert 200 == many.another()
        assert 503 == ask(port, path).status
    wait_until(lambda: _is_let_in(port, path))


def _is_let_in(port: int | None, path: str) -> bool:
    with listening(port, path) as response:
        return response.status == 200


class _Many:
    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._open: list[http.client.HTTPConnection] = []

    def another(self) -> int:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=SECONDS)
        self._open.append(connection)
        connection.request("GET", self._path, headers=CONSOLE)
        response = connection.getresponse()
        response.readline()
        return response.status

    def close(self) -> None:
        for connection in self._open:
            connection.close()


def test_there_is_room_for_a_number_of_viewers_in_all() -> None:
    viewers = Viewers()
    for number in range(MOST_VIEWERS):
        assert viewers.has_room(f"10.0.0.{number}")
        viewers.come(f"10.0.0.{number}")
    assert not viewers.has_room("10.0.0.99")
    viewers.leave("10.0.0.1")
    assert viewers.has_room("10.0.0.99")


def test_places_are_told_and_read_back() -> None:
    assert {"overview": "17"} == places_of(places_text({"overview": "17", "unknown": "3"}))
    assert {} == places_of("what,=,overview")
