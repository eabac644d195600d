"""Changes of nodes through HTTP forms: version checks, lost races, deletes, export and import."""

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import yaml
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl

from pyzoo.subtrees.acl_text import Acl
from pyzoo.subtrees.document import SavedNode, document_of, to_text
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import Answer, ask, post
from tests.support.kazoo_session import kazoo_session
from tests.support.large_trees import grow

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
CSRF = re.compile(r'<meta name="csrf" content="(\w+)">')
TYPED = re.compile(r'<textarea id="(?:data|acl|document)"[^>]*>\n(.*?)</textarea>', re.DOTALL)


@pytest.fixture(scope="module")
def server(start_shared: Start) -> Iterator[EmbeddedServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pyzoo.console.app.CHANGES_AT_ONCE", 10_000)
        yield start_shared(admin_console_writers="world:anyone", extendedTypesEnabled="true")


@pytest.fixture(scope="module")
def client(server: EmbeddedServer) -> Iterator[KazooClient]:
    with kazoo_session(server.connect_string) as client:
        yield client


def fields(answer: Answer) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    return {name: unescape(value) for name, value in HIDDEN.findall(answer.text)}


def typed(answer: Answer) -> str:
    """What stands in the text field of the form."""
    found = TYPED.search(answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


class Console:
    """Forms of one server: opened, filled in, and sent."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._port = server.admin_port

    def open(self, form: str, path: str, **parameters: str) -> Answer:
        return ask(self._port, f"/console/tree/{form}?{urlencode({'path': path, **parameters})}")

    def send(self, form: str, opened: Answer | dict[str, str], **filled: str) -> Answer:
        hidden = {"csrf": self.csrf(), **opened} if isinstance(opened, dict) else fields(opened)
        return post(self._port, f"/console/tree/{form}", {**hidden, **filled})

    def csrf(self) -> str:
        """What each form sends along."""
        found = CSRF.search(ask(self._port, "/").text)
        assert found is not None
        return found[1]


@pytest.fixture
def console(server: EmbeddedServer) -> Console:
    return Console(server)


def place(answer: Answer) -> dict[str, str]:
    """Where the browser is sent after a change."""
    assert 303 == answer.status, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


# --- data


@pytest.mark.parametrize(
    "data",
    [b"", b"text", b"\nlines\n\n", b"1\r\n2\r\n", b"\r\n\n", b"\x00\xff", "ü\u202e<b>&amp;".encode(), b"\r"],
    ids=repr,
)
def test_what_is_opened_and_saved_is_not_changed(console: Console, client: KazooClient, data: bytes) -> None:
    client.ensure_path("/same")
    client.set("/same", data)
    for encoding in ("", "text", "hex", "base64"):
        form = console.open("edit", "/same", **{"as": encoding})
        chosen = re.search(r'<option value="(\w+)" selected', form.text)
        assert chosen is not None
        # A browser sends all ends of lines like this.
        sent = typed(form).replace("\n", "\r\n")
        assert {"path": "/same", "done": "saved"} == place(console.send("edit", form, data=sent, encoding=chosen[1]))
        assert data == client.get("/same")[0]


def test_a_lost_race_shows_both_versions_and_saves_nothing(console: Console, client: KazooClient) -> None:
    client.create("/raced", b"first")
    form = console.open("edit", "/raced")
    client.set("/raced", b"of <somebody> else")
    answer = console.send("edit", form, data="mine\r\nand more", encoding="text")
    assert 409 == answer.status
    assert "mine\r\nand more" == typed(answer)
    assert "of &lt;somebody&gt; else" in answer.text
    assert b"of <somebody> else" == client.get("/raced")[0]
    # Whoever has seen both may save over the other one.
    assert "Save yours over version 1" in answer.text
    place(console.send("edit", answer, data=typed(answer), encoding="text"))
    assert b"mine\nand more" == client.get("/raced")[0]


def test_another_node_with_the_same_path_is_a_lost_race_too(console: Console, client: KazooClient) -> None:
    client.create("/again", b"first")
    form = console.open("edit", "/again")
    client.delete("/again")
    client.create("/again", b"second")
    answer = console.send("edit", form, data="mine", encoding="text")
    assert (409, b"second") == (answer.status, client.get("/again")[0])


def test_a_node_that_was_deleted_meanwhile_can_be_made_again_with_what_was_typed(
    console: Console, client: KazooClient
) -> None:
    client.create("/vanished", b"first")
    form = console.open("edit", "/vanished")
    client.delete("/vanished")
    answer = console.send("edit", form, data="mine", encoding="text")
    assert (404, "mine") == (answer.status, typed(answer))
    place(console.send("create", answer, data=typed(answer), encoding="text"))
    assert b"mine" == client.get("/vanished")[0]


@pytest.mark.parametrize(
    ("encoding", "data", "problem"),
    [("hex", "0g", "no hex"), ("base64", "?", "no base64"), ("text", "x" * 1_100_000, "jute.maxbuffer")],
    ids=["hex", "base64", "too much"],
)
def test_data_that_cannot_be_taken_is_still_in_the_form(
    console: Console, client: KazooClient, encoding: str, data: str, problem: str
) -> None:
    client.ensure_path("/refused")
    answer = console.send("edit", console.open("edit", "/refused"), data=data, encoding=encoding)
    assert (400, data) == (answer.status, typed(answer))
    assert problem in answer.text
    assert f'<option value="{encoding}" selected' in answer.text


def test_an_acl_that_does_not_let_them_write_leaves_what_was_typed(console: Console, client: KazooClient) -> None:
    client.create("/readable", b"data", acl=[make_acl("world", "anyone", read=True)])
    answer = console.send("edit", console.open("edit", "/readable"), data="mine", encoding="text")
    assert (403, "mine") == (answer.status, typed(answer))
    assert "Edit data" not in ask(console._port, "/console/tree?path=/readable").text


def test_whoever_may_not_write_any_more_gets_back_what_was_typed(start: Start) -> None:
    server = start()
    reader = Console(server)
    answer = reader.send("edit", {"path": "/", "version": "0", "czxid": "0x0"}, data="mine", encoding="text")
    assert (401, "mine") == (answer.status, typed(answer))
    assert 303 == reader.open("edit", "/").status  # to the login
    for form in ("create", "acl", "import"):
        assert 401 == reader.send(form, {"path": "/"}, name="x", document="{}", acl="world:anyone:r").status
    assert 401 == reader.send("delete", {"path": "/x"}).status
    assert not server.exists("/x")


@pytest.mark.parametrize("form", ["edit", "create", "acl", "import"])
def test_a_form_of_a_login_that_is_over_is_there_again_and_can_be_sent_then(console: Console, form: str) -> None:
    filled = {"data": "kept", "acl": "kept", "document": "kept", "name": "n", "encoding": "text"}
    answer = console.send(form, {"path": "/", "csrf": "of-yesterday"}, **filled)
    assert (403, "kept") == (answer.status, typed(answer))
    assert "not of this login" in answer.text
    assert console.csrf() == fields(answer)["csrf"]


def test_too_many_changes_at_once_lose_nothing_that_was_typed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyzoo.console.app.CHANGES_AT_ONCE", 1)
    monkeypatch.setattr("pyzoo.console.app.CHANGE_REFILL_MS", 3_600_000)
    server = start(admin_console_writers="world:anyone")
    hasty = Console(server)
    place(hasty.send("create", hasty.open("create", "/"), name="first"))
    answer = hasty.send("create", hasty.open("create", "/"), name="second", data="kept")
    assert (429, "kept", False) == (answer.status, typed(answer), server.exists("/second"))


# --- creating


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("persistent", "plain", r"/made/plain"),
        ("sequential", "n-", r"/made/n-\d{10}"),
        ("sequential", "", r"/made/\d{10}"),
        ("container", "box", r"/made/box"),
        ("ttl", "short", r"/made/short"),
        ("ttl-sequential", "s-", r"/made/s-\d{10}"),
    ],
)
def test_every_kind_of_node_is_created(console: Console, client: KazooClient, kind: str, name: str, found: str) -> None:
    client.ensure_path("/made")
    acl = "world:anyone:cdrwa\r\nip:10.0.0.0/8:r\r\n"
    form = console.open("create", "/made")
    made = place(console.send("create", form, name=name, kind=kind, data="ü", ttl_ms="90000", acl=acl))
    assert "created" == made["done"]
    assert re.fullmatch(found, made["path"])
    value = ask(console._port, f"/console/api/tree?{urlencode({'path': made['path']})}").json
    assert ("ü", ["world:anyone:cdrwa", "ip:10.0.0.0/8:r"]) == (value["data"], value["acl"])
    assert {"sequential": "persistent", "ttl-sequential": "ttl"}.get(kind, kind) == value["kind"]
    assert value.get("ttl_ms") == (90_000 if kind.startswith("ttl") else None)


@pytest.mark.parametrize(
    ("changed", "status", "problem"),
    [
        ({"name": "there"}, 409, "a node with this name already"),
        ({"name": ""}, 400, "needs a name"),
        ({"name": "a/b"}, 400, "no slash"),
        ({"name": "."}, 400, "relative paths not allowed"),
        ({"kind": "ephemeral"}, 400, "not made here"),
        ({"kind": "ttl", "ttl_ms": "0"}, 400, "milliseconds from 1"),
        ({"acl": "world:anyone"}, 400, "does not have the form"),
        ({"acl": " "}, 400, "at least"),
        ({"acl": "nosuch:x:r"}, 400, "does not take this ACL"),
    ],
)
def test_what_cannot_be_created_is_still_in_the_form(
    console: Console, client: KazooClient, changed: dict[str, str], status: int, problem: str
) -> None:
    client.ensure_path("/typed/there")
    filled = {"name": "new", "kind": "persistent", "data": "kept", "acl": "world:anyone:r", **changed}
    answer = console.send("create", console.open("create", "/typed"), **filled)
    assert (status, "kept") == (answer.status, typed(answer))
    assert problem in unescape(answer.text)
    assert f'value="{filled["name"]}"' in answer.text


# --- ACLs


def test_an_acl_is_set_unless_somebody_was_faster(console: Console, client: KazooClient) -> None:
    client.create("/guarded")
    form, late = console.open("acl", "/guarded"), console.open("acl", "/guarded")
    assert "world:anyone:cdrwa" == typed(form)
    assert "acl" == place(console.send("acl", form, acl="world:anyone:ra\nip:10.0.0.1:cdrwa"))["done"]
    answer = console.send("acl", late, acl="world:anyone:r")
    assert (409, "world:anyone:r") == (answer.status, typed(answer))
    assert "ip:10.0.0.1:cdrwa" in answer.text
    assert 2 == len(client.get_acls("/guarded")[0])
    assert 400 == console.send("acl", answer, acl="world:anyone").status
    place(console.send("acl", answer, acl=typed(answer)))
    assert 403 == console.send("acl", console.open("acl", "/guarded"), acl="world:anyone:cdrwa").status


# --- deleting


def test_a_node_is_deleted_in_the_version_that_was_seen(console: Console, client: KazooClient) -> None:
    client.create("/alone", b"123")
    form = console.open("delete", "/alone")
    assert "3 bytes of data in version 0" in form.text
    client.set("/alone", b"1234")
    answer = console.send("delete", form)
    assert (409, True) == (answer.status, bool(client.exists("/alone")))
    assert "4 bytes of data in version 1" in answer.text
    assert {"path": "/", "done": "deleted"} == place(console.send("delete", answer))
    assert not client.exists("/alone")
    assert 404 == console.send("delete", answer).status


def test_a_subtree_is_counted_before_it_is_deleted(console: Console, client: KazooClient) -> None:
    for path in ("/doomed/a/b", "/doomed/c", "/doomed/d"):
        client.ensure_path(path)
    client.create("/doomed/e", ephemeral=True)
    form = console.open("delete", "/doomed")
    assert "<strong>6 nodes</strong>" in form.text
    assert "1 of them is ephemeral" in form.text
    client.create("/doomed/late")
    answer = console.send("delete", form)
    assert (400, True) == (answer.status, bool(client.exists("/doomed/a/b")))
    assert "There are 7 nodes now, and were 6." in answer.text
    place(console.send("delete", answer))
    assert not client.exists("/doomed")


def test_nobody_deletes_what_the_server_itself_needs(console: Console) -> None:
    for path in ("/", "/zookeeper", "/zookeeper/config"):
        assert '<button class="danger">' not in console.open("delete", path).text


def test_a_delete_that_is_refused_says_where_it_has_stopped(console: Console, client: KazooClient) -> None:
    client.ensure_path("/kept/a/protected/b")
    client.set_acls("/kept/a/protected", [make_acl("world", "anyone", read=True)])
    client.ensure_path("/kept/c")
    answer = console.send("delete", console.open("delete", "/kept"))
    assert 409 == answer.status
    assert "/kept/a/protected/b: The ACL does not let you do that." in unescape(answer.text)
    assert client.exists("/kept/a/protected/b")
    client.add_auth("digest", "bob:secret")
    client.create("/unseen", acl=[make_digest_acl("bob", "secret", all=True)])
    client.create("/unseen/b", acl=[make_digest_acl("bob", "secret", all=True)])
    form = console.open("delete", "/unseen")
    assert "may not be read by you" in form.text
    answer = console.send("delete", {**fields(form), "recursive": "1"})
    assert "/unseen: The ACL does not let you see what is below it." in unescape(answer.text)


def test_very_many_nodes_are_deleted_in_batches(
    console: Console, client: KazooClient, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server._look(lambda it: grow(it.tree, [f"{at:05}" for at in range(3000)], "/crowd") and None)
    monkeypatch.setattr("pyzoo.console.nodes.deleting.MOST_MS", 0)
    form = console.open("delete", "/crowd")
    assert "3,001 nodes" in form.text
    answer, requests = console.send("delete", form), 1
    while answer.status == 200:
        assert 'class="go-on"' in answer.text
        answer = console.send("delete", answer)
        requests += 1
    assert {"path": "/", "done": "deleted"} == place(answer)
    assert requests > 3
    assert not client.exists("/crowd")


# --- export and import


def exported(console: Console, path: str, **parameters: str) -> Answer:
    return console.open("export/file", path, **parameters)


def test_what_was_exported_can_be_imported_elsewhere(console: Console, client: KazooClient) -> None:
    client.add_auth("digest", "bob:secret")
    client.create("/taken", b"top")
    client.create("/taken/text", "ü".encode())
    client.create("/taken/text/binary", b"\x00\xff")
    client.create("/taken/closed", b"", acl=[make_acl("world", "anyone", read=True)])
    client.create("/taken/gone", ephemeral=True)
    client.create("/taken/unseen", acl=[make_digest_acl("bob", "secret", all=True)])
    page = console.open("export", "/taken")
    assert "1 node is ephemeral and is left out" in page.text
    assert "1 node may not be read by you" in page.text
    answer = exported(console, "/taken")
    assert 'filename="taken.json"' in answer.headers["Content-Disposition"]
    document = json.loads(answer.body)
    assert {"ephemeral": 1, "not_readable": 1, "not_readable_paths": ["/taken/unseen"]} == document["left_out"]
    assert document == yaml.safe_load(exported(console, "/taken", format="yaml").body)
    assert "acl" not in json.loads(exported(console, "/taken", acl="0").body)["nodes"][0]
    answer = console.send(
        "import", console.open("import", "/"), target="/to/there", document=answer.text, existing="fail", with_acl="1"
    )
    assert "4 nodes created" in answer.text, answer.text
    again = json.loads(exported(console, "/to/there").body)
    assert document["nodes"] == again["nodes"]


def test_an_export_is_what_the_shell_would_write(console: Console, client: KazooClient) -> None:
    client.create("/same-words", b"x")
    client.create("/same-words/a", b"\xff")
    acl = (Acl(31, "world", "anyone"),)
    nodes = [SavedNode("/", b"x", acl), SavedNode("/a", b"\xff", acl)]
    for format in ("json", "yaml"):
        written = to_text(document_of("/same-words", nodes), format)
        read = json.loads if format == "json" else yaml.safe_load
        assert read(written) == read(exported(console, "/same-words", format=format).text)


@pytest.mark.parametrize(
    ("existing", "status", "told", "data"),
    [
        ("fail", 400, "1 of the nodes are there already", b"old"),
        ("skip", 200, "1 node created, 0 overwritten, 1 left alone", b"old"),
        ("overwrite", 200, "1 node created, 1 overwritten, 0 left alone", b"new"),
    ],
)
def test_an_import_meets_nodes_that_are_there(
    console: Console, client: KazooClient, existing: str, status: int, told: str, data: bytes
) -> None:
    top = f"/import-{existing}"
    client.create(top, b"old")
    document = json.dumps(
        {"format": "pyzoo-subtree-1", "nodes": [{"path": "/", "data": "new"}, {"path": "/child", "data": "x"}]}
    )
    answer = console.send("import", console.open("import", top), target=top, document=document, existing=existing)
    assert (status, data) == (answer.status, client.get(top)[0])
    assert told in unescape(answer.text)
    assert document == typed(answer)


def test_children_of_a_node_that_lets_nobody_create_are_imported_too(console: Console, client: KazooClient) -> None:
    document = {
        "format": "pyzoo-subtree-1",
        "nodes": [
            {"path": "/", "data": None, "acl": ["world:anyone:r"]},
            {"path": "/a", "data": "1", "acl": ["world:anyone:r"]},
            {"path": "/a/b", "data": "2", "acl": ["world:anyone:rw"]},
        ],
    }
    answer = console.send(
        "import", {"path": "/"}, target="/shut", document=json.dumps(document), existing="fail", with_acl="1"
    )
    assert "3 nodes created" in answer.text, answer.text
    assert document["nodes"] == json.loads(exported(console, "/shut").body)["nodes"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "no JSON"),
        ("a: [", "no YAML"),
        ("{}", "not written by export"),
        ("[", "no YAML"),
        ("#" * 140_000, "may"),
    ],
    ids=["JSON", "YAML", "something else", "a list", "too much"],
)
def test_a_document_that_is_none_is_still_in_the_form(console: Console, document: str, problem: str) -> None:
    answer = console.send("import", {"path": "/"}, target="/x", document=document, existing="fail")
    assert (400, document) == (answer.status, typed(answer))
    assert problem in answer.text
