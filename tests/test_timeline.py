from datetime import UTC, datetime

from noria.timeline import timeline

AT = datetime(2013, 2, 4, tzinfo=UTC)


def entry(kind: str, **body: object) -> dict[str, object]:
    return {"at": AT.timestamp(), "kind": kind, "body": body}


def test_the_timeline_says_when_what_and_why() -> None:
    good = {"gate": "finite", "outcome": "passed", "reason": "no nan"}
    best = {"gate": "better-than-champion", "outcome": "passed", "reason": "better by .01"}
    bad = {"gate": "better-than-champion", "outcome": "failed", "reason": "worse by .01"}
    entries = [
        entry("run", reason="commit abc"),
        entry("shadow"),  # a step on the way is no decision
        entry("judged", verdicts=[good, best]),
        entry("judged", verdicts=[good, bad]),
        entry("judged", verdicts=[good]),
        entry("judged", verdicts=[]),  # no gate, no decision
        entry("promoted", version=1, reason="loaded"),
        entry("failed", error="the pipeline raised"),
    ]
    assert timeline(entries) == [
        (AT, "run", "commit abc"),
        (AT, "passed", "better-than-champion: better by .01"),
        (AT, "refused", "better-than-champion: worse by .01"),
        (AT, "passed", "finite: no nan"),
        (AT, "promoted", "version 1: loaded"),
        (AT, "failed", "the pipeline raised"),
    ]
