import json
from datetime import UTC, datetime
from pathlib import Path

from noria.core.compare import Comparison
from noria.replay.export import to_json
from noria.replay.result import Promotion
from tests.replay.made import policy, replay

REFERENCE = Path(__file__).parents[2] / "docs/reference/replay.md"
AT = datetime(2013, 3, 1, tzinfo=UTC)
GAIN = Comparison(
    metric="log_loss", rows=9, blocks=1, gain=-0.02, low=float("-inf"), high=float("inf"), confidence=0.95
)


def test_every_key_is_there_and_described() -> None:
    promoted = (Promotion(at=AT, version=2, gain=GAIN, rolled_back=AT),)
    made = to_json(replay(policy("never", 1, 0.53), policy("every-7d", 12, 0.5, promoted=promoted)))
    [_, policy_made] = made["policies"]
    asked = "name metrics trainings rows_trained train_s promotions refusals rollbacks worse_promotions"
    assert set(asked.split()) <= set(policy_made)
    described = REFERENCE.read_text()
    for value in (made, policy_made, policy_made["promoted"][0], policy_made["blocks"][0]):
        for key in value:
            assert f"`{key}`" in described, f"docs/reference/replay.md does not describe {key}"


def test_each_decision_has_its_reason() -> None:
    at = AT.timestamp()
    verdict = {"gate": "better-than-champion", "outcome": "failed", "reason": "worse: -0.01"}
    decisions = (
        {
            "at": at,
            "kind": "run",
            "body": {"run": "r", "reason": "new data", "triggers": [{"cause": "data"}]},
        },
        {"at": at, "kind": "judged", "body": {"verdicts": [verdict]}},
        {"at": at, "kind": "rollout opened", "body": {"version": 2}},  # no decision
        {"at": at, "kind": "rollback", "body": {"version": 1, "reason": "proven worse"}},
    )
    made = to_json(replay(policy("never", 1, 0.53), policy("project", 2, 0.5, decisions=decisions)))
    when = "2013-03-01T00:00:00+00:00"
    assert made["policies"][1]["decisions"] == [
        {"at": when, "kind": "run", "version": None, "reason": "new data"},
        {"at": when, "kind": "refused", "version": None, "reason": "better-than-champion: worse: -0.01"},
        {"at": when, "kind": "rollback", "version": 1, "reason": "proven worse"},
    ]


def test_the_numbers_are_those_of_the_table() -> None:
    made = to_json(replay(policy("never", 1, 0.53), policy("every-7d", 12, 0.5)))
    never, every = made["policies"]
    assert made["overhead"] == 1.3
    assert made["recommendation"]["policy"] == "every-7d"
    assert every["regret"] == {"value": 0, "low": 0, "high": 0}
    assert abs(never["regret"]["value"] - 0.03) < 1e-9
    assert never["interval"]["low"] < 0.53 < never["interval"]["high"]
    assert never["metrics"] == {"log_loss": 0.53, "auc": 0.7}


def test_what_is_infinite_or_undefined_is_null() -> None:
    nothing = policy("never", 1, 0.5, days=3, metrics={"log_loss": 0.5, "auc": float("nan")})
    promoted = (Promotion(at=AT, version=2, gain=GAIN),)
    made = to_json(replay(nothing, policy("every-7d", 12, 0.5, days=3, promoted=promoted)))
    text = json.dumps(made, allow_nan=False)
    assert '"auc": null' in text
    assert made["policies"][0]["interval"]["low"] is None
    assert made["policies"][1]["promoted"][0]["gain"] == {"gain": -0.02, "low": None, "high": None}


def test_a_policy_that_cannot_be_compared_says_why() -> None:
    made = to_json(replay(policy("never", 0, 0.5, fault="no model")))
    [never] = made["policies"]
    assert (never["fault"], never["interval"], never["regret"]) == ("no model", None, None)
