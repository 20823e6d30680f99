"""The project's own tests, run against the candidate."""

from __future__ import annotations

from noria.core.gates import Outcome
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject
from noria.gates.time_limit import TimeUp
from noria.model_tests.reporting import RUNNING, Result, read
from noria.model_tests.run import FOLDER, REPORT, Session, files_of, run_tests
from noria.model_tests.under_test import UnderTest


def tests(subject: Subject) -> Finding:
    """The candidate passes the project's own tests, in `tests/model`."""
    if not files_of(subject.checkout):
        return passed(f"no tests in {FOLDER}", tests=0)
    tested = UnderTest(
        name="candidate",
        root=str(subject.checkout),
        shipped=str(subject.shipped),
        judged=str(subject.judged),
        champion=str(subject.champion_artifact) if subject.champion_artifact else None,
        train=str(subject.train_file),
        holdout=str(subject.holdout_file),
    )
    try:
        return _finding(run_tests(tested, subject.folder))
    except TimeUp:  # say where
        at_work = [result.test for result in read(subject.folder / REPORT) if result.outcome == RUNNING]
        return Finding(outcome=Outcome.ERROR, reason=f"its time was up, in {', '.join(at_work) or 'pytest'}")


def _finding(session: Session) -> Finding:
    bad, broken = session.of("failed"), session.of("error")
    if session.trouble or broken:
        reason = session.trouble or f"{len(broken)} could not run: {_said(broken)}"
        return Finding(outcome=Outcome.ERROR, reason=reason, rows=tuple(map(_row, broken)))
    if bad:
        reason = f"{len(bad)} of {len(session.results)} failed: {_said(bad)}"
        return failed(reason, rows=list(map(_row, bad)), tests=len(session.results), failed=len(bad))
    ran, skipped = len(session.of("passed")), len(session.of("skipped"))
    return passed(f"{ran} tests passed" + (f", {skipped} skipped" if skipped else ""), tests=ran)


def _said(results: tuple[Result, ...]) -> str:
    return "; ".join(f"{result.test.removeprefix(f'{FOLDER}/')}: {result.said}" for result in results)


def _row(result: Result) -> dict[str, object]:
    """Return what failed, and of an assertion about rows the one that failed the most."""
    worst = ", ".join(f"{name} {value}" for row in result.rows[:1] for name, value in row.items())
    return {"test": result.test, "said": result.said, "worst": worst}
