"""docs/console.md lists all that is recognised, and its example of a file works."""

import re
from pathlib import Path

from pyzoo.recipes.pattern import FORMS, KINDS, Pattern
from pyzoo.recipes.pattern_file import read_patterns
from pyzoo.recipes.table import PATTERNS

PAGE = (Path(__file__).parents[2] / "docs" / "console.md").read_text()


def row(pattern: Pattern) -> str:
    place = f"`{pattern.at}`" if pattern.at else "anywhere"
    return f"| {pattern.name} | {pattern.kind}{', a guess' if pattern.guess else ''} | {place} | {pattern.form} |"


def section(title: str) -> str:
    return PAGE.partition(f"\n### {title}\n")[2].partition("\n#")[0]


def test_the_table_has_every_pattern_in_the_order_in_which_they_are_tried() -> None:
    listed = re.findall(r"^\| (?!recipe |---)[^`].*$", section("What is recognised"), re.MULTILINE)
    assert [row(pattern) for pattern in PATTERNS] == listed, "\n".join(map(row, PATTERNS))


def test_each_form_and_kind_is_explained() -> None:
    text = section("More recipes")
    for form, meaning in FORMS.items():
        assert f"| `{form}` | {meaning} |" in text
    assert ", ".join(KINDS) in text


def test_the_example_of_a_file_is_right() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", section("More recipes"), re.MULTILINE | re.DOTALL)
    assert [pattern.name for pattern in read_patterns(example, "example")] == ["our scheduler"]


def test_every_field_is_explained() -> None:
    text = section("More recipes")
    fields = {field for field in Pattern.__annotations__ if field not in ("name", "kind", "form")}
    assert {field for field in fields if f"`{field}`" not in text} == set()
