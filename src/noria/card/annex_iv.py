"""The technical documentation of Annex IV of the EU AI Act, Regulation (EU) 2024/1689, point by point.

https://eur-lex.europa.eu/eli/reg/2024/1689/oj. What records cannot know is missing, and says who has to write
it: the provider, who puts the system on the market, or the owner of the model.
"""

from __future__ import annotations

from noria.card.document import Line, Section, line
from noria.card.evidence import approval, caveats, ethics, limits, metrics, service
from noria.card.figures import pairs
from noria.card.record import Record
from noria.card.sections import evaluation, factors, origins, training, use
from noria.core.phrases import length

PROVIDER = "the provider has to write it; no record knows it"
OWNER = "the owner of the model has to write it; no record knows it"


def annex_iv(record: Record) -> list[Section]:
    """Return the nine points."""
    return [
        _general(record),
        _development(record),
        _control(record),
        _metrics(record),
        _only("5. Risk management system, Article 9", "risk management", PROVIDER),
        _changes(record),
        _only("7. Harmonised standards applied", "standards", PROVIDER),
        _only("8. EU declaration of conformity, Article 47", "declaration", PROVIDER),
        _monitoring(record),
    ]


def _general(record: Record) -> Section:
    made, serve = record.made_from, record.project.serve
    packages = f", {len(made.packages)} packages in the bill of materials" if made else ""
    return Section(
        title="1. General description",
        lines=(
            line("(a) purpose", _said(use(record), "purpose"), OWNER),
            line("(a) owner of the model", made and made.owner, OWNER),
            line("(a) provider", "", PROVIDER),
            Line(name="(a) version", text=record.name),
            Line(name="(b) interaction with other software", text=f"HTTP, {serve.host} port {serve.port}"),
            Line(name="(c) versions of software", text=record.spec["kind"] + packages),
            Line(name="(d) forms in which it is provided", text="a service over HTTP; an MLflow model"),
            line("(e) platform of the training", made and made.platform, OWNER),
            line("(e) hardware to run on", "", OWNER),
            line("(f) photographs of products", "", PROVIDER),
            line("(g) user interface of the deployer", "", PROVIDER),
            line("(h) instructions for use", "", PROVIDER),
        ),
    )


def _development(record: Record) -> Section:
    made, run, facts = record.made_from, record.run, record.row.facts
    steps = ", ".join(step.name for step in made.steps) if made else ""
    seconds, gates = facts.get("train_seconds"), [gate.check for gate in record.project.gates]
    return Section(
        title="2. Elements and development",
        lines=(
            line("(a) steps of development", made and f"{made.pipeline}: {steps}", OWNER),
            line("(b) design choices and rationale", "", OWNER),
            line("(b) parameters", made and pairs(made.parameters), OWNER),
            Line(name="(b) judged by", text=record.project.loss.name),
            line("(c) computing resources of the training", seconds and f"{seconds:.1f} s", OWNER),
            *(_renamed("(d)", each) for each in training(record).lines),
            line("(d) labelling procedure", "", OWNER),
            line("(e) human oversight, Article 14", "", PROVIDER),
            line("(f) pre-determined changes: the policy", facts.get("policy"), OWNER),
            Line(name="(f) gates of each change", text=", ".join(gates)),
            *(_renamed("(g)", each) for each in evaluation(record).lines),
            line("(g) test reports", run and f"run {run.id}: {run.status}", OWNER),
            line("(h) cybersecurity: signature", record.signed, OWNER),
            line("(h) cybersecurity: digest", record.row.digest, OWNER),
        ),
        tables=(*training(record).tables, *metrics(record).tables),
    )


def _control(record: Record) -> Section:
    return Section(
        title="3. Monitoring, functioning and control",
        lines=(
            *(_renamed("limits", each) for each in limits(record)),
            *factors(record).lines,
            line("foreseeable unintended outcomes", "", OWNER),
            line("human oversight measures", "", PROVIDER),
        ),
        tables=(*ethics(record).tables, *caveats(record).tables),
    )


def _metrics(record: Record) -> Section:
    found = ", ".join(record.row.facts["metrics"])
    return Section(
        title="4. Appropriateness of the performance metrics",
        lines=(
            line("metrics", found, "nothing was held out; [train] holdout"),
            line("why they are appropriate", "", OWNER),
        ),
    )


def _changes(record: Record) -> Section:
    return Section(
        title="6. Changes through the lifecycle",
        lines=origins(record).lines,
        tables=approval(record).tables,
    )


def _monitoring(record: Record) -> Section:
    project = record.project
    allowed = project.alerts.false_alarms
    routes = f"{len(project.alerts.routes)} in [alerts] routes" if project.alerts.routes else ""
    return Section(
        title="9. Post-market monitoring, Article 72",
        lines=(
            Line(name="alarms for nothing", text=f"at most {allowed.count} in {length(allowed.period)}"),
            line("who is told", routes, "[alerts] routes names nobody; write it into noria.toml"),
            line("post-market monitoring plan", "", PROVIDER),
            *service(record).lines,
        ),
        tables=service(record).tables,
    )


def _only(title: str, name: str, who: str) -> Section:
    return Section(title=title, lines=(Line(name=name, missing=who),))


def _renamed(point: str, said: Line) -> Line:
    return Line(name=f"{point} {said.name}", text=said.text, missing=said.missing)


def _said(section: Section, name: str) -> str:
    return next(each.text for each in section.lines if each.name == name)
