"""The scenarios beside this file: what is said to a server, and what it does and says then; see tests/support/plays.py.

Run as a program (`python -m tests.quorum.test_scenarios`) it writes what comes out now into them: read the difference.
"""

from pathlib import Path

import pytest

from tests.support.plays import replayed

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_everything_happens_as_it_is_written(scenario: Path) -> None:
    text = scenario.read_text(encoding="utf-8")
    assert text.splitlines() == replayed(text).splitlines()


def test_a_line_that_means_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="sings"):
        replayed("leader of 3\n2 sings\n")


if __name__ == "__main__":
    for path in SCENARIOS:
        path.write_text(replayed(path.read_text(encoding="utf-8")), encoding="utf-8")
