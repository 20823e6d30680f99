from tests.replay.tiny import make, played, result, rows

GUARDED = """
[train]
holdout = "7d"
refit = false
[triggers]
commit = false
cadence = { floor = "21d", ceiling = "21d" }
[[gates]]
check = "finite"
[rollout]
guard = "7d"
"""


def test_a_promotion_is_held_against_the_model_before_it(tmp_path, flipped):
    """Where x turns round, the model after it is better; with nothing new, it is neither."""
    replay = played(make(tmp_path / "project", flipped), "every-21d")
    (policy,) = replay.policies
    first, *others = policy.promoted
    assert first.gain is None  # there was no model before it
    turned = [promotion for promotion in others if 50 < (promotion.at - replay.begin).days + 9 < 90]
    assert turned[-1].gain.low > 0
    assert turned[-1].gain.blocks > 1
    assert not any(promotion.proved_worse for promotion in turned)
    assert policy.worse_promotions == sum(promotion.proved_worse for promotion in policy.promoted)


def test_the_counts_are_those_of_the_ledger(tmp_path, flipped):
    policy = result(played(make(tmp_path / "project", flipped, policy=GUARDED), "project"), "project")
    kinds = [entry["kind"] for entry in policy.decisions]
    assert policy.promotions == kinds.count("promoted") == len(policy.promoted) > 1
    assert policy.rollbacks == kinds.count("rollback")
    back = [promotion for promotion in policy.promoted if promotion.rolled_back]
    assert len(back) == kinds.count("rollback")
    assert all(promotion.rolled_back > promotion.at for promotion in back)


def test_a_short_span_has_shorter_blocks(tmp_path):
    """28 blocks at least; with four rows a day, only some of the shorter ones hold a row."""
    frame = rows(160)
    replay = played(make(tmp_path / "project", frame), "never", begin=frame["at"][80])
    (never,) = replay.policies
    # 79 rows in 19.75 days: blocks of 16.9 hours
    assert len(never.blocks) == 28
    assert sum(block.rows for block in never.blocks) == 79
