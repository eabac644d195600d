"""Errors of threads leave nothing behind that only a collection of garbage would find."""

import weakref
from collections.abc import Iterator

import pytest

from pyzoo.errors import StorageError
from pyzoo.runtime.workers import in_thread
from tests.support.collector import without_collector


class Large:
    """What a frame of the thread holds."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    with without_collector():
        yield


async def test_what_was_at_work_goes_with_the_error() -> None:
    seen: list[weakref.ref[Large]] = []

    def inner(_large: Large) -> None:
        raise OSError(28, "No space left on device")

    def fail() -> None:
        large = Large()
        seen.append(weakref.ref(large))
        try:
            inner(large)
        except OSError as error:
            raise StorageError("the disk is full") from error

    with pytest.raises(StorageError, match="the disk is full") as caught:
        await in_thread(fail)
    del caught
    assert [None] == [ref() for ref in seen]


async def test_too_little_memory_is_an_error_of_storage() -> None:
    def fail() -> None:
        raise MemoryError

    with pytest.raises(StorageError, match="not enough memory"):
        await in_thread(fail)


async def test_a_bug_keeps_its_traceback() -> None:
    def fail() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug") as caught:
        await in_thread(fail)
    assert "fail" == caught.traceback[-1].name


async def test_what_comes_of_it_is_returned() -> None:
    assert 5 == await in_thread(lambda one, other: one + other, 2, 3)
