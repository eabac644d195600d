"""Where the real data directories are, and an empty disk."""

from pathlib import Path

import pytest

from pyzoo.persistence.memory_disk import MemoryDisk
from tests.support.persistence_cases import VERSION_2

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture
def disk() -> MemoryDisk:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    return disk
