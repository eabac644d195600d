"""What a server of its own does to its process."""

import subprocess
import sys

LOADS = """
import gc
from pyzoo.runtime.process_tuning import collector_at_rest
with collector_at_rest(embedded=False):
    loaded = [[number] for number in range(1000)]
assert gc.isenabled()
print(any(found is loaded for found in gc.get_objects()))
"""


def test_the_collector_never_looks_at_what_was_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
