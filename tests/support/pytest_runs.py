"""Runs of pytest inside a test, as those of a project that has pyzoo installed."""

import pytest
import yaml  # noqa: F401

# What runs import is forgotten with them, unless it was there before; extension modules do not bear that.
import pyzoo.testing.embedded.ensemble
import pyzoo.testing.plugin.factory
import pyzoo.testing.plugin.fault_marks
import pyzoo.testing.plugin.places  # noqa: F401

PLUGIN = ("-p", "no:pyzoo", "-p", "pyzoo.testing.plugin")
"""Whether the package is installed or not, the plugin is loaded once."""
OTHERS = ("-p", "no:trio", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")


def run(pytester: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    """A run in this process, of one file."""
    pytester.makepyfile(source)
    return pytester.runpytest_inprocess(*PLUGIN, *OTHERS, *options)


def passed(result: pytest.RunResult, count: int) -> None:
    """Raise unless so many tests have passed, and nothing else happened."""
    assert {"passed": count} == result.parseoutcomes()
