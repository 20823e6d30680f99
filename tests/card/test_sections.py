"""The card: everything that is recorded is told, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from noria.card.document import Section, markdown
from noria.card.evidence import LIMITS, limits
from noria.card.record import Record
from noria.card.sections import sections
from noria.core.gates import Outcome, Verdict
from noria.project.checks import CHECKS

TITLES = [
    "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
    "Quantitative analyses: in service", "Ethical considerations and limits", "Caveats",
    "Approval: who decided what, and why", "Lineage",
]  # fmt: skip


def told(record: Record) -> dict[str, dict[str, str]]:
    """The lines of each section: what is said, or what is missing."""
    return {
        section.title: {line.name: line.text or f"missing: {line.missing}" for line in section.lines}
        for section in sections(record)
    }


def table(record: Record, section: str, title: str) -> list[tuple[str, ...]]:
    found: Section = next(each for each in sections(record) if each.title == section)
    return list(next(each for each in found.tables if each.title == title).rows)


def test_the_sections_are_those_of_the_paper_and_tell_what_is_recorded(record: Record) -> None:
    said = told(record)
    assert list(said) == TITLES
    details = said["Model details"]
    assert details["version"] == "delay/2"
    assert details["role now"] == "champion"
    assert details["signature"] == "by .noria/keys/model.pub, and verified"
    assert details["why it was trained"] == "asked by ada"
    assert said["Factors"]["slices"] == "city"
    assert said["Evaluation data"]["rows"] == "200"
    assert said["Training data"]["rows"] == "400"
    assert said["Lineage"]["commit"] == "c0ffee" + "0" * 34
    assert said["Caveats"]["rows refused by the schema"] == "3"


def test_what_nobody_wrote_is_missing_with_what_to_do(record: Record) -> None:
    said = told(record)
    assert said["Model details"]["owner"] == "missing: [model] owner says nothing; write it into noria.toml"
    assert said["Intended use"]["purpose"].startswith("missing: [model] purpose says nothing")
    assert said["Ethical considerations and limits"]["fairness"].startswith(
        "missing: the gate fairness was not"
    )
    text = markdown(record.name, sections(record))
    assert "- owner: **missing**: [model] owner says nothing; write it into noria.toml" in text


def test_metrics_come_with_their_intervals(record: Record) -> None:
    measured = table(record, "Metrics", "On rows that the judged model had not seen")
    assert measured[0] == ("log_loss", "0.5000", "0.5000 (-0.7706 to 1.7706)")  # t(0.975, 1) 12.706 * 0.1
    assert measured[1] == ("auc", "0.8000", "0.7500 (too few days)")
    service = table(record, "Quantitative analyses: in service", "Realised quality")
    assert service[0][1].startswith("0.5450 (0.52")


def test_gates_findings_decisions_and_alerts_are_told(record: Record) -> None:
    gates = table(record, "Metrics", "Gates")
    assert gates[0] == ("enough-rows", "passed", "200 rows held out")
    limits = "Ethical considerations and limits"
    assert table(record, limits, "What weak-slices looked at, the worst first") == [("city = Chur", "0.7123")]
    assert ("selection rate", "city") in {
        row[:2]
        for row in table(record, limits, "Fairness in service: the largest difference between two values")
    }
    decided = table(record, "Approval: who decided what, and why", "Decisions")
    assert [row[1:3] for row in decided] == [("noria", "passed"), ("ada", "promoted")]
    assert decided[-1][3] == "version 2: it is better"
    assert table(record, "Caveats", "Alerts in service")[0][2] == "age has drifted"
    slices = table(record, "Quantitative analyses: in service", "Slices")
    assert [row[0] for row in slices] == ["city = Chur", "city = Bern"]


def test_without_records_everything_is_missing_and_nothing_fails(record: Record) -> None:
    bare = replace(
        record, run=None, made_from=None, learnt=None, service=None, calibration=None, slices=(), gaps=(),
        alerts=(), entries=(), findings=(), role="", signed="",
    )  # fmt: skip
    said = told(bare)
    assert list(said) == TITLES
    assert said["Training data"]["rows"].startswith("missing: was not kept")
    assert said["Model details"]["signature"].startswith("missing: the project has no key")
    assert said["Model details"]["why it was trained"].startswith("missing")


@pytest.mark.parametrize("gate", LIMITS)
def test_the_gates_on_limits_are_gates(gate: str) -> None:
    assert gate in CHECKS


def test_a_bar_in_a_text_breaks_no_table(record: Record) -> None:
    assert r"weakest \| as before" in markdown(record.name, sections(record))


def test_a_gate_that_was_asked_twice_is_told_twice(record: Record) -> None:
    assert record.run
    verdicts = [Verdict(gate="slices", outcome=Outcome.PASSED, reason=why) for why in ("age", "city")]
    twice = replace(record, run=replace(record.run, verdicts=tuple(verdicts)))
    assert [line.text for line in limits(twice)][:2] == ["passed: age", "passed: city"]
