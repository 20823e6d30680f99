"""A few of the broken candidates, each made and refused as the whole catalogue is."""

from pathlib import Path

from benchmarks.broken import data, files, leaks, learning
from benchmarks.catalogue import ENTRIES, show

SOME = (leaks.ENTRIES[0], leaks.ENTRIES[9], learning.ENTRIES[2], data.ENTRIES[1], files.ENTRIES[2])


def test_each_is_refused_by_the_gate_that_is_meant_for_it(tmp_path: Path) -> None:
    shown = list(show(SOME, tmp_path))
    assert [each.entry.name for each in shown if not each.caught] == []


def test_no_two_entries_have_one_name_and_all_gates_are_there() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(set(names)) == len(names) >= 30
