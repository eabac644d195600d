"""How this installation was built, compiled or as plain Python and why, and the way in which it waits and syncs."""

from pathlib import Path

import pyzoo
from pyzoo.portable import way

WHY_PLAIN = "why_plain.txt"
"""What setup.py leaves in the package when nothing was compiled."""


def is_compiled() -> bool:
    """Whether the hot rooms were compiled when pyzoo was installed."""
    from pyzoo.jute import primitives

    return not str(primitives.__file__).endswith(".py")


def build_kind() -> str:
    """`compiled`, or `plain Python: ` with the reason that the build has kept; then the way, such as `, epoll`."""
    return f"{_build()}, {way()}"


def _build() -> str:
    if is_compiled():
        return "compiled"
    try:
        reason = Path(pyzoo.__file__).with_name(WHY_PLAIN).read_text(errors="replace").strip()
    except OSError:
        reason = "it runs from its sources"
    return f"plain Python: {reason}"
