"""Graphs as paths of SVG."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from pyzoo.console.graphs import HEIGHT, WIDTH, draw, number_text
from pyzoo.console.samples import KEPT_MS, MOST_APART_MS

NOW = 10 * KEPT_MS


def test_a_graph_says_in_words_what_it_shows() -> None:
    graph = draw("Requests", "/s", [(NOW - 120_000, 1500.0), (NOW, 3.25)], NOW)
    assert "Requests: 3.25/s now, at most 1,500/s in the last 2 minutes" == graph.text


def test_what_nobody_looked_at_is_a_gap() -> None:
    points = [(NOW - 3 * MOST_APART_MS, 1.0), (NOW - 3 * MOST_APART_MS + 5000, 2.0), (NOW - 5000, 2.0), (NOW, 1.0)]
    assert 2 == draw("", "", points, NOW).line.count("M")


def test_without_values_there_is_no_line() -> None:
    graph = draw("Latency", " ms", [(NOW, None), (NOW - 2 * KEPT_MS, 5.0)], NOW)
    assert ("", "", "Latency: nothing is known yet") == (graph.line, graph.area, graph.text)


@given(st.lists(st.tuples(st.integers(-2 * KEPT_MS, KEPT_MS), st.none() | st.floats(0, 1e12)), max_size=20))
@example([(0, 5e-324)])
def test_every_point_is_inside_of_the_picture(points: list[tuple[int, float | None]]) -> None:
    graph = draw("", "", sorted([(NOW + at, value) for at, value in points], key=lambda each: each[0]), NOW)
    for x, y in re.findall(r"([\d.e+-]+),([\d.e+-]+)", graph.line):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT


def test_numbers_have_as_many_digits_as_say_something() -> None:
    assert ["0", "0.25", "12.3", "1,235", "7"] == [number_text(value) for value in (0, 0.25, 12.34, 1234.6, 7.0)]
