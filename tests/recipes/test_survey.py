"""The walk goes in slices, is bounded, and says so."""

from pyzoo.recipes.survey import NODES_A_BREATH, Survey
from pyzoo.recipes.table import PatternTable

from .nodes import A, Nodes, one_in


def locks(count: int) -> Nodes:
    nodes = Nodes()
    for number in range(count):
        nodes.add(f"/locks/{number:04}/{A}__lock__0000000000", session=number + 1)
    return nodes


def test_others_go_on_after_every_few_nodes() -> None:
    survey = Survey(PatternTable(), locks(300), "/")
    breaths = sum(1 for _ in survey.breaths())
    assert breaths >= survey.nodes // NODES_A_BREATH
    assert 300 == len(survey.things)


def test_a_walk_that_ends_early_says_so() -> None:
    survey = Survey(PatternTable(), locks(20), "/", most_nodes=12)
    for _ in survey.breaths():
        pass
    assert "after 12 nodes" == survey.stopped
    assert 5 == len(survey.things)


def test_only_the_wanted_part_is_looked_at() -> None:
    nodes = locks(3).add("/elsewhere/n_0000000000", session=9)
    survey = Survey(PatternTable(), nodes, "/elsewhere")
    for _ in survey.breaths():
        pass
    assert ["/elsewhere"] == [thing.path for thing in survey.things]


def test_of_very_many_who_wait_the_first_are_told() -> None:
    nodes = Nodes()
    for number in reversed(range(1500)):
        nodes.add(f"/lock/{A}__lock__{number:010}", session=number + 1)
    thing = one_in(nodes)
    assert (1500, 1000) == (thing.total, len(thing.parts))
    assert [1, *range(2, 1001)] == [part.session for part in thing.parts]


def test_a_tree_may_change_between_two_steps() -> None:
    nodes = locks(400)
    survey = Survey(PatternTable(), nodes, "/")
    for number, _ in enumerate(survey.breaths()):
        nodes.add(f"/locks/new{number}/{A}__lock__0000000000", session=1)
    assert len(survey.things) >= 400
