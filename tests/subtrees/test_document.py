"""The document of an export."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import MalformedDocument
from pyzoo.subtrees.acl_text import Acl
from pyzoo.subtrees.document import FORMAT, FORMATS, SavedNode, document_of, format_of, from_text, to_text

ACL = st.none() | st.just((Acl(1, "world", "anyone"),)) | st.just((Acl(31, "digest", "a:b="), Acl(4, "ip", "::1")))
DATA = st.none() | st.binary(max_size=20) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace"))


@given(st.sampled_from(FORMATS), DATA, DATA, ACL)
def test_what_was_written_is_read_again(
    format: str, data: bytes | None, below: bytes | None, acl: tuple[Acl, ...] | None
) -> None:
    nodes = [SavedNode("/", data, acl), SavedNode("/ü", below, acl), SavedNode("/ü/no", b"", None)]
    assert nodes == from_text(to_text(document_of("/app", nodes), format), format)


def test_the_format_is_chosen_or_follows_the_name() -> None:
    assert ["yaml", "yaml", "json", "json"] == [
        format_of("a.yml", None),
        format_of("-", "yaml"),
        format_of("-", None),
        format_of("a.yaml", "json"),
    ]
    with pytest.raises(MalformedDocument, match="--format xml: choose json or yaml"):
        format_of("a", "xml")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "this is no JSON"),
        ("[]", f"has no format {FORMAT}"),
        ('{"format": "%s"}', "nodes must be a list"),
        ('{"format": "%s", "nodes": [{"path": "/a"}]}', 'the first of nodes must have the path "/"'),
        ('{"format": "%s", "nodes": [{"path": "/"}, {"path": "/a/b"}]}', "/a/b must come after its parent /a"),
        ('{"format": "%s", "nodes": [{"path": "/"}, {"path": "/a"}, {"path": "/a"}]}', "/a is there twice"),
        ('{"format": "%s", "nodes": [{"path": "/"}, {"path": "a"}]}', "node 2, a: Path must start with /"),
        ('{"format": "%s", "nodes": [{"path": "/", "data": 5}]}', "node 1, /: data must be text"),
        ('{"format": "%s", "nodes": [{"path": "/", "data": "?", "encoding": "base64"}]}', "data is not base64"),
        ('{"format": "%s", "nodes": [{"path": "/", "encoding": "rot13"}]}', "encoding must be base64"),
        ('{"format": "%s", "nodes": [{"path": "/", "acl": ["all"]}]}', "all does not have the form scheme:id:perm"),
        ('{"format": "%s", "nodes": [{"path": "/", "acl": []}]}', "at least one entry is needed"),
        ('{"format": "%s", "nodes": [{"path": "/", "owner": 1}]}', "owner is not known here"),
    ],
)
def test_a_document_that_export_never_wrote_is_refused(text: str, error: str) -> None:
    with pytest.raises(MalformedDocument) as raised:
        from_text(text.replace("%s", FORMAT), "json")
    assert error in str(raised.value)
