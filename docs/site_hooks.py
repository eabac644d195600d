"""What MkDocs does not do by itself: pages from outside `docs/`, and links to files of the repository.

The pages are written to be read in the repository too, so their links are relative to where they lie there. In the
site the project's own files (CONTRIBUTING.md and so on) become pages, and other files that a page links to, such as
manifests, become pages that show them.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "interop/README.md": "project/interop.md",
    "tests/README.md": "project/tests.md",
}
"""Pages from outside `docs/`, and what they are in the site."""
ORIGINS = {page: origin for origin, page in PROJECT.items() if page != "index.md"}
DECISIONS = "Decisions"
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(#[^)\s]*)?(?=\))")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LANGUAGES = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".service": "ini", ".md": "md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """All decisions, in their order, stand where the navigation names them."""
    names = sorted(path.name for path in (REPOSITORY / "docs" / "decisions").glob("*.md"))
    pages = {DECISIONS: [f"decisions/{name}" for name in names]}
    for entry in config.nav or []:
        for items in entry.values():
            if isinstance(items, list):
                items[:] = [pages if item == {DECISIONS: "decisions/"} else item for item in items]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of files outside `docs/`."""
    for page, origin in ORIGINS.items():
        files.append(generated(config, page, (REPOSITORY / origin).read_text()))
    for target in sorted({target for page in list(files.documentation_pages()) for target in shown_targets(page)}):
        files.append(generated(config, page_of_target(target), shown(REPOSITORY / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links lead to where their targets are in the site."""
    here = page.file.src_uri

    def moved(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin_of(here)), found[1]))
        there = PROJECT.get(target)
        if there is None and target.startswith("docs/") and not is_shown(target):
            there = target.removeprefix("docs/")
        elif there is None and (REPOSITORY / target).exists():
            there = page_of_target(target)
        return found[0] if there is None else posixpath.relpath(there, posixpath.dirname(here)) + (found[2] or "")

    # Links are outside of fences.
    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)


def origin_of(page: str) -> str:
    """Where a page of the site lies in the repository."""
    return ORIGINS.get(page, f"docs/{page}")


def is_shown(target: str) -> bool:
    """Whether a target is no page and no picture, but a file or a directory that gets a page which shows it."""
    return not target.endswith((".md", ".png")) and (REPOSITORY / target).exists()


def shown_targets(file: File) -> set[str]:
    """The files and directories of the repository that a page links to."""
    here = posixpath.dirname(origin_of(file.src_uri))
    text = FENCE.sub("", file.content_string)
    targets = {posixpath.normpath(posixpath.join(here, found[1])) for found in LINK.finditer(text)}
    return {target for target in targets if is_shown(target)}


def page_of_target(target: str) -> str:
    return f"files/{target}.md"


def shown(target: Path) -> str:
    """A page with the text of a file, or with those of all files in a directory."""
    name = target.relative_to(REPOSITORY)
    if target.is_file():
        return f"# {name}\n\n{fenced(target)}"
    files = sorted(path for path in target.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return f"# {name}\n\n" + "\n".join(f"## {path.relative_to(target)}\n\n{fenced(path)}" for path in files)


def fenced(path: Path) -> str:
    return f"````{LANGUAGES.get(path.suffix, 'text')}\n{path.read_text()}````\n"


def generated(config: MkDocsConfig, page: str, text: str) -> File:
    file = File.generated(config, page, content=text)
    file.inclusion = InclusionLevel.NOT_IN_NAV if page not in str(config.nav) else InclusionLevel.INCLUDED
    return file
