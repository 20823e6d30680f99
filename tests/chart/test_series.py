import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from noria.chart.series import Line, Mark, series

START = datetime(2013, 2, 4, tzinfo=UTC)
MOMENTS = [START + timedelta(days=7 * n) for n in range(9)]


def drawn(*lines: Line, marks: tuple[Mark, ...] = ()) -> ET.Element:
    return ET.fromstring(series("loss <by> week", MOMENTS, lines, marks=marks))


def test_lines_and_marks_are_inside_the_frame() -> None:
    one = Line(name="one", style="line-0", values=[0.5 + n / 50 for n in range(9)])
    two = Line(name="two", style="line-1", values=[0.4] * 9)
    svg = drawn(one, two, marks=(Mark(at=START - timedelta(days=1), style="promoted", text="promoted"),))
    paths = [path.attrib["d"] for path in svg.iter("path")]
    points = [tuple(map(float, point)) for path in paths for point in re.findall(r"([\d.]+),([\d.]+)", path)]
    assert len(points) == 18
    assert all(56 <= x <= 884 and 16 <= y <= 264 for x, y in points)
    assert [line.attrib["x1"] for line in svg.iter("line") if "promoted" in line.attrib["class"]] == ["56"]
    assert [text.text for text in svg.iter("text") if text.text and text.text.isalpha()] == ["Mar", "Apr"]


def test_a_line_is_broken_where_it_has_no_value() -> None:
    nan = float("nan")
    svg = drawn(Line(name="one", style="line-0", values=[nan, 1, 2, nan, nan, 3, 4, 5, nan]))
    [path] = svg.iter("path")
    assert [len(part.split("L")) for part in path.attrib["d"].split("M")[1:]] == [2, 3]


def test_a_band_closes_around_what_is_finite() -> None:
    ends = [(0.0, 2.0)] * 8 + [(float("-inf"), float("inf"))]
    svg = drawn(Line(name="one", style="line-0", values=[1.0] * 9, band=ends))
    band, _ = svg.iter("path")
    assert band.attrib["class"] == "band line-0"
    assert band.attrib["d"].count(",") == 16
    assert band.attrib["d"].endswith("Z")


def test_a_reader_of_screens_hears_the_title() -> None:
    svg = drawn(Line(name="one", style="line-0", values=[1.0] * 9))
    assert (svg.attrib["role"], svg[0].tag, svg[0].text) == ("img", "title", "loss <by> week")
