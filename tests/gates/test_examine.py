import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from noria.core.gates import Gate, Outcome
from noria.gates.examine import examine
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject
from noria.project.checks import gate, installed
from noria.project.parse import load

OWN = gate("artifact", {}, "binary")


def counts(subject: Subject, *, least: int = 1) -> Finding:
    """A gate as another package would bring it."""
    count = subject.holdout.height
    return passed(f"{count} rows", rows=[{"rows": count}]) if count >= least else failed(f"only {count} rows")


def raises(subject: Subject) -> Finding:
    raise ValueError("no such thing")


def hangs(subject: Subject) -> Finding:
    with suppress(Exception):
        time.sleep(60)
    return passed("woke up")


def dies(subject: Subject) -> Finding:
    os._exit(9)


def numpy_numbers(subject: Subject) -> Finding:
    return passed("counted", rows=[{"mean": np.float64(0.5), "place": np.int64(3)}], mean=np.float32(0.5))


@pytest.fixture
def another_package(tmp_path: Path) -> Iterator[None]:
    """A package is installed whose gates are those of this file."""
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    names = ("counts", "raises", "hangs", "dies", "numpy_numbers")
    (info / "entry_points.txt").write_text(
        "[noria.gates]\n" + "".join(f"acme-{name} = acme_gates:{name}\n" for name in names)
    )
    (tmp_path / "acme_gates.py").write_text(Path(__file__).read_text())
    sys.path.insert(0, str(tmp_path))
    yield
    sys.path.remove(str(tmp_path))
    sys.modules.pop("acme_gates", None)


def other(name: str, **options: object) -> Gate:
    return gate(f"acme-{name}", options, "binary")


@pytest.mark.usefixtures("another_package")
def test_a_gate_of_another_package_is_asked_with_its_options(changed: Callable[..., Subject]) -> None:
    one, two = examine(changed(), [other("counts"), other("counts", least=5000)])
    assert (one.gate, one.outcome, one.reason) == ("acme-counts", Outcome.PASSED, "1000 rows")
    assert (two.outcome, two.reason) == (Outcome.FAILED, "only 1000 rows")


@pytest.mark.usefixtures("another_package")
def test_numbers_of_numpy_are_kept_as_numbers(changed: Callable[..., Subject], tmp_path: Path) -> None:
    (found,) = examine(changed(), [other("numpy_numbers")])
    assert found.numbers == {"mean": 0.5}
    kept = json.loads((tmp_path / "01-acme-numpy_numbers" / "finding.json").read_text())
    assert kept["rows"] == [{"mean": 0.5, "place": 3}]


@pytest.mark.usefixtures("another_package")
def test_one_that_raises_or_hangs_is_an_error_and_the_others_are_asked(
    changed: Callable[..., Subject], capfd: pytest.CaptureFixture[str]
) -> None:
    asked = [other("raises"), other("hangs", timeout=0.2), other("counts", most=3), OWN]
    verdicts = examine(changed(), asked)
    assert [one.outcome for one in verdicts] == [Outcome.ERROR] * 3 + [Outcome.PASSED]
    assert [one.reason for one in verdicts[:3]] == [
        "it raised ValueError: no such thing",
        "it took more than 0.2 s",
        "it raised TypeError: got an unexpected keyword argument 'most'",
    ]
    assert "no such thing" in capfd.readouterr().err


@pytest.mark.usefixtures("another_package")
def test_where_one_takes_its_process_down_the_next_attempt_goes_on_after_it(
    changed: Callable[..., Subject],
) -> None:
    subject, asked = changed(), [OWN, other("dies"), other("counts")]
    if (child := os.fork()) == 0:
        examine(subject, asked)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    first, second, third = examine(subject, asked)
    assert (first.outcome, third.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert (second.outcome, second.reason) == (Outcome.ERROR, "its process ended while it was at work")


@pytest.mark.usefixtures("another_package")
def test_a_project_may_name_an_installed_gate(tmp_path: Path) -> None:
    assert "acme-counts" in installed()
    (tmp_path / "noria.toml").write_text(
        '[model]\nname = "m"\ntask = "binary"\n[data]\nsource = "*.csv"\nlabel = "y"\nfeatures = ["x"]\n'
        '[[gates]]\ncheck = "acme-counts"\nleast = 3\ntimeout = "2s"\n'
    )
    assert load(tmp_path).gates == (Gate(check="acme-counts", options={"least": 3, "timeout": 2.0}),)


def test_a_finding_is_kept_with_its_rows(changed: Callable[..., Subject]) -> None:
    subject = changed()
    examine(replace(subject), [OWN])
    assert '"outcome": "passed"' in (subject.folder / "01-artifact" / "finding.json").read_text()


def test_the_tests_are_asked_first_and_told_in_their_place(
    changed: Callable[..., Subject], tmp_path: Path
) -> None:
    found = examine(changed(), [OWN, gate("tests", {}, "binary")])
    assert [verdict.gate for verdict in found] == ["artifact", "tests"]
    first, second = (tmp_path / name / "finding.json" for name in ("02-tests", "01-artifact"))
    assert first.stat().st_mtime_ns < second.stat().st_mtime_ns
