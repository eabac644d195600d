"""The kernel's fdatasync by io_uring, on real files; where that is forbidden the other way is taken."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyzoo.portable import ASKED_FOR
from pyzoo.runtime import ring_sync as room
from pyzoo.runtime.kernel_sync import KernelSync
from pyzoo.runtime.ring_sync import RingSync, new_kernel_sync


@pytest.fixture
def ring() -> Iterator[RingSync]:
    try:
        ring = RingSync()
    except OSError as error:
        pytest.skip(f"no io_uring here: {error}")
    yield ring
    ring.close()


@pytest.fixture
def eventfd() -> Iterator[int]:
    descriptor = os.eventfd(0, os.EFD_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def wait_for(eventfd: int) -> None:
    poll = select.poll()
    poll.register(eventfd, select.POLLIN)
    assert poll.poll(30_000)
    assert os.eventfd_read(eventfd) == 1


def test_the_end_of_each_sync_is_told_once_through_the_eventfd(ring: RingSync, eventfd: int, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        for _ in range(10):
            file.write(b"records")
            file.flush()
            assert ring.begin(file.fileno(), eventfd)
            wait_for(eventfd)
            assert ring.is_done()
            assert not ring.is_done()


def test_another_eventfd_may_be_told(ring: RingSync, eventfd: int, tmp_path: Path) -> None:
    other = os.eventfd(0, os.EFD_NONBLOCK)
    with (tmp_path / "log").open("wb") as file:
        for told in (eventfd, other, eventfd):
            assert ring.begin(file.fileno(), told)
            wait_for(told)
            assert ring.is_done()
    os.close(other)


def test_a_sync_that_fails_is_an_error(ring: RingSync, eventfd: int) -> None:
    reader, writer = os.pipe()
    try:
        assert ring.begin(writer, eventfd)
        wait_for(eventfd)
        with pytest.raises(OSError, match="Invalid argument"):
            ring.is_done()
        assert not ring.is_done()
    finally:
        os.close(reader)
        os.close(writer)


def test_without_io_uring_the_kernel_syncs_by_its_older_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError

    monkeypatch.delenv(ASKED_FOR, raising=False)
    monkeypatch.setattr(room, "system_call", forbidden)
    kernel = new_kernel_sync()
    assert isinstance(kernel, KernelSync)
    kernel.close()
