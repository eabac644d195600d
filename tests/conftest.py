"""What all tests share: how hard the property tests try, signals, and the limit for strings and buffers."""

import signal
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

from pyzoo.jute.primitives import DEFAULT_MAX_BUFFER, set_field_limit

settings.register_profile("default", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("brief", parent=settings.get_profile("default"), max_examples=8)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile("default")

# What looks at pages needs pip install ".[browser]".
collect_ignore = [] if find_spec("playwright") else ["browser"]

# Whoever runs the tests in the background may have SIGINT ignored, and programs that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _usual_field_limit() -> Iterator[None]:
    """Servers with a larger jute.maxbuffer leave a larger limit to the process."""
    yield
    set_field_limit(DEFAULT_MAX_BUFFER, DEFAULT_MAX_BUFFER)
