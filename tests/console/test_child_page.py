"""Pages of children: in the order of their names, out of as many as there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.console.nodes import child_page as pages
from pyzoo.console.nodes.child_page import NAMES_AT_ONCE, ChildPage, PageWanted, child_page
from tests.support.large_trees import parent_of_many, plain_node

NAMES = st.lists(st.text(alphabet="abAB01/%".replace("/", ""), min_size=1, max_size=4), unique=True, max_size=60)


class Pauses:
    """Counts how often everybody else may go on."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


async def names_of(names: list[str], wanted: PageWanted) -> tuple[list[str], ChildPage]:
    page = await child_page(parent_of_many(names), wanted, Pauses())
    return [path.rpartition("/")[2] for path in page.paths], page


def run(names: list[str], wanted: PageWanted) -> tuple[list[str], ChildPage]:
    """The page, without an event loop: nothing waits."""
    coroutine = names_of(names, wanted)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    result: tuple[list[str], ChildPage] = ended.value.value
    return result


@given(NAMES, st.integers(1, 7), st.text(alphabet="abAB01", max_size=3), st.integers(1, 9))
def test_pages_forwards_are_slices_of_all_names_in_order(
    names: list[str], limit: int, after: str, at_once: int
) -> None:
    wanted = [name for name in sorted(names) if name > after]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "NAMES_AT_ONCE", at_once)
        found, page = run(names, PageWanted(limit, after=after))
    assert wanted[:limit] == found
    assert (len(names), len(names), len(names) - len(wanted)) == (page.total, page.matching, page.first)
    assert (page.has_earlier, page.has_later) == (len(names) > len(wanted), len(wanted) > limit)


@given(NAMES, st.integers(1, 7), st.text(alphabet="abAB01", min_size=1, max_size=3), st.integers(1, 9))
def test_pages_backwards_end_before_a_name(names: list[str], limit: int, before: str, at_once: int) -> None:
    wanted = [name for name in sorted(names) if name < before]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "NAMES_AT_ONCE", at_once)
        found, page = run(names, PageWanted(limit, before=before))
    assert wanted[-limit:] == found
    assert max(len(wanted) - limit, 0) == page.first


@pytest.mark.parametrize(
    ("matching", "found"),
    [
        ("B", ["ab", "b1", "B2"]),
        ("b*", ["B2", "b1"]),
        ("?b", ["ab"]),
        ("[1", []),
        ("%", ["%41"]),
        ("[ac]*", ["ab", "c"]),
        ("", None),
    ],
)
def test_names_are_chosen_by_a_part_or_a_pattern(matching: str, found: list[str] | None) -> None:
    names = ["ab", "b1", "B2", "%41", "c"]
    assert (sorted(names) if found is None else sorted(found)) == run(names, PageWanted(10, matching=matching))[0]


def test_the_last_page_is_full_where_it_can_be() -> None:
    found, page = run([f"n{at}" for at in range(10)], PageWanted(3, last=True))
    assert (["n7", "n8", "n9"], 7, False) == (found, page.first, page.has_later)


def test_a_node_without_children_has_an_empty_page() -> None:
    assert run([], PageWanted(5))[0] == []


async def test_of_very_many_names_few_are_looked_at_between_two_pauses() -> None:
    pauses, count = Pauses(), 10 * NAMES_AT_ONCE
    page = await child_page(parent_of_many([f"{at:07}" for at in reversed(range(count))]), PageWanted(2), pauses)
    assert (["/parent/0000000", "/parent/0000001"], count, 10) == (list(page.paths), page.total, pauses.count)


async def test_children_that_come_and_go_meanwhile_do_not_spoil_the_page() -> None:
    node = parent_of_many([f"{at:07}" for at in range(2 * NAMES_AT_ONCE)])
    children = node.children
    assert children is not None

    async def pause() -> None:
        if len(children) == 2 * NAMES_AT_ONCE:
            gone = children.nodes()[1]
            gone.leave()
            children.discard(gone)
            children.add(plain_node("/parent/0000000x"))

    page = await child_page(node, PageWanted(3), pause)
    assert ["/parent/0000000", "/parent/0000001", "/parent/0000002"] == list(page.paths)
    assert 2 * NAMES_AT_ONCE == page.total
