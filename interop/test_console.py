"""The console of pyzoo in an ensemble that an Apache server of 3.9.5 leads: that is shown as its words say."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError

from interop.conftest import new_ensemble, subject_is_real
from interop.ensemble import LOOPBACK, Ensemble, Settings
from interop.member import JAVA395, PYZOO
from interop.ports import free_port

JAVA_SID = 3
#: More than are between two digests that servers keep.
WRITES = 300
WAIT_SECONDS = 60.0
Connect = Callable[..., KazooClient]
ADMIN_PORTS = {1: free_port(), 2: free_port()}
WRITER = "walter:change"
WRITER_ID = "walter:" + b64encode(sha1(WRITER.encode()).digest()).decode()
SETTINGS = Settings(
    reconfig=True,
    lines_of={
        sid: {
            "admin.enableServer": "true",
            "admin.serverAddress": LOOPBACK,
            "admin.serverPort": str(port),
            "admin.console.writers": f"digest:{WRITER_ID}",
        }
        for sid, port in ADMIN_PORTS.items()
    },
)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    if subject_is_real():
        pytest.skip("Apache's servers have no console")
    with new_ensemble(tmp_path_factory, (PYZOO, PYZOO, JAVA395), settings=SETTINGS) as started:
        started.start_led_by(JAVA_SID)
        yield started


def console(sid: int, path: str = "/console/api/overview") -> Any:
    with closing(http.client.HTTPConnection(LOOPBACK, ADMIN_PORTS[sid], timeout=WAIT_SECONDS)) as connection:
        connection.request("GET", path, headers={"Host": "localhost"})
        response = connection.getresponse()
        assert 200 == response.status
        return json.loads(response.read())


def change(sid: int, url: str, **form: str) -> int:
    """The status of the answer to a form of somebody who may write."""
    with closing(http.client.HTTPConnection(LOOPBACK, ADMIN_PORTS[sid], timeout=WAIT_SECONDS)) as connection:
        headers = {
            "Host": "localhost",
            "Authorization": f"digest {WRITER}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", url, urlencode(form), headers)
        return connection.getresponse().status


def shown(asked: int, of: int) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in console(asked)["members"] if each["id"] == of)
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, console(1)
        time.sleep(0.2)


def rules(sid: int) -> set[str]:
    """What it warns of, but for the disk of this machine, which others may have filled."""
    return {each["rule"] for each in console(sid)["warnings"]} - {"nearly full disk"}


def test_a_leader_of_apache_is_shown_as_its_words_say(ensemble: Ensemble, connect: Connect) -> None:
    client = connect(ensemble.members[JAVA_SID])
    client.create("/app")
    for number in range(WRITES):
        client.set_async("/app", str(number).encode())
    client.sync("/app")
    zxid = hex(client.set("/app", b"last").mzxid)
    for asked in ADMIN_PORTS:
        wait_until(lambda: {zxid} == {each["zxid"] for each in console(asked)["members"]})  # noqa: B023
        leader = shown(asked, JAVA_SID)
        assert ("leader", "leading - broadcast", "3.9.5", 1) == (
            leader["role"],
            leader["phase"],
            leader["version"],
            leader["connections"],
        )
        assert leader["uptime_ms"] > 0
        assert leader["latency_count"] > WRITES
        assert JAVA_SID == console(asked)["leader_id"]
        # It has compared digests of their trees, which are equal.
        assert {"different versions"} == rules(asked)


def test_sessions_of_other_members_are_known_everywhere_by_their_ids(ensemble: Ensemble, connect: Connect) -> None:
    client = connect(ensemble.members[JAVA_SID])
    client.create("/mine", ephemeral=True)
    session_id = hex(client.client_id[0])
    wait_until(lambda: session_id in str(console(1, "/console/api/sessions")["sessions"]))
    session = next(each for each in console(1, "/console/api/sessions")["sessions"] if each["id"] == session_id)
    assert (False, 1, JAVA_SID, None) == (
        session["is_here"],
        session["ephemerals"],
        session["maker"],
        session["watches"],
    )


@pytest.mark.parametrize("sid", ADMIN_PORTS)
def test_a_leader_of_apache_commits_what_the_console_changes(ensemble: Ensemble, connect: Connect, sid: int) -> None:
    name = f"by-console-{sid}"
    form = {"name": name, "kind": "persistent", "data": "text", "encoding": "text", "acl": "auth::cdrwa"}
    assert 303 == change(sid, "/console/tree/create", path="/", **form)
    client = connect(ensemble.members[JAVA_SID])
    client.sync(f"/{name}")
    with pytest.raises(NoAuthError):
        client.get(f"/{name}")
    client.add_auth("digest", WRITER)
    assert b"text" == client.get(f"/{name}")[0]


@pytest.mark.parametrize("of", [JAVA_SID, 1])
def test_a_leader_of_apache_ends_the_session_that_the_console_names(
    ensemble: Ensemble, connect: Connect, of: int
) -> None:
    client, other = connect(ensemble.members[of]), connect(ensemble.members[JAVA_SID])
    states: list[str] = []
    client.add_listener(states.append)
    client.create("/ended", ephemeral=True)
    session_id = hex(client.client_id[0])
    wait_until(lambda: session_id in str(console(2, "/console/api/sessions")["sessions"]))
    assert 303 == change(2, "/console/session/end", id=session_id)
    other.sync("/")
    assert not other.exists("/ended")
    wait_until(lambda: "LOST" in states)


def test_without_the_leader_of_apache_it_does_not_answer_and_another_one_leads(ensemble: Ensemble) -> None:
    ensemble.members[JAVA_SID].kill()
    for asked in ADMIN_PORTS:
        wait_until(lambda: shown(asked, JAVA_SID)["role"] == "no answer" and console(asked)["leader_id"] in ADMIN_PORTS)  # noqa: B023
        assert {"no answer", "fragile quorum"} <= rules(asked)
