"""A browser, one for the whole run, and servers whose console it looks at."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from kazoo.client import KazooClient

from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.support.kazoo_session import kazoo_session

playwright_api = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")

from playwright.sync_api import Browser, expect, sync_playwright  # noqa: E402

from tests.support.console_world import ADMIN, WRITER, build  # noqa: E402
from tests.support.viewing import PATIENCE_MS, Looks, View, viewed  # noqa: E402

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

Look = Callable[..., View]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, never one that Playwright brings."""
    program = os.environ.get("PYZOO_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        assert not os.environ.get("CI"), "there is no Chromium"
        pytest.skip("there is no Chromium; PYZOO_CHROMIUM may name one")
    # The sandbox of Chromium cannot be had by root, and not in most containers.
    options = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """One server with something of everything, for all tests that leave it as it is."""
    with EmbeddedServer(properties=ADMIN) as server, kazoo_session(server.connect_string) as client:
        build(client)
        yield server


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """An empty one for a single test."""
    with EmbeddedServer(properties=ADMIN) as server:
        yield server


@pytest.fixture
def client(own_server: EmbeddedServer) -> Iterator[KazooClient]:
    with kazoo_session(own_server.connect_string) as client:
        yield client


@pytest.fixture(scope="module")
def ensemble() -> Iterator[EmbeddedEnsemble]:
    """Three members with something of everything."""
    with EmbeddedEnsemble(3, properties=ADMIN) as ensemble, kazoo_session(ensemble.connect_string) as client:
        build(client)
        yield ensemble


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Opens a console: `look(port, "/console/tree?path=/app", theme="dark", width=360)`; see Looks.

    `allowed` are the statuses of answers that are no problem.
    """
    with ExitStack() as views:

        def open_one(port: int | None, path: str = "/", allowed: Collection[int] = (), **looks: Any) -> View:
            view = views.enter_context(viewed(browser, port, Looks(**looks)))
            view.allowed.update(allowed)
            view.open(path)
            return view

        yield open_one


@pytest.fixture
def write(look: Look) -> Look:
    """The same for whoever may change something."""

    def open_one(port: int | None, path: str = "/", **options: Any) -> View:
        view = look(port, **options)
        view.log_in(*WRITER)
        view.open(path)
        return view

    return open_one
