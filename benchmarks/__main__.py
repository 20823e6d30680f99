"""Run the benchmarks that are named, or all but the last six, which take long."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.evidence import Skipped, write

NAMES = (
    "noop",
    "commit_to_answer",
    "idle",
    "footprint",
    "drift",
    "delays",
    "concept",
    "estimates",
    "injected",
    "profiling",
    "recording",
    "alerts",
    "weak_feature",
    "coverage",
    "catalogue",
    "gates",
    "label_flips",
    "signing",
    "explain",
    "serving",
    "conformance",
    "demo",
    "replay",
    "policy",
    "honest",
)
USUAL = NAMES[:-6]


def main(wanted: list[str]) -> int:
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    missed = 0
    for name in wanted or USUAL:
        module = import_module(f"benchmarks.{name}")
        with tempfile.TemporaryDirectory(prefix=f"noria-{name}-") as scratch:
            try:
                found = module.measure(Path(scratch))
            except Skipped as reason:
                print(f"{name}: skipped: {reason}")
                continue
        print(write(name, found))
        missed += not found.reached
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
