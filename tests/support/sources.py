"""The source itself as trees, parsed once for all tests that look at it."""

import ast
import gc
from functools import cache, cached_property
from pathlib import Path

from attrs import field, frozen

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "pyzoo"


@frozen(eq=False)
class Module:
    """A file of the package: its path within that, and what the parser says of it."""

    path: str
    text: str
    nodes: list[ast.AST] = field(repr=False)
    """All of its tree, which is the first."""

    @property
    def room(self) -> str:
        first, _, rest = self.path.partition("/")
        return first if rest else first.removesuffix(".py")

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = ["pyzoo", *self.path.removesuffix(".py").split("/")]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_program_or_package(self) -> bool:
        return self.path.endswith(("__init__.py", "__main__.py"))

    @cached_property
    def imports(self) -> set[str]:
        """The modules that it names, and what it takes from packages, which may be modules too."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                if node.module.startswith("pyzoo"):
                    found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found


@cache
def modules() -> tuple[Module, ...]:
    """All files of the package."""
    found = []
    # Nothing of this is garbage, and looking for some would take longer than parsing.
    gc.disable()
    try:
        for path in sorted(SOURCE.rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append(Module(path.relative_to(SOURCE).as_posix(), text, list(ast.walk(ast.parse(text)))))
    finally:
        gc.freeze()
        gc.enable()
    return tuple(found)
