import xml.etree.ElementTree as ET
from itertools import pairwise

from noria.chart.bars import bars


def test_each_name_has_a_pair_whose_heights_are_their_shares() -> None:
    svg = ET.fromstring(bars("carrier", ["AA", "<UA>"], [0.2, 0.4], [0.4, 0.0]))
    found = list(svg.iter("rect"))
    assert [bar.attrib["class"] for bar in found] == ["column line-0", "column line-1"] * 2
    heights = [float(bar.attrib["height"]) for bar in found]
    assert heights[1] == heights[2] == 2 * heights[0]
    assert heights[3] == 0
    assert found[2].find("title").text == "<UA>: 40.0%"
    ends = [(float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in found]
    assert all(x + width <= after for (x, width), (after, _) in pairwise(ends))


def test_shares_that_are_all_zero() -> None:
    svg = ET.fromstring(bars("carrier", ["AA"], [0.0], [0.0]))
    assert [bar.attrib["height"] for bar in svg.iter("rect")] == ["0.0", "0.0"]


def test_of_one_series_each_name_has_one_bar() -> None:
    svg = ET.fromstring(bars("importance", ["hour", "origin"], [0.75, 0.25]))
    assert [bar.find("title").text for bar in svg.iter("rect")] == ["hour: 75.0%", "origin: 25.0%"]
