"""More patterns, from YAML or JSON: a list of mappings with the fields of Pattern, or one under `recipes`.

recipes:
  - name: our scheduler
    kind: election
    form: line
    at: scheduler/candidates
    entry: candidate-(?P<sequence>[0-9]{10})
    label: "{host}:{port}"
"""

from typing import Any, Final

import yaml
from attrs import fields

from pyzoo.errors import MalformedInput
from pyzoo.recipes.pattern import Pattern

_REQUIRED: Final = ("name", "kind", "form")
_LISTS: Final = ("needs", "counts", "notes")
_FLAGS: Final = ("ephemeral", "labelled", "guess")
_FIELDS: Final = tuple(attribute.name for attribute in fields(Pattern))


def read_patterns(text: str, where: str) -> tuple[Pattern, ...]:
    """The patterns of a file's text; raises MalformedInput, which begins with `where`."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise MalformedInput(f"{where}: this is neither YAML nor JSON: {' '.join(str(error).split())}") from None
    if isinstance(document, dict) and list(document) == ["recipes"]:
        document = document["recipes"]
    if not isinstance(document, list):
        raise MalformedInput(f"{where}: give a list of recipes, or one under the key recipes")
    patterns = tuple(_pattern(entry, f"{where}, recipe {number}") for number, entry in enumerate(document, 1))
    names = [pattern.name for pattern in patterns]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise MalformedInput(f"{where}: the recipe {twice} is there twice")
    return patterns


def _pattern(entry: Any, where: str) -> Pattern:
    if not isinstance(entry, dict):
        raise MalformedInput(f"{where}: give a mapping with {', '.join(_REQUIRED)} and more")
    unknown = next((str(key) for key in entry if key not in _FIELDS), None)
    if unknown is not None:
        raise MalformedInput(f"{where}: {unknown} is not known; there are {', '.join(_FIELDS)}")
    missing = next((key for key in _REQUIRED if key not in entry), None)
    if missing is not None:
        raise MalformedInput(f"{where}: {missing} is missing")
    values = {key: _value(key, value, where) for key, value in entry.items()}
    try:
        return Pattern(**values)
    except MalformedInput as error:
        raise MalformedInput(f"{where}: {error}") from None


def _value(key: str, value: Any, where: str) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(element, str) for element in value):
            raise MalformedInput(f"{where}: {key} must be a list of texts")
        return tuple(value)
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise MalformedInput(f"{where}: {key} must be true or false")
        return value
    if key == "permits" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise MalformedInput(f"{where}: {key} must be a text")
    return value
