"""What `noria explain` shows, as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from noria.explain.importance import difference
from noria.explain.reasons import shown

if TYPE_CHECKING:
    from noria.explain.explanation import Explanation
    from noria.explain.flip import Flip

WIDTH = 8
"""Characters of the longest bar to one side."""


def explained(told: Explanation) -> Iterator[Text | Table]:
    """Yield what was answered, and what each column brought to it, the most first."""
    answer = told.output if isinstance(told.output, float) else max(told.output)
    of = f" for {told.explained}" if told.explained else ""
    yield Text(f"{told.model}/{told.version} answered {answer:.4f}{of} at {told.at:%Y-%m-%d %H:%M:%S}")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    most = max((abs(part.contribution) for part in told.parts), default=0.0) or 1.0
    for part in told.parts:
        bar = _bar(part.contribution / most)
        table.add_row(f"{part.contribution:+.4f}", bar, part.column, shown(part.value), part.place)
    yield table
    yield Text(f"{told.base:+.4f} where it starts: the usual score")
    yield Text(f"{told.score:+.4f} the sum: {told.scale}", "bold")
    how = "the trees' own values" if told.exact else "sampled"
    yield Text(f"{how}; background {told.background[:12]}", style="dim")


def flipped(found: Sequence[Flip]) -> Iterator[Text]:
    """Yield the changes that would have flipped the answer, a line each."""
    none = "nothing: no one or two of the allowed changes are enough"
    yield Text("\nwhat would have flipped it" if found else f"\nwhat would have flipped it: {none}", "bold")
    for flip in found:
        made = (f"{each.column} {shown(each.before)} → {shown(each.after)}" for each in flip.changes)
        answer = flip.output if isinstance(flip.output, float) else max(flip.output)
        yield Text(f"{', '.join(made)}: {answer:.4f}")


def ranked(
    number: int, shares: Mapping[str, float], against: int | None, before: Mapping[str, float]
) -> Table:
    """Return the columns by their share of what moves answers, beside that in another version."""
    heads = ["column", f"version {number}", ""]
    heads += [f"version {against}", "change"] if against else []
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    changes = difference(before, shares)
    most = max(shares.values(), default=0.0) or 1.0
    for name in dict.fromkeys([*shares, *before]):
        share = shares.get(name, 0.0)
        cells = [name, f"{share:.1%}", Text("█" * round(2 * WIDTH * share / most), style="blue")]
        cells += [f"{before.get(name, 0.0):.1%}", f"{changes[name]:+.1%}"] if against else []
        table.add_row(*cells)
    return table


def _bar(share: float) -> Text:
    """Return a bar to the right for what raises, to the left for what lowers."""
    length = round(abs(share) * WIDTH)
    left, right = ("", "█" * length) if share > 0 else ("█" * length, "")
    return Text.assemble((left.rjust(WIDTH), "blue"), "│", (right.ljust(WIDTH), "red"))
