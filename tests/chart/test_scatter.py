import xml.etree.ElementTree as ET

from noria.chart.scale import Frame
from noria.chart.scatter import APART, Point, scatter

INF = float("inf")


def point(name: str, x: float, y: float, half: float) -> Point:
    return Point(name=name, style="line-0", x=x, y=y, low=y - half, high=y + half)


def drawn(*points: Point) -> ET.Element:
    return ET.fromstring(scatter("cost", points, below="trainings", frame=Frame(), band=(0.49, 0.4925)))


def test_every_point_has_a_dot_a_name_and_a_bar() -> None:
    svg = drawn(point("never", 1, 0.52, 0.01), point("<every>", 48, 0.49, 0.004))
    assert len(list(svg.iter("circle"))) == 2
    assert [bar.attrib["class"] for bar in svg.iter("path")] == ["bar line-0"] * 2
    names = {
        text.text: text.attrib["text-anchor"] for text in svg.iter("text") if "name" in text.attrib["class"]
    }
    assert names == {"never": "start", "<every>": "end"}  # a name on the right goes to the left of its point


def test_an_unknown_interval_has_no_bar() -> None:
    assert not list(drawn(point("never", 1, 0.52, INF), point("every", 48, 0.49, INF)).iter("path"))


def test_names_that_are_near_do_not_cover_each_other() -> None:
    svg = drawn(point("a", 47, 0.500, 0.01), point("b", 48, 0.501, 0.01), point("c", 1, 0.5005, 0.01))
    heights = {
        text.text: float(text.attrib["y"]) for text in svg.iter("text") if "name" in text.attrib["class"]
    }
    assert abs(heights["a"] - heights["b"]) >= APART
    assert heights["b"] < heights["c"] < heights["b"] + APART  # far from both: it stays at its point
