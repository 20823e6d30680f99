"""The text format of Prometheus: families of samples, written as `/metrics` shows them.

https://prometheus.io/docs/instrumenting/exposition_formats/
Four kinds of lines do not pay for the library that writes them too: it costs each worker 5 MB and, on the
first page, 50 ms in which nobody is answered. The tests read the page with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

import msgspec

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of a histogram's buckets, in seconds; a last one has no bound."""
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """What one name means: `kind` is counter, gauge or histogram; `labels` are the names of its labels."""

    name: str
    kind: str
    about: str
    labels: tuple[str, ...] = ()


class Histogram(msgspec.Struct):
    """How many durations fell between the bounds, and their sum in seconds."""

    counts: list[int]
    seconds: float = 0.0

    @classmethod
    def empty(cls) -> Histogram:
        return cls([0] * (len(BOUNDS) + 1))

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def __add__(self, other: Histogram) -> Histogram:
        counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        return Histogram(counts, self.seconds + other.seconds)


Samples = Mapping[tuple[str, ...], float | Histogram]
"""Values by the values of their labels."""


def text(families: Iterable[tuple[Family, Samples]]) -> bytes:
    """Return the page of all families, those without samples too."""
    lines: list[str] = []
    for family, samples in families:
        lines += (f"# HELP {family.name} {family.about}", f"# TYPE {family.name} {family.kind}")
        for values, sample in samples.items():
            labels = [
                f'{name}="{value.translate(_ESCAPES)}"'
                for name, value in zip(family.labels, values, strict=True)
            ]
            if isinstance(sample, Histogram):
                lines += _histogram(family.name, labels, sample)
            else:
                lines.append(f"{family.name}{_braced(labels)} {sample}")
    return "\n".join([*lines, ""]).encode()


def _histogram(name: str, labels: list[str], sample: Histogram) -> list[str]:
    counts = list(accumulate(sample.counts))
    bounds = [f'le="{bound}"' for bound in (*BOUNDS, "+Inf")]
    return [
        *(
            f"{name}_bucket{_braced([*labels, bound])} {count}"
            for bound, count in zip(bounds, counts, strict=True)
        ),
        f"{name}_sum{_braced(labels)} {sample.seconds}",
        f"{name}_count{_braced(labels)} {counts[-1]}",
    ]


def _braced(labels: list[str]) -> str:
    return f"{{{','.join(labels)}}}" if labels else ""
