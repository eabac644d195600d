"""Recorded files and what Apache's tools say of them, in UTC."""

import sys
from pathlib import Path

# What the tests share are plain modules: here, and in the room below.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "persistence"))
