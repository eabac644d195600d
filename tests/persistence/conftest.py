"""Where the real data directories are, and an empty disk."""

import sys
from pathlib import Path

import pytest

from pyzoo.persistence.memory_disk import MemoryDisk

# What the tests of this room share is a plain module beside them.
sys.path.insert(0, str(Path(__file__).parent))

from persistence_cases import VERSION_2

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture
def disk() -> MemoryDisk:
    disk = MemoryDisk()
    disk.make_directory(VERSION_2)
    return disk
