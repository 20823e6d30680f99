import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from noria.chart.heat_map import Cell, heat_map

DAYS = [datetime(2013, 3, 1, tzinfo=UTC) + timedelta(days=day) for day in range(3)]


def drawn(cells: dict[str, dict[datetime, Cell]]) -> ET.Element:
    return ET.fromstring(heat_map("drift", DAYS, cells))


@pytest.mark.parametrize(
    ("share", "shade"), [(-1, 0), (0, 0), (0.24, 0), (0.25, 1), (0.5, 2), (0.99, 3), (1, 4), (9, 4)]
)
def test_the_shade_says_how_far_it_went(share: float, shade: int) -> None:
    (cell,) = drawn({"carrier": {DAYS[0]: Cell(share=share, text="t")}}).iter("rect")
    assert cell.attrib["class"] == f"heat heat-{shade}"


def test_each_name_has_its_row_and_each_day_its_place() -> None:
    here, there = Cell(share=0, text="a"), Cell(share=1, text="<b>", marked=True)
    svg = drawn({"carrier": {DAYS[0]: here, DAYS[2]: there}, "<dest>": {DAYS[1]: here}})
    first, last, other = svg.iter("rect")
    assert float(first.attrib["x"]) < float(other.attrib["x"]) < float(last.attrib["x"])
    assert first.attrib["y"] == last.attrib["y"] != other.attrib["y"]
    assert last.attrib["class"].endswith(" marked")
    assert last.find("title").text == "<b>"
    names = [text.text for text in svg.iter("text") if text.attrib["text-anchor"] == "end"]
    assert names == ["carrier", "<dest>"]
    width = float(svg.attrib["viewBox"].split()[2])
    assert float(last.attrib["x"]) + float(last.attrib["width"]) <= width


def test_without_days_it_is_empty() -> None:
    assert not list(ET.fromstring(heat_map("drift", [], {})).iter("rect"))
