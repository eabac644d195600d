"""The kernel's own fdatasync, on real files."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyzoo.runtime.kernel_sync import KernelSync


@pytest.fixture
def kernel() -> Iterator[KernelSync]:
    kernel = KernelSync()
    yield kernel
    kernel.close()


@pytest.fixture
def eventfd() -> Iterator[int]:
    descriptor = os.eventfd(0, os.EFD_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def sync(kernel: KernelSync, eventfd: int, path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"records")
        file.flush()
        assert kernel.begin(file.fileno(), eventfd)
        poll = select.poll()
        poll.register(eventfd, select.POLLIN)
        assert poll.poll(30_000)
        assert os.eventfd_read(eventfd) == 1
        assert kernel.is_done()
        assert not kernel.is_done()


def test_the_end_of_a_sync_is_told_through_the_eventfd(kernel: KernelSync, eventfd: int, tmp_path: Path) -> None:
    for _ in range(3):
        sync(kernel, eventfd, tmp_path / "log")


def test_what_cannot_be_synced_is_not_taken(kernel: KernelSync, eventfd: int) -> None:
    reader, writer = os.pipe()
    try:
        assert not kernel.begin(writer, eventfd)
        assert not kernel.is_done()
    finally:
        os.close(reader)
        os.close(writer)


def test_one_after_the_other_can_be_used(eventfd: int, tmp_path: Path) -> None:
    for number in range(100):
        kernel = KernelSync()
        sync(kernel, eventfd, tmp_path / f"log.{number}")
        kernel.close()
