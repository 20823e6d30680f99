from __future__ import annotations

from dataclasses import replace

from noria.card.annex_iv import annex_iv
from noria.card.document import markdown
from noria.card.record import Record


def test_it_has_all_nine_points_and_says_who_has_to_write_what_is_missing(record: Record) -> None:
    points = annex_iv(record)
    assert [point.title.partition(".")[0] for point in points] == list("123456789")
    missing = {line.name: line.missing for point in points for line in point.missing}
    assert missing["declaration"].startswith("the provider has to write it")
    assert missing["(b) design choices and rationale"].startswith("the owner of the model has to write it")
    assert missing["who is told"] == "[alerts] routes names nobody; write it into noria.toml"


def test_what_records_know_is_filled_in(record: Record) -> None:
    text = markdown(record.name, annex_iv(record))
    assert "- (b) parameters: " in text
    assert "- (d) rows: 400" in text
    assert "- (g) rows: 200" in text
    assert "| ada | promoted | version 2: it is better |" in text
    assert f"- policy: {record.row.facts['policy']}" in text


def test_without_records_no_point_is_left_out(record: Record) -> None:
    assert len(annex_iv(replace(record, made_from=None, run=None, learnt=None, signed=""))) == 9
