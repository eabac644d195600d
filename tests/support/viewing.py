"""What somebody sees of a console: pages in a browser, and whatever goes wrong behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from attrs import Factory, define, frozen
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response

WIDE, PHONE = 1280, 360
PATIENCE_MS = 30_000
SERIOUS = ("serious", "critical")
NOT_REACHED = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
)].filter(each => each.checkVisibility() && !each.disabled && !(each.type === "radio" && !each.checked)
    && each.tabIndex >= 0 && !(window.seen ?? new Set()).has(each)).map(each => each.outerHTML.slice(0, 200))"""
"""Of radio buttons the one that is chosen is come to, the others by arrows."""
FOCUSED = """() => {
    const now = document.activeElement;
    window.seen ??= new Set();
    const known = window.seen.has(now) || now === document.body;
    window.seen.add(now);
    const style = getComputedStyle(now);
    const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return { known, shown, what: now.outerHTML.slice(0, 200), outside: now === document.body };
}"""
LOADING_FAILED = "Failed to load resource"
"""The browser's own message about an answer, which is looked at by its status."""


@frozen
class Looks:
    """How a browser is set up."""

    theme: str = "light"
    width: int = WIDE
    has_javascript: bool = True


@define(slots=False)  # Playwright keeps things of its own at the objects whose methods it calls
class View:
    """A page, and its problems: errors of scripts, what its policy refuses, requests to elsewhere, failed answers."""

    page: Page
    origin: str
    allowed: set[int] = Factory(set)
    problems: list[str] = Factory(list)

    def watch(self) -> None:
        """Note problems from now on."""
        self.page.on("pageerror", self._script_failed)
        self.page.on("console", self._said)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _script_failed(self, error: Error) -> None:
        self.problems.append(f"script: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and LOADING_FAILED not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        place = urlsplit(request.url)
        if f"{place.scheme}://{place.netloc}" != self.origin:
            self.problems.append(f"asks {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.problems.append(f"{response.status} for {response.url}")

    # --- what to do

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(self.origin + path)

    def links(self) -> list[str]:
        """Where the navigation leads to."""
        found = self.page.locator("header nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        return [str(path) for path in found]

    def log_in(self, user: str, password: str) -> None:
        """By the form."""
        self.open("/console/login")
        self.page.get_by_label("Scheme").select_option("digest")
        self.page.get_by_label("User").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.locator("main").get_by_role("button", name="Log in").click()

    # --- what to find

    def barriers(self) -> list[str]:
        """What keeps people out, as axe tells it: the serious things."""
        violations = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']}: {violation['help']} at {[node['html'][:150] for node in violation['nodes'][:3]]}"
            for violation in violations
            if violation["impact"] in SERIOUS
        ]

    def is_too_wide(self) -> bool:
        """Whether the page, not a table in it, has to be moved sideways, once its style sheets are there."""
        self.page.wait_for_load_state()
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def out_of_reach(self) -> list[str]:
        """What is wrong for whoever has a keyboard alone: what Tab does not come to, or gives no visible focus."""
        wrong: list[str] = []
        while left := self.page.evaluate(NOT_REACHED):
            self.page.keyboard.press("Tab")
            now = self.page.evaluate(FOCUSED)
            if now["outside"] or now["known"]:
                return [*wrong, *(f"Tab does not come to {each}" for each in left)]
            if not now["shown"]:
                wrong.append(f"no focus is seen at {now['what']}")
        return wrong


@contextmanager
def viewed(browser: Browser, port: int | None, looks: Looks) -> Iterator[View]:
    """A page in a browser profile of its own, which has to have been without a problem at the end."""
    origin = f"http://localhost:{port}"
    context = browser.new_context(
        color_scheme="dark" if looks.theme == "dark" else "light",
        java_script_enabled=looks.has_javascript,
        viewport={"width": looks.width, "height": 800},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        view = View(context.new_page(), origin)
        view.watch()
        yield view
        assert view.problems == [], "\n".join(view.problems)
    finally:
        context.close()
