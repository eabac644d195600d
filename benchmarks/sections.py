"""What is measured beside the load table: a function for each section, which gives figures of one contestant."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from benchmarks.results import Results
from benchmarks.servers import Contestant, ServerError
from benchmarks.zkload import Figures, LoadError, Zkload

log = logging.getLogger(__name__)

Scale = TypeVar("Scale")


def measure_sections(
    measurements: Mapping[str, Callable[[Contestant, Zkload, Path, Scale], Figures]],
    sections: list[str],
    contestants: list[Contestant],
    zkload: Zkload,
    directory: Path,
    scale: Scale,
    results: Results,
) -> None:
    """Measure each contestant in each of these sections; what fails is a line of the report."""
    for section in sections:
        for contestant in contestants:
            log.info("%s: %s", section, contestant.name)
            try:
                results.measured(contestant.name, measurements[section](contestant, zkload, directory, scale))
            except (LoadError, ServerError, OSError) as failure:
                log.warning("%s, %s: %s", contestant.name, section, failure)
                results.failures.append(f"{contestant.name}, {section}: {failure}")
