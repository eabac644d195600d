"""The pages of the console, in the order in which the navigation has them."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from pyzoo.console.page import Page

NAMES: Final = (
    "overview",
    "tree",
    "search",
    "sessions",
    "recipes",
    "changes",
    "words",
    "metrics",
    "configuration",
    "login",
    "live",
)
"""Modules of this room; each has a PAGE. A page with a title stands in the navigation."""


def load_pages() -> tuple[Page, ...]:
    """All of them that are there."""
    names = [f"{__package__}.{name}" for name in NAMES]
    return tuple(import_module(name).PAGE for name in names if find_spec(name) is not None)
