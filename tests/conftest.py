"""What all tests share: how hard the property tests try, and signals."""

import signal
from importlib.util import find_spec

from hypothesis import HealthCheck, settings

settings.register_profile("default", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("brief", parent=settings.get_profile("default"), max_examples=8)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile("default")

# What looks at pages needs pip install ".[browser]".
collect_ignore = [] if find_spec("playwright") else ["browser"]

# Whoever runs the tests in the background may have SIGINT ignored, and programs that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
