"""The kernel's own fdatasync, on real files."""

import os
import select
from pathlib import Path

import pytest

from pyzoo.runtime.kernel_sync import KernelSync


def test_the_end_of_a_sync_is_told_through_the_eventfd(tmp_path: Path) -> None:
    kernel = KernelSync()
    with (tmp_path / "log").open("wb") as file:
        for _ in range(3):
            file.write(b"records")
            file.flush()
            assert kernel.begin(file.fileno())
            poll = select.poll()
            poll.register(kernel.eventfd, select.POLLIN)
            assert poll.poll(30_000)
            os.eventfd_read(kernel.eventfd)
            assert kernel.is_done()
            assert not kernel.is_done()


def test_the_end_of_a_sync_can_be_waited_for(tmp_path: Path) -> None:
    kernel = KernelSync()
    with (tmp_path / "log").open("wb") as file:
        file.write(b"records")
        file.flush()
        assert kernel.begin(file.fileno())
        assert kernel.is_done(wait=True)


def test_what_cannot_be_synced_is_not_taken() -> None:
    kernel = KernelSync()
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    assert not kernel.begin(writer)
    assert not kernel.is_done()


def test_its_eventfd_is_closed_with_it() -> None:
    kernel = KernelSync()
    eventfd = kernel.eventfd
    os.fstat(eventfd)
    del kernel
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(eventfd)
