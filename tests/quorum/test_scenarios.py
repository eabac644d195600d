"""The scenarios beside this file: what is said to a server, and what it does and says then; see tests/support/plays.py.

Run as a program (`python -m tests.quorum.test_scenarios`) it writes what comes out now into them: read the difference.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.plays import replayed, scenarios

TEXTS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


def named() -> Iterator[object]:
    for path in TEXTS:
        for scenario in scenarios(path.read_text(encoding="utf-8")):
            title = scenario.partition("\n")[0].removeprefix("# ")
            yield pytest.param(scenario, id=f"{path.stem}: {title}")


@pytest.mark.parametrize("step", [1, 7, 4096])
@pytest.mark.parametrize("scenario", [*named()])
def test_everything_happens_as_it_is_written_however_the_bytes_arrive(scenario: str, step: int) -> None:
    assert scenario.splitlines() == replayed(scenario, step).splitlines()


def test_a_line_that_means_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="sings"):
        replayed("leader of 3\n2 sings\n")


if __name__ == "__main__":
    for path in TEXTS:
        path.write_text(replayed(path.read_text(encoding="utf-8")), encoding="utf-8")
