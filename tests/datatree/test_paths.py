"""Path rules."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.paths import (
    parent_and_validate,
    parent_of,
    validate_for_create,
    validate_key,
    validate_path,
)
from pyzoo.errors import BADARGUMENTS, KeeperError


@pytest.mark.parametrize("path", ["/", "/a", "/a/b c", "/...", "/a..b", "/.a/b.", "/\u4e2d", "/~", "/\u00a0"])
def test_a_path_of_a_possible_node_is_valid(path: str) -> None:
    validate_path(path)


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "a",
        "/a/",
        "//",
        "/a//b",
        "/.",
        "/..",
        "/a/./b",
        "/a/..",
        "/\0",
        "/a\x01",
        "/a\x1f",
        "/a\x7f",
        "/a\x9f",
        "/\ud800",
        "/\uf8ff",
        "/\ufff0",
        "/\U0001f600",
    ],
)
def test_any_other_path_is_a_bad_argument(path: str | None) -> None:
    with pytest.raises(KeeperError) as caught:
        validate_path(path)
    assert caught.value.code == BADARGUMENTS


@pytest.mark.parametrize("path", ["", "abc", "/a\0b"])
def test_the_light_check_wants_a_slash_and_no_nul(path: str) -> None:
    with pytest.raises(KeeperError):
        validate_for_create(path)
    with pytest.raises(KeeperError):
        parent_and_validate(path)


@pytest.mark.parametrize("path", ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"])
def test_built_in_nodes_are_never_deleted(path: str) -> None:
    with pytest.raises(KeeperError):
        parent_and_validate(path)
    validate_for_create(path)


@pytest.mark.parametrize(
    ("path", "parent"),
    [("/a", ""), ("/a/b", "/a"), ("/a/", "/a"), ("//", "/")],
)
def test_paths_are_taken_apart_at_the_last_slash(path: str, parent: str) -> None:
    assert parent == parent_of(path)
    assert parent == parent_and_validate(path)


@given(path=st.text(st.sampled_from("/.ab\0 ~\x7f\x9f\u4e2d\ufff0\U0001f600"), max_size=8))
def test_a_path_with_its_bytes_is_judged_as_the_path_is(path: str) -> None:
    def verdict(validate: Callable[[], None]) -> int:
        try:
            validate()
        except KeeperError as error:
            return error.code
        return 0

    assert verdict(lambda: validate_path(path)) == verdict(lambda: validate_key(path, path.encode("utf-8")))
