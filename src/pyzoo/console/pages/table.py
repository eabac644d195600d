"""The pages of the console, in the order in which the navigation has them."""

from typing import Final

from pyzoo.console.page import Page
from pyzoo.console.pages import (
    changes,
    configuration,
    live,
    login,
    metrics,
    overview,
    recipes,
    search,
    sessions,
    tree,
    words,
)

PAGES: Final[tuple[Page, ...]] = (
    overview.PAGE,
    tree.PAGE,
    search.PAGE,
    sessions.PAGE,
    recipes.PAGE,
    changes.PAGE,
    words.PAGE,
    metrics.PAGE,
    configuration.PAGE,
    login.PAGE,
    live.PAGE,
)
"""A page with a title stands in the navigation."""
