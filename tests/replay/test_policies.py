from datetime import timedelta

import pytest

from noria.errors import ProjectError
from noria.project.model import Project
from noria.replay.policies import policies
from tests.replay.tiny import make, rows

DAY = timedelta(days=1)
GATED = """
[train]
holdout = "7d"
[triggers]
cadence = { floor = "7d", ceiling = "28d" }
[brakes]
runs = "4 per week"
[[gates]]
check = "better-than-champion"
[[gates]]
check = "latency"
[rollout]
steps = [{ shadow = 500 }]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make(tmp_path_factory.mktemp("policies") / "project", rows(40), policy=GATED)


def one(project: Project, name: str) -> Project:
    (policy,) = policies(project, [name])
    assert policy.name == name
    return policy.project


def test_the_project_lives_by_its_file_but_for_what_a_history_cannot_measure(project):
    (policy,) = policies(project, ["project"])
    assert [gate.check for gate in policy.project.gates] == ["better-than-champion"]
    assert (policy.project.rollout, policy.project.brakes) == (project.rollout, project.brakes)
    assert policy.meaning == (
        "what the project file says; without its gate latency, which a history cannot measure"
    )


@pytest.mark.parametrize(
    ("name", "days"), [("never", None), ("every-7d", 7), ("every-12h", 0.5), ("ceiling", None)]
)
def test_a_blind_policy_asks_nobody(project, name, days):
    blind = one(project, name)
    assert (blind.gates, blind.rollout.steps, blind.brakes.runs) == ((), (), None)
    assert (blind.train.holdout, blind.train.refit) == (0.0, False)
    cadence = blind.triggers.cadence
    assert (cadence.floor, cadence.ceiling) == (days * DAY, days * DAY) if days else cadence is None


@pytest.mark.parametrize(("window", "played"), [("auto", "all"), ("60d", "60d"), ("recent", "recent")])
def test_a_blind_policy_trains_on_one_window(project, window, played):
    """Where nothing is held out, nothing could choose."""
    assert one(project, f"every-7d:train.window={window}").train.window == played


def test_a_policy_may_have_other_values(project):
    changes = (
        'train.window=60d,gates.better-than-champion.margin=0.01,triggers.cadence={floor="3d",ceiling="9d"}'
    )
    changed = one(project, f"project:{changes}")
    assert changed.train.window == "60d"
    assert [gate.options["margin"] for gate in changed.gates] == [0.01]
    assert (changed.triggers.cadence.floor, changed.triggers.cadence.ceiling) == (3 * DAY, 9 * DAY)
    assert changed.rollout == project.rollout
    assert one(project, "every-7d:train.window=60d").train.window == "60d"
    steps = one(project, "project:rollout.steps=[{shadow=5},{weight=3, requests=4}]").rollout.steps
    assert [(step.weight, step.requests) for step in steps] == [(0, 5), (3, 4)]


def test_a_name_that_is_given_twice_is_played_once(project):
    assert [policy.name for policy in policies(project, ["never", "every-7d", "never"])] == [
        "never",
        "every-7d",
    ]


ALLOWED = "allowed: KEY=VALUE with a key of train, triggers, brakes, gates, rollout, such as train.window=60d"
WRONG = [
    ("evry-7d", "--policy evry-7d: there is no policy 'evry-7d'; allowed: project, never, every-7d, ceiling "
                "(any duration); did you mean every-7d?"),
    ("every-7x", "--policy every-7x: found '7x'; allowed: a duration, such as 7d or 12h"),
    ("every-0d", "--policy every-0d: found '0d'; allowed: a duration, such as 7d or 12h"),
    ("project:window", f"--policy project:window: found 'window'; {ALLOWED}"),
    ("project:data.label=x", f"--policy project:data.label=x: found 'data.label=x'; {ALLOWED}"),
    ("project:train.windw=60d", "noria.toml: train.windw: unknown key; did you mean window? "),
    ("project:gates.better-than-champion.margin=much", "noria.toml: gates[0].margin: found \"much\""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sentence"), WRONG)
def test_what_means_nothing_is_told(project, name, sentence):
    with pytest.raises(ProjectError) as caught:
        policies(project, [name])
    assert caught.value.message.startswith(sentence)
    assert caught.value.hint in (
        "noria replay --help",
        "noria replay --policy project --policy every-7d",
        "noria doctor",
    )
