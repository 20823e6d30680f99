import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from noria.demo.report import checks, show, write_page
from noria.demo.result import Count, Quality, Result

START = datetime(2013, 2, 4, tzinfo=UTC)
COUNT = Count(
    requests=1000, failed=0, acknowledged=1000, logged=1000, labels=950, joined=950, auc=0.7, log_loss=0.5,
    static=Quality(auc=0.6, log_loss=0.55), trainings=2, refits=1, promotions=1, refusals=1, rollbacks=0,
)  # fmt: skip
VERDICT = {"gate": "better-than-champion", "outcome": "failed", "reason": "worse: log_loss <-0.01>"}


@pytest.fixture
def result() -> Result:
    entries = [
        {"at": START.timestamp(), "kind": "run", "body": {"reason": "commit abc"}},
        {"at": START.timestamp(), "kind": "promoted", "body": {"version": 1, "reason": "loaded"}},
        {"at": START.timestamp() + 9, "kind": "judged", "body": {"verdicts": [VERDICT]}},
        {"at": START.timestamp() + 9, "kind": "shadow", "body": {}},
    ]
    weeks = [
        (
            START + timedelta(days=7 * n),
            Quality(auc=0.7, log_loss=0.5),
            Quality(auc=0.6, log_loss=0.55 + n / 100),
        )
        for n in range(4)
    ]
    return Result(wall_s=12.5, total=COUNT, months={2: COUNT}, weeks=weeks, timeline=entries, ledger_ok=True)


def test_the_terminal_shows_months_decisions_and_counts(result: Result) -> None:
    screen = StringIO()
    show(result, Console(file=screen, width=120))
    text = screen.getvalue()
    assert "February" in text
    assert "0.5500" in text
    assert "refused" in text
    assert "950 labels told, 950 joined" in text


def test_a_broken_ledger_is_shouted(result: Result) -> None:
    assert "does NOT verify" in checks(replace(result, ledger_ok=False))[3]


def test_json_has_every_promised_key(result: Result) -> None:
    said = json.loads(msgspec.json.encode(result.as_json()))
    keys = (
        "wall_s requests failed acknowledged logged labels joined auc log_loss static trainings promotions "
        "refusals rollbacks ledger_ok months"
    )
    assert set(keys.split()) <= set(said)
    assert said["static"] == {"auc": 0.6, "log_loss": 0.55}
    assert said["months"][0]["month"] == 2
    assert set(said) - {"wall_s", "ledger_ok", "months"} <= set(said["months"][0])


def test_the_page_stands_alone_and_escapes_reasons(result: Result, tmp_path: Path) -> None:
    write_page(result, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 2
    assert "&lt;-0.01&gt;" in page
    assert "http" not in page
