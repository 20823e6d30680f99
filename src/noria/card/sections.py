"""What a model card says, from the records alone: the sections of Mitchell et al., FAT* 2019.

https://doi.org/10.1145/3287560.3287596. What the records do not have is missing, with what to do about it.
"""

from __future__ import annotations

from noria.card.document import Line, Section, Table, line
from noria.card.evidence import approval, caveats, ethics, metrics, service
from noria.card.figures import moment, pairs
from noria.card.record import Record

SHOWN = 20
"""Columns at most whose importance is told."""
NOT_KEPT = "was not kept when the version was registered; register a new one: noria run --again"


def sections(record: Record) -> list[Section]:
    """Return the whole card."""
    return [
        details(record),
        use(record),
        factors(record),
        metrics(record),
        evaluation(record),
        training(record),
        service(record),
        ethics(record),
        caveats(record),
        approval(record),
        origins(record),
    ]


def details(record: Record) -> Section:
    row, made = record.row, record.made_from
    return Section(
        title="Model details",
        lines=(
            Line(name="version", text=record.name),
            line("role now", record.role, "no traffic goes to it; noria status"),
            Line(name="registered", text=moment(row.registered)),
            line("owner", made and made.owner, "[model] owner says nothing; write it into noria.toml"),
            line("risk class", made and made.risk, NOT_KEPT),
            Line(name="task", text=record.spec["task"]),
            Line(name="type", text=f"{record.spec['kind']}, {record.spec['file']}"),
            line("parameters", made and pairs(made.parameters), "[train.params] is empty, or was not kept"),
            line("seed", made and str(made.seed), NOT_KEPT),
            Line(name="digest", text=row.digest),
            line("signature", record.signed, "the project has no key yet; the next registration makes one"),
            line("why it was trained", record.run and record.run.reason, "its run is no longer recorded"),
        ),
    )


def use(record: Record) -> Section:
    made, wanted = record.made_from, "[model] purpose says nothing; write it into noria.toml"
    beyond = "no record says what the model is not for; let [model] purpose say it"
    return Section(
        title="Intended use",
        lines=(
            line("purpose", made and made.purpose, wanted),
            line("uses out of scope", "", beyond),
        ),
    )


def factors(record: Record) -> Section:
    made = record.made_from
    slices, sensitive = (made.slices, made.sensitive) if made else ((), ())
    return Section(
        title="Factors",
        lines=(
            line("features", made and ", ".join(made.features), NOT_KEPT),
            line("slices", ", ".join(slices), "[monitor] slices names no column"),
            line("sensitive columns", ", ".join(sensitive), "[monitor] sensitive names no column"),
        ),
        tables=(_importance(record),),
    )


def _importance(record: Record) -> Table:
    shares = record.learnt.importance if record.learnt else {}
    ordered = sorted(shares.items(), key=lambda item: -item[1])[:SHOWN]
    return Table(
        title="What moves its answers",
        heads=("column", "share"),
        rows=tuple((name, f"{share:.1%}") for name, share in ordered),
        empty="It was not measured.",
    )


def evaluation(record: Record) -> Section:
    facts, made = record.row.facts, record.made_from
    held = made.holdout if made else None
    nothing = "nothing was held out; [train] holdout"
    return Section(
        title="Evaluation data",
        lines=(
            Line(name="data version", text=str(facts["data_version"])),
            line("rows", facts.get("holdout_rows") or "", nothing),
            line("from", facts.get("holdout_from"), nothing),
            line("SHA-256 of the rows", held and held.sha256, nothing if made else NOT_KEPT),
        ),
    )


def training(record: Record) -> Section:
    facts, made = record.row.facts, record.made_from
    columns = made.columns if made else ()
    return Section(
        title="Training data",
        lines=(
            Line(name="data version", text=str(facts["data_version"])),
            line("window", facts.get("window"), NOT_KEPT),
            line("rows", made and made.train.rows, NOT_KEPT),
            line("learnt up to", facts.get("learnt"), NOT_KEPT),
            line("source", made and ", ".join(made.source), NOT_KEPT),
            line("label", made and made.label, NOT_KEPT),
            line("SHA-256 of the rows", made and made.train.sha256, NOT_KEPT),
        ),
        tables=(
            Table(
                title="Schema",
                heads=("column", "kind", "may be missing"),
                rows=tuple(
                    (each["name"], each["kind"], "yes" if each["nullable"] else "") for each in columns
                ),
                empty="It was not kept.",
            ),
        ),
    )


def origins(record: Record) -> Section:
    row, made = record.row, record.made_from
    return Section(
        title="Lineage",
        lines=(
            Line(name="run", text=row.run),
            line("commit", row.facts.get("commit"), "the working tree was not committed; git commit"),
            line("uncommitted changes", made and (made.diff or "none"), NOT_KEPT),
            line("schema", made and made.schema, NOT_KEPT),
            line("policy", row.facts.get("policy"), NOT_KEPT),
            line("lock file", made and ": ".join(made.lock), NOT_KEPT),
            line("Python", made and f"{made.python} on {made.platform}", NOT_KEPT),
        ),
        tables=(
            Table(
                title="Steps of the pipeline",
                heads=("step", "key", "output"),
                rows=tuple((step.name, step.key, step.output) for step in made.steps) if made else (),
                empty="They were not kept.",
            ),
        ),
    )
