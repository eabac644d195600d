"""Things as JSON: the same for the admin port and the shell."""

from collections.abc import Callable, Mapping

from pyzoo.recipes.thing import Part, Thing
from pyzoo.subtrees.values import Json
from pyzoo.zxid import zxid_text

IsoText = Callable[[int], str]
"""Milliseconds since 1970 as ISO 8601."""


def thing_json(thing: Thing, iso: IsoText, addresses: Mapping[int, str]) -> dict[str, Json]:
    """One thing; `addresses` are those of the sessions that are known."""
    return {
        "kind": thing.kind,
        "recipe": thing.recipe,
        "guess": thing.guess,
        "path": thing.path,
        "permits": thing.permits,
        "value": thing.value,
        "total": thing.total,
        "parts": [_part_json(part, iso, addresses) for part in thing.parts],
        "notes": list(thing.notes),
    }


def _part_json(part: Part, iso: IsoText, addresses: Mapping[int, str]) -> dict[str, Json]:
    value: dict[str, Json] = {
        "role": part.role,
        "path": part.path,
        "session": zxid_text(part.session) if part.session else None,
        "address": addresses.get(part.session),
        "since": iso(part.since),
        "label": part.label,
    }
    return value | {"mode": part.mode} if part.mode else value
