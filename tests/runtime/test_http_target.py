"""Targets of requests, read as Jetty reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.runtime.http_target import BadTargetError, path_of, split_target


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/", "/"),
        (b"/a/b", "/a/b"),
        (b"/a/", "/a/"),
        (b"//a", "//a"),
        (b"http://x/a", "/a"),
        (b"HTTPS://x:1", "/"),
        (b"http://x?a=/b", "/"),
        (b"/a;x=y/b;z", "/a/b"),
        (b"/a/;x", "/a/"),
        (b"/a%3bx", "/a;x"),
        (b"/a/./b", "/a/b"),
        (b"/a/../b", "/b"),
        (b"/a//../b", "/a/b"),
        (b"/a/%2E%2e/b", "/b"),
        (b"/a/b/.", "/a/b/"),
        (b"/a/b/..", "/a/"),
        (b"/...", "/..."),
        (b"/a%2fb%2f..", "/a/b/.."),
        (b"/%72", "/r"),
        (b"/%u0041", "/A"),
        (b"/%c3%a9", "/\u00e9"),
        (b"/a%ff", "/a\u00ff"),
        (b"/a+b", "/a+b"),
        (b"*", "*"),
    ],
)
def test_a_target_has_a_path(target: bytes, path: str) -> None:
    assert path == path_of(split_target(target)[0])


@pytest.mark.parametrize(
    "target",
    [b"a", b"", b"x:80", b"/..", b"/a/../..", b"/a/..;/b", b"/.;x", b"/%", b"/%zz", b"/%2", b"/%00", b"/a%u12"],
)
def test_a_target_that_means_nothing_is_refused(target: bytes) -> None:
    with pytest.raises(BadTargetError):
        path_of(split_target(target)[0])


def test_the_query_is_left_as_it_was_sent() -> None:
    assert (b"/a;x", b"b=%zz;c?d") == split_target(b"/a;x?b=%zz;c?d#e?f")


@given(st.binary(max_size=40))
def test_no_path_leads_out(raw: bytes) -> None:
    try:
        path = path_of(split_target(b"/" + raw)[0])
    except BadTargetError:
        return
    assert path.startswith("/")
    assert "\0" not in path
