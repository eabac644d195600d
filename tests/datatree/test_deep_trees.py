"""Trees of many levels are freed without harm: a node holds its children, so that one goes inside the other.

With PYTHONMALLOC=debug the interpreter ends when memory around an object was overwritten.
"""

import os
import subprocess
import sys

import pytest

from tests.support.sources import ROOT

TREE = """
import sys
from tests.datatree.conftest import Driver

depth, way = int(sys.argv[1]), sys.argv[2]
driver = Driver()
paths = ["/n" * level for level in range(1, depth + 1)]
for path in paths:
    driver.create(path)
kept = [driver.tree.get_node(path) for path in paths] if way == "kept" else []
if way == "cleared":
    driver.tree.clear()
del driver
while kept:
    assert kept.pop(0) is not None
print("freed")
"""


@pytest.mark.parametrize("way", ["dropped", "cleared", "kept"])
@pytest.mark.parametrize("depth", [12, 60, 3000])
def test_a_tree_of_many_levels_is_freed_without_harm(depth: int, way: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TREE, str(depth), way],
        cwd=ROOT,
        env={**os.environ, "PYTHONMALLOC": "debug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "freed\n") == (ended.returncode, ended.stdout), ended.stderr
