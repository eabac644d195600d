"""More patterns come from a file, with clear words where it is wrong."""

import pytest

from pyzoo.errors import MalformedInput
from pyzoo.recipes.pattern_file import read_patterns

from .nodes import Nodes, labels, one_in

SCHEDULER = """
recipes:
  - name: our scheduler
    kind: election
    form: line
    at: scheduler/candidates
    entry: candidate-(?P<sequence>[0-9]{10})
    ephemeral: true
    permits: 2
    label: "{host}:{port}"
    needs: [../config]
"""


def test_a_pattern_of_a_file_comes_before_those_built_in() -> None:
    nodes = Nodes().add("/a/scheduler/config")
    for number in range(3):
        name = f"candidate-{number:010}"
        nodes.add(f"/a/scheduler/candidates/{name}", f'{{"host":"h{number}","port":1}}', number + 1)
    thing = one_in(nodes, *read_patterns(SCHEDULER, "recipes.yaml"))
    assert ("our scheduler", ["h0:1", "h1:1"], ["h2:1"]) == (
        thing.recipe,
        labels(thing, "holder"),
        labels(thing, "waiter"),
    )


def test_json_is_a_list_too() -> None:
    (pattern,) = read_patterns('[{"name": "n", "kind": "lock", "form": "line", "entry": "l-[0-9]+"}]', "x.json")
    assert ("n", "l-[0-9]+") == (pattern.name, pattern.entry)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[", "f: this is neither YAML nor JSON"),
        ("5", "f: give a list of recipes, or one under the key recipes"),
        ("- 5", "f, recipe 1: give a mapping with name, kind, form and more"),
        ("- {kind: lock, form: line}", "f, recipe 1: name is missing"),
        ("- {name: n, kind: lock, form: line, colour: red}", "f, recipe 1: colour is not known; there are name, kind,"),
        ("- {name: n, kind: lok, form: line}", "f, recipe 1: recipe n: kind lok: choose one of lock,"),
        ("- {name: n, kind: lock, form: queue}", "f, recipe 1: recipe n: form queue: choose one of line,"),
        ("- {name: n, kind: lock, form: line, entry: '['}", "f, recipe 1: recipe n: entry [ is no regular expression"),
        ("- {name: n, kind: lock, form: line, permits: 0}", "f, recipe 1: recipe n: permits 0: give a number, all"),
        ("- {name: n, kind: lock, form: line, label: json}", "f, recipe 1: recipe n: label json: give text, or"),
        ("- {name: n, kind: lock, form: owner}", "f, recipe 1: recipe n: form owner needs at"),
        ("- {name: n, kind: lock, form: semaphore}", "f, recipe 1: recipe n: form semaphore needs queue"),
        ("- {name: n, kind: lock, form: line, needs: x}", "f, recipe 1: needs must be a list of texts"),
        ("- {name: n, kind: lock, form: line, ephemeral: x}", "f, recipe 1: ephemeral must be true or false"),
        ("- {name: 1, kind: lock, form: line}", "f, recipe 1: name must be a text"),
        ("- &a {name: n, kind: lock, form: line}\n- *a", "f: the recipe n is there twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        read_patterns(text, "f")
    assert str(caught.value).startswith(fault)
