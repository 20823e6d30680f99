"""The pictures of a replay: cost against quality, quality over time, and what was gained over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from noria.chart.scale import Frame, Tick, calendar, scale
from noria.chart.scatter import Point, scatter
from noria.chart.series import Line, Mark, extent, series
from noria.core.interval import Interval
from noria.replay.figures import between, when
from noria.replay.intervals import STRETCH, best, gaps_to, losses_of
from noria.replay.names import called
from noria.replay.recommendation import WORTHWHILE
from noria.replay.result import PolicyResult, Promotion, Replay

HALF = Frame(width=560, height=330, left=52, right=22, top=12, bottom=40)
THIRD = Frame(width=380, height=190, left=52, right=22, top=10, bottom=28)
COLOURS = 6
"""The page has as many colours for policies; then they come again."""


def styles(replay: Replay) -> dict[str, str]:
    """Return each policy's class: `never` and what looks ahead have their own, the others a number."""
    plain = [policy.name for policy in replay.policies if policy.name != "never" and not policy.looks_ahead]
    numbered = {name: f"policy-{number % COLOURS}" for number, name in enumerate(plain)}
    return {
        policy.name: numbered.get(policy.name, "never" if policy.name == "never" else "ahead")
        for policy in replay.policies
    }


def step_of(replay: Replay) -> int:
    """Return the blocks between two points: a week, or a 52nd of a span of more than a year."""
    return max(STRETCH, _blocks(replay) // 52)


def cost_picture(replay: Replay) -> Markup:
    """Draw trainings against loss; a bar is the interval of the difference to the best policy."""
    winner, losses, style, names = best(replay), losses_of(replay), styles(replay), called(replay)
    if winner is None:
        return Markup("")
    least = losses[winner.name].value
    regrets = gaps_to(replay, winner.name)
    points = [
        Point(
            name=names[policy.name],
            style=style[policy.name],
            x=policy.trainings,
            y=losses[policy.name].value,
            low=least + regrets[policy.name].low,
            high=least + regrets[policy.name].high,
        )
        for policy in replay.comparable
    ]
    title = f"{replay.metric} of each policy against its number of trainings"
    good = (least, least * (1 + WORTHWHILE))
    return scatter(title, points, below="trainings", frame=HALF, band=good)


def level_picture(replay: Replay) -> Markup:
    """Draw each policy's loss over time; nothing for less than two weeks."""
    step, style = step_of(replay), styles(replay)
    if _blocks(replay) < 2 * step:
        return Markup("")
    starts = range(0, _blocks(replay) - step + 1, step)
    parts = [losses_of(replay, first, first + step) for first in starts]
    lines = [
        Line(name=policy.name, style=style[policy.name], values=[part[policy.name].value for part in parts])
        for policy in replay.comparable
    ]
    moments = [_middle(replay, first, first + step) for first in starts]
    return series(f"{replay.metric} over time", moments, lines, ticks=_ticks(replay, moments, 12), frame=HALF)


def gain_pictures(replay: Replay, reference: str) -> Iterator[tuple[PolicyResult, Markup]]:
    """Yield each other policy with the loss that it saved against the reference, over the weeks around.

    All have the same scale. Nothing for less than five weeks.
    """
    step, style = step_of(replay), styles(replay)
    starts = range(0, _blocks(replay) - 4 * step + 1, step)
    if len(starts) < 2:
        return
    gaps = [gaps_to(replay, reference, first, first + 4 * step) for first in starts]
    moments = [_middle(replay, first, first + 4 * step) for first in starts]
    lines = {
        policy.name: _gain(policy, style[policy.name], [gap[policy.name] for gap in gaps])
        for policy in replay.comparable
        if policy.name != reference
    }
    values = scale(extent([*lines.values()]), most=5)
    for policy in replay.comparable:
        if line := lines.get(policy.name):
            title = f"{replay.metric} that {policy.name} saved against {reference}"
            marks = [_mark(replay, policy, promotion) for promotion in policy.promoted]
            ticks = _ticks(replay, moments, 6)
            drawn = series(title, moments, [line], marks=marks, ticks=ticks, values=values, frame=THIRD)
            yield policy, drawn


def _gain(policy: PolicyResult, style: str, gaps: Sequence[Interval]) -> Line:
    return Line(
        name=policy.name,
        style=style,
        values=[-gap.value for gap in gaps],
        band=[(-gap.high, -gap.low) for gap in gaps],
    )


def _mark(replay: Replay, policy: PolicyResult, promotion: Promotion) -> Mark:
    text = f"{when(replay, promotion.at)}: version {promotion.version}"
    if promotion.gain:
        gain = promotion.gain
        told = Interval(value=gain.gain, low=gain.low, high=gain.high)
        text += f", gained {between(told, policy.metrics[replay.metric])}"
    style = "worse" if promotion.proved_worse else "promoted"
    return Mark(at=promotion.at, style=style, text=text, share=0.12 if promotion.proved_worse else 0.06)


def _blocks(replay: Replay) -> int:
    return len(replay.comparable[0].blocks) if replay.comparable else 0


def _middle(replay: Replay, first: int, last: int) -> datetime:
    """Return the moment in the middle of the blocks from first to last (excluded)."""
    blocks = replay.comparable[0].blocks
    begin, end = (datetime.fromisoformat(blocks[place].start) for place in (first, last - 1))
    return (begin + (end - begin) / 2).replace(tzinfo=UTC)


def _ticks(replay: Replay, moments: Sequence[datetime], most: int) -> list[Tick]:
    if not replay.spread:
        return calendar(moments[0], moments[-1], most)
    length: timedelta = moments[-1] - moments[0]
    return [(moments[0] + length * share, f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)]
