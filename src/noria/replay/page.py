"""A replay as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from datetime import timedelta

from jinja2 import Environment, PackageLoader

from noria.core.interval import Interval
from noria.replay.figures import gap, when
from noria.replay.intervals import best
from noria.replay.names import called, legend
from noria.replay.pictures import cost_picture, gain_pictures, level_picture, step_of, styles
from noria.replay.recommendation import WORTHWHILE, recommend
from noria.replay.result import PolicyResult, Promotion, Replay
from noria.replay.table import costs, notes, quality, title, warnings
from noria.timeline import timeline

Rows = list[tuple[str, ...]]


def page(replay: Replay) -> str:
    """Return the page: recommendation, table, pictures, every policy's decisions, and how to read them."""
    template = Environment(
        loader=PackageLoader("noria.replay", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.jinja")
    reference = _reference(replay)
    return template.render(
        replay=replay,
        title=title(replay),
        advice=recommend(replay),
        head=(*quality(replay).head, *costs(replay).head),
        rows=_rows(replay),
        cost=cost_picture(replay),
        level=level_picture(replay),
        gains=list(gain_pictures(replay, reference)) if reference else [],
        reference=reference,
        step=step_of(replay),
        unit="days" if replay.end - replay.begin >= timedelta(days=28) else "blocks of less than a day",
        decided=[(policy, *_decided(replay, policy)) for policy in replay.comparable],
        styles=styles(replay),
        names=called(replay),
        legend=legend(replay),
        notes=notes(replay),
        warnings=warnings(replay),
        worthwhile=f"{WORTHWHILE:.1%}",
    )


def _reference(replay: Replay) -> str:
    """Return the policy that the others are held against over time: `never`, else the best."""
    names = [policy.name for policy in replay.comparable]
    winner = best(replay)
    return "never" if "never" in names else winner.name if winner else ""


def _rows(replay: Replay) -> list[tuple[PolicyResult, tuple[str, ...]]]:
    pairs = zip(quality(replay).rows, costs(replay).rows, strict=True)
    return [(policy, (*scores, *counts)) for (policy, scores), (_, counts) in pairs]


def _decided(replay: Replay, policy: PolicyResult) -> tuple[Rows, Rows]:
    """Return the rows about a policy's promotions, and about all its decisions."""
    promotions = [_promotion(replay, policy, promotion) for promotion in policy.promoted]
    decisions: Rows = [(when(replay, at), kind, reason) for at, kind, reason in timeline(policy.decisions)]
    return promotions, decisions


def _promotion(replay: Replay, policy: PolicyResult, promotion: Promotion) -> tuple[str, ...]:
    """Return when, what, what it gained, and what became of it."""
    gained, outcome = "", ""
    if promotion.gain:
        ends = promotion.gain
        gained = gap(Interval(value=ends.gain, low=ends.low, high=ends.high), policy.metrics[replay.metric])
        outcome = "proved worse" if promotion.proved_worse else "better" if ends.low > 0 else ""
    if promotion.rolled_back:
        outcome = f"{outcome}, rolled back {when(replay, promotion.rolled_back)}".removeprefix(", ")
    return when(replay, promotion.at), f"version {promotion.version}", gained, outcome
