"""The sections of a card on how good a version is, for whom it is not, and who let it serve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noria.card.document import Line, Section, Table, line
from noria.card.figures import moment, number, over_days, span
from noria.card.record import Record
from noria.timeline import timeline

SHOWN = 20
"""Rows of a table at most."""
LIMITS = ("slices", "weak-slices", "fairness", "calibration", "robustness", "attack", "forbidden-features")
"""The gates whose verdicts tell of limits."""


def metrics(record: Record) -> Section:
    facts = record.row.facts
    rows = [
        (name, number(value), span(over_days(facts.get("daily", {}).get(name, ()))))
        for name, value in facts["metrics"].items()
    ]
    verdicts = record.run.verdicts if record.run else ()
    return Section(
        title="Metrics",
        tables=(
            Table(
                title="On rows that the judged model had not seen",
                heads=("metric", "on all", "mean over days or blocks, 95%"),
                rows=tuple(rows),
                empty="Nothing was held out, so nothing was measured.",
            ),
            Table(
                title="Gates",
                heads=("gate", "verdict", "why"),
                rows=tuple((each.gate, str(each.outcome), each.reason) for each in verdicts),
                empty="Its run is no longer recorded.",
            ),
        ),
    )


def service(record: Record) -> Section:
    found, error = record.service, record.calibration and record.calibration.error
    groups = record.calibration.groups if record.calibration else ()
    none = "no prediction has matured yet; noria quality"
    metrics = found.metrics.items() if found else ()
    return Section(
        title="Quantitative analyses: in service",
        lines=(
            line("mature days", found and f"{found.days[0]} to {found.days[-1]}", none),
            line("labelled", found and f"{found.rows:,} of {found.predictions:,} predictions", none),
            line("calibration error", error and span(error), none),
        ),
        tables=(
            Table(
                title="Realised quality",
                heads=("metric", "mean over days, 95%"),
                rows=tuple((name, span(mean)) for name, mean in metrics),
                empty="None yet.",
            ),
            Table(
                title="Calibration",
                heads=("said", "came true", "rows"),
                rows=tuple((number(one.output), number(one.truth), f"{one.rows:,}") for one in groups),
                empty="None yet.",
            ),
            Table(
                title="Slices",
                heads=("slice", "rows", record.project.loss.name, "beyond the others"),
                rows=tuple(
                    (f"{one.column} = {one.value}", f"{one.rows:,}", span(one.loss), span(one.beyond))
                    for one in record.slices[:SHOWN]
                ),
                empty="None is declared, or none has enough rows yet.",
            ),
        ),
    )


def ethics(record: Record) -> Section:
    return Section(
        title="Ethical considerations and limits",
        lines=tuple(limits(record)),
        tables=(
            Table(
                title="Fairness in service: the largest difference between two values",
                heads=("of", "by", "gap, 95%"),
                rows=tuple((one.rate, one.column, span(one.gap)) for one in record.gaps),
                empty="No column is declared as sensitive, or none has enough rows yet.",
            ),
            *_findings(record),
        ),
    )


def limits(record: Record) -> Iterator[Line]:
    """Yield what the gates on limits said, and which were not asked."""
    verdicts = record.run.verdicts if record.run else ()
    for gate in LIMITS:
        said = [each for each in verdicts if each.gate == gate]
        for each in said:
            yield Line(name=gate, text=f"{each.outcome}: {each.reason}")
        if not said:
            yield Line(name=gate, missing=f"the gate {gate} was not asked; name it in [[gates]]")


def _findings(record: Record) -> Iterator[Table]:
    """Yield the rows that gates on limits kept, the worst first."""
    for gate, rows in record.findings:
        if gate in LIMITS and rows:
            heads = tuple(rows[0])
            texts = tuple(tuple(_text(row.get(name)) for name in heads) for row in rows[:SHOWN])
            yield Table(title=f"What {gate} looked at, the worst first", heads=heads, rows=texts, empty="")


def caveats(record: Record) -> Section:
    run = record.run
    refused = run.facts.get("quarantined", 0) if run else 0
    opened = tuple(
        (moment(alert.opened), alert.severity, alert.title, moment(alert.ended) if alert.ended else "open")
        for alert in record.alerts[:SHOWN]
    )
    return Section(
        title="Caveats",
        lines=(
            Line(name="rows refused by the schema", text=f"{refused:,}"),
            Line(name="runs code of its own", text="yes" if record.spec["kind"] == "pyfunc" else "no"),
        ),
        tables=(
            Table(
                title="Alerts in service",
                heads=("opened", "severity", "what", "ended"),
                rows=opened,
                empty="None.",
            ),
        ),
    )


def approval(record: Record) -> Section:
    rows = tuple(
        (moment(at), entry["actor"], kind, why)
        for entry in record.entries
        for at, kind, why in timeline([entry])
    )
    return Section(
        title="Approval: who decided what, and why",
        tables=(
            Table(title="Decisions", heads=("when", "who", "what", "why"), rows=rows, empty="None yet."),
        ),
    )


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
