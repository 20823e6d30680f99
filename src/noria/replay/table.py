"""A replay on the terminal: what each policy came to, what it cost, and which to choose."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from noria.core.quality import METRICS
from noria.replay.figures import about, gap, loss, short
from noria.replay.intervals import CONFIDENCE, best, gaps_to, losses_of
from noria.replay.names import called, legend
from noria.replay.recommendation import recommend
from noria.replay.result import PolicyResult, Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A table as texts: `rows` holds each policy with one text for each name in `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[PolicyResult, tuple[str, ...]], ...]


def show(replay: Replay, console: Console) -> None:
    """Print quality, cost, warnings and the recommendation; 80 columns are enough for most."""
    advice = recommend(replay)
    console.print(title(replay), style="bold", highlight=False, markup=False)
    for cells in (quality(replay), costs(replay)):
        console.print()
        console.print(_table(cells, called(replay), advice.policy))
    console.print()
    for name, whole in legend(replay).items():
        console.print(f"{name} is {whole}", highlight=False, markup=False)
    for sentence in notes(replay):
        console.print(sentence, style="dim", highlight=False, markup=False)
    for warning in warnings(replay):
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", highlight=False)
    console.print()
    console.print(f"[bold green]▸[/bold green] {escape(advice.sentence)}", highlight=False)


def title(replay: Replay) -> str:
    """Return what was replayed, in a line."""
    span = f"{replay.begin:%Y-%m-%d} to {replay.end:%Y-%m-%d}"
    if replay.spread:
        span = "in their order"
    return f"{replay.project}: {replay.rows:,} rows, {span}, {replay.labelled:,} with a label"


def quality(replay: Replay) -> Cells:
    """Return the metrics of each comparable policy, the primary one with its interval, and the regret."""
    losses, winner = losses_of(replay), best(replay)
    regrets = gaps_to(replay, winner.name) if winner else {}
    others = [name for policy in replay.comparable[:1] for name in policy.metrics if name != replay.metric]
    rows = []
    for policy in replay.comparable:
        lost = losses[policy.name]
        scores = [loss(policy.metrics[name]) for name in others]
        regret = gap(regrets[policy.name], lost.value) if winner and policy is not winner else "best"
        rows.append((policy, (about(lost), *scores, regret)))
    head = (_arrow(replay.metric), *map(_arrow, others), "regret")
    return Cells(head=head, rows=tuple(rows))


def costs(replay: Replay) -> Cells:
    """Return what each comparable policy cost, and what it did to the model."""
    head = ("trainings", "rows", "CPU s", "promoted", "refused", "failed", "rolled\nback", "proved\nworse")
    return Cells(head=head, rows=tuple((policy, _cost(policy)) for policy in replay.comparable))


def notes(replay: Replay) -> list[str]:
    """Return what must be known to read the numbers."""
    interval = f"± is a {CONFIDENCE:.0%} interval, from weeks drawn again"
    said = [f"{interval}; regret is paired with the best, day by day."]
    if any(policy.looks_ahead for policy in replay.policies):
        said.append("* looks ahead: what could be reached at best. It is no policy to choose.")
    if any(policy.decisions for policy in replay.policies):
        left_out = "the gate latency is left out, and limits on them see none"
        said.append(f"Latency and failures are not replayed: {left_out}.")
    if replay.overhead is not None:
        times = f"{replay.overhead:.2f} times the bare trainings and predictions"
        said.append(f"{replay.wall_s:,.0f} s of wall time, {times}.")
    return said


def warnings(replay: Replay) -> list[str]:
    """Return what colours the result, and why policies cannot be compared."""
    faulty = [policy for policy in replay.policies if policy.fault]
    return [*replay.warnings, *(f"{policy.name} cannot be compared: {policy.fault}" for policy in faulty)]


def _arrow(metric: str) -> str:
    return f"{metric} {'↓' if METRICS[metric].lower_is_better else '↑'}"


def _cost(policy: PolicyResult) -> tuple[str, ...]:
    counts = (policy.promotions, policy.refusals, policy.failed, policy.rollbacks, policy.worse_promotions)
    return (f"{policy.trainings}", short(policy.rows_trained), f"{policy.train_s:,.0f}", *map(str, counts))


def _table(cells: Cells, names: dict[str, str], chosen: str | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("policy", overflow="fold", min_width=12)
    for name in cells.head:
        table.add_column(name, justify="right", no_wrap=True)
    for policy, row in cells.rows:
        table.add_row(escape(names[policy.name]), *row, style="bold" if policy.name == chosen else "")
    return table
