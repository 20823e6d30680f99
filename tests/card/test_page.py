from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

from noria.card.page import page
from noria.card.record import Record


def test_the_page_holds_every_picture_and_needs_nothing_else(record: Record) -> None:
    text = page(record)
    titles = re.findall(r"<svg[^>]*><title>([^<]*)</title>", text)
    assert [title.partition(":")[0] for title in titles] == [
        "What moves its answers, as shares",
        *sorted(record.learnt.importance, key=lambda name: -record.learnt.importance[name]),
        "log_loss by day in service; a dashed line is an alert",
        "Calibration",
        "log_loss by slice",
        "Lineage",
    ]
    for picture in re.findall(r"<svg.*?</svg>", text, re.S):
        ET.fromstring(picture)
    assert not re.search(r"<script|<link|src=|url\(|https?://", text)
    assert "default-src 'none'" in text
    assert text.count('class="missing"') == len(
        re.findall(r"<li>[^<]*, [^<]*: ", text.split("</details>")[0])
    )


def test_what_is_not_recorded_is_not_drawn(record: Record) -> None:
    bare = replace(
        record, learnt=None, made_from=None, run=None, service=None, calibration=None, slices=(), alerts=()
    )
    assert re.findall(r"<svg[^>]*><title>([^<]*)</title>", page(bare)) == ["Lineage"]


def test_what_a_record_says_is_no_markup(record: Record) -> None:
    row = replace(record.row, facts={**record.row.facts, "learnt": "<b>now</b>"})
    assert "&lt;b&gt;now&lt;/b&gt;" in page(replace(record, row=row))


def test_a_regression_has_no_picture_of_probabilities(record: Record) -> None:
    text = page(replace(record, spec={**record.spec, "task": "regression", "classes": []}))
    assert "<title>Calibration" not in text
    assert "<title>Lineage" in text
