from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.gain import QualityLimit
from noria.core.gates import Gate
from noria.core.policy import Brakes, QualityTrigger, Rate, Triggers
from noria.core.rollout import Step
from noria.core.window import AbortRule
from noria.errors import ProjectError
from noria.project.checks import DEFAULT
from noria.project.consistency import contradictions
from noria.project.layout import FILE
from noria.project.model import Data, Serve, Task, Train
from noria.project.parse import load
from noria.project.table import Column, TableSchema, write_schema

FULL = """\
[model]
name = "flight-delay"
task = "binary"
pipeline = "train/pipeline.py"
owner = "ops@example.org"
purpose = "Tell passengers."
risk = "medium"
[data]
source = ["a.csv", "b/*.parquet"]
time = "departure"
entity = "flight"
label = "late"
label_delay = "1d"
label_time = "landed"
features = ["carrier"]
[train]
window = "60d"
holdout = "7d"
refit = false
seed = 7
timeout = "10m"
params = { num_leaves = 63, nested = { a = [1] } }
[triggers]
commit = false
data = true
schedule = "0 3 * * MON"
labels = 20000
quality = { metric = "auc", worse_by = "5%" }
[brakes]
cooldown = "1d"
runs = "4 per week"
promotions = "3 per month"
[[gates]]
check = "better-than-champion"
margin = 0.002
[[gates]]
check = "latency"
p99 = "5ms"
[rollout]
steps = [ { shadow = 500 }, { weight = 10, requests = 500 }, { weight = 50, requests = 1000 } ]
abort = [ "error_rate > 1%", "p99 > 2x champion", "p99 > 50ms" ]
[serve]
host = "0.0.0.0"
port = 9000
max_body = 1024
"""


def faults_of(root: Path, text: str) -> tuple[str, ...]:
    (root / "noria.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        load(root)
    return caught.value.faults


def test_every_key_becomes_a_value_with_its_unit(tmp_path: Path) -> None:
    (tmp_path / "noria.toml").write_text(FULL)
    project = load(tmp_path)
    assert (project.root, project.name, project.task) == (tmp_path.resolve(), "flight-delay", Task.BINARY)
    assert (project.pipeline, project.owner, project.risk) == (
        "train/pipeline.py",
        "ops@example.org",
        "medium",
    )
    assert project.data == Data(
        source=("a.csv", "b/*.parquet"),
        label="late",
        features=("carrier",),
        time="departure",
        entity="flight",
        label_delay=timedelta(days=1),
        label_time="landed",
    )
    assert project.train == Train(
        window="60d",
        holdout=timedelta(days=7),
        refit=False,
        seed=7,
        timeout=timedelta(minutes=10),
        params={"num_leaves": 63, "nested": {"a": [1]}},
    )
    assert project.triggers == Triggers(
        commit=False,
        data=True,
        schedule="0 3 * * MON",
        labels=20_000,
        quality=QualityTrigger(metric="auc", worse_by=0.05),
    )
    assert project.brakes == Brakes(
        cooldown=timedelta(days=1),
        runs=Rate(count=4, period=timedelta(days=7)),
        promotions=Rate(count=3, period=timedelta(days=30)),
    )
    assert project.gates == (
        Gate(
            check="better-than-champion",
            options={
                "metric": "log_loss",
                "margin": 0.002,
                "confidence": 0.9,
                "worthwhile": 0.01,
                "newer": False,
            },
        ),
        Gate(check="latency", options={"p99": 0.005}),
    )
    assert project.rollout.steps == (
        Step(weight=0, requests=500),
        Step(weight=10, requests=500),
        Step(weight=50, requests=1000),
    )
    assert project.rollout.abort == (
        AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%"),
        AbortRule(measure="p99", limit=2, of_champion=True, text="p99 > 2x champion"),
        AbortRule(measure="p99", limit=0.05, of_champion=False, text="p99 > 50ms"),
    )
    assert project.serve == Serve(host="0.0.0.0", port=9000, max_body=1024)


def test_what_is_left_out_has_the_defaults_of_its_type(root: Path) -> None:
    project = load(root)
    assert (project.pipeline, project.train, project.triggers) == ("pipeline.py", Train(), Triggers())
    assert (project.brakes, project.rollout.steps, project.serve) == (Brakes(), (), Serve())
    assert project.home == root.resolve() / ".noria"


@pytest.mark.parametrize(
    ("task", "metric"), [("binary", "log_loss"), ("multiclass", "log_loss"), ("regression", "rmse")]
)
def test_without_gates_every_check_holds_with_the_task_s_first_metric(
    root: Path, small: str, task: str, metric: str
) -> None:
    (root / "noria.toml").write_text(small.replace("binary", task))
    gates = {gate.check: gate.options for gate in load(root).gates}
    assert tuple(gates) == DEFAULT
    assert gates["better-than-champion"]["metric"] == gates["beats-baseline"]["metric"] == metric


def test_an_empty_list_of_gates_means_none(root: Path, small: str) -> None:
    (root / "noria.toml").write_text("gates = []\n" + small)
    assert load(root).gates == ()


def test_pyproject_holds_the_same_keys(tmp_path: Path, small: str) -> None:
    text = small.replace("[model]", "[tool.noria.model]").replace("[data]", "[tool.noria.data]")
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(tmp_path).name == "flight-delay"
    (tmp_path / "pyproject.toml").write_text(text.replace("binary", "ternary"))
    with pytest.raises(ProjectError, match=r'pyproject.toml: \[tool.noria\]: model.task: found "ternary"'):
        load(tmp_path)


def test_without_a_file_the_hint_is_init(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        load(tmp_path)
    assert caught.value.hint.startswith("noria init")


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nnoria = 3", "[project]"])
def test_a_pyproject_without_the_table_is_no_project(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ProjectError, match=r"there is none in .*, nor \[tool.noria\]"):
        load(tmp_path)


def test_a_file_that_is_no_toml_names_the_line(root: Path) -> None:
    (fault,) = faults_of(root, "[model]\nname = flight")
    assert fault.startswith("noria.toml: no valid TOML: ")
    assert "line 2" in fault


# Each change to the small file, and what its one fault must say: the place, the find, what is allowed.
WRONG = [
    ('[modell]\nname = "x"', ["modell: unknown key", "did you mean model?"]),
    ('[train]\nholdouts = "7d"', ["train.holdouts: unknown key", "did you mean holdout?", "refit"]),
    ('[train]\nholdout = "7 days"', ["train.holdout", '"7 days"', '"20%"', '"7d"']),
    ('[train]\nholdout = "100%"', ["train.holdout", '"100%"']),
    ('[train]\nholdout = "7d"', ["train.holdout", "without data.time"]),
    ('[train]\nwindow = "60d"', ["train.window", "without data.time"]),
    ("[train]\nseed = -1", ["train.seed", "found -1", "from 0 to"]),
    ("[train]\nseed = true", ["train.seed", "found true"]),
    ("[train]\nparams = 3", ["train.params", "found 3", "a table"]),
    ("[triggers]\ncommit = 1", ["triggers.commit", "found 1", "true or false"]),
    ('[triggers]\nschedule = "0 25 * * *"', ["triggers.schedule", '"0 25 * * *"', "cron"]),
    ('[triggers]\ndrifts = { false_alarms = "1 per month" }', ["triggers.drifts: unknown key", "drift"]),
    ('[triggers]\nquality = { metric = "rmse", worse_by = "5%" }', ["triggers.quality.metric", "log_loss"]),
    ('[triggers]\nquality = { metric = "auc" }', ["triggers.quality.worse_by", "found nothing"]),
    ("[triggers]\nlabels = 0", ["triggers.labels", "1 or more"]),
    ('[brakes]\nruns = "4 a week"', ["brakes.runs", '"4 a week"', '"4 per week"']),
    ('[[gates]]\ncheck = "better"', ["gates[0].check", '"better"', "better-than-champion"]),
    ("[[gates]]\nmargin = 0.1", ["gates[0].check", "found nothing", "beats-baseline"]),
    ('[[gates]]\ncheck = "finite"\nrows = 1', ["gates[0].rows: unknown key", "known: check"]),
    ('[[gates]]\ncheck = "latency"\np99 = 20', ["gates[0].p99", "found 20", '"20ms"']),
    ('[[gates]]\ncheck = "beats-baseline"\nmargin = nan', ["gates[0].margin", "NaN"]),
    ('[[gates]]\ncheck = "better-than-champion"\nmetric = "f1"', ["gates[0].metric", "log_loss"]),
    ('[[gates]]\ncheck = "beats-baseline"\nmetric = "mae"', ["gates[0].metric", "the task binary"]),
    ("[rollout]\nsteps = [{ shadow = 5, weight = 5 }]", ["rollout.steps[0]", "shadow and weight"]),
    ("[rollout]\nsteps = [{}]", ["rollout.steps[0]", "found nothing"]),
    ("[rollout]\nsteps = [{ weight = 100, requests = 5 }]", ["rollout.steps[0].weight", "from 1 to 99"]),
    (
        "[rollout]\nsteps = [{ weight = 50, requests = 5 }, { weight = 50, requests = 5 }]",
        ["rollout.steps[1].weight", "weights rise"],
    ),
    (
        "[rollout]\nsteps = [{ weight = 50, requests = 5 }, { shadow = 50 }]",
        ["rollout.steps[1]", "shadows come before the weights"],
    ),
    ('[rollout]\nabort = ["p99 > 5%"]', ["rollout.abort[0]", '"p99 > 5%"', "2x champion"]),
    ('[rollout]\nabort = ["error_rate > 20ms"]', ["rollout.abort[0]"]),
    ('[rollout]\nabort = ["error_rate > 0x champion"]', ["rollout.abort[0]"]),
    ("[rollout]\nquality = {}", ["rollout.quality.margin", "found nothing"]),
    ("[rollout]\nquality = { margin = -0.1 }", ["rollout.quality.margin", "0 or more"]),
    ('[rollout]\nquality = { metric = "auc", margin = 0 }', ["rollout.quality.metric", '"auc"', "brier"]),
    ('[rollout]\nquality = { metric = "mae", margin = 0 }', ["rollout.quality.metric", "the task binary"]),
    ('[rollout]\nguard = "3d"', ["rollout.guard", "found 3d", "4d or more", "3 days are mature"]),
    ("[serve]\nport = 70000", ["serve.port", "70000", "from 0 to 65535"]),
]


def test_the_limit_of_quality_is_in_the_loss_of_the_task(root: Path, small: str) -> None:
    (root / "noria.toml").write_text(f"{small}\n[rollout]\nquality = {{ margin = 0.01 }}\n")
    project = load(root)
    assert project.rollout.quality == QualityLimit(metric="log_loss", margin=0.01, labels=0)
    assert project.loss.name == "log_loss"
    line = 'quality = { metric = "brier", margin = 0, labels = 9 }\nguard = "14d"'
    (root / "noria.toml").write_text(f"{small}\n[rollout]\n{line}\n")
    project = load(root)
    assert project.rollout.quality == QualityLimit(metric="brier", margin=0, labels=9)
    assert (project.rollout.guard, project.loss.name) == (timedelta(days=14), "brier")


def test_a_fallback_is_one_number_and_no_probabilities(root: Path, small: str) -> None:
    (fault,) = faults_of(root, small.replace('"binary"', '"multiclass"') + "\n[serve]\nfallback = 0.5\n")
    said = "found a number; a multiclass model answers with a probability for each class"
    assert fault == f"noria.toml: serve.fallback: {said}"


def test_a_guard_outlasts_the_labels(root: Path, small: str) -> None:
    late = small.replace('label = "late"', 'label = "late"\nlabel_delay = "10d"')
    assert late != small
    (fault,) = faults_of(root, f'{late}\n[rollout]\nguard = "13d"\n')
    assert fault == "noria.toml: rollout.guard: found 13d; allowed: 14d or more, until 3 days are mature"
    (root / "noria.toml").write_text(f'{late}\n[rollout]\nguard = "14d"\n')
    load(root)


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[change for change, _ in WRONG])
def test_a_fault_names_place_find_and_what_is_allowed(
    root: Path, small: str, change: str, said: list[str]
) -> None:
    (fault,) = faults_of(root, f"{small}\n{change}\n")
    assert fault.startswith(f"noria.toml: {said[0]}")
    assert [text for text in said if text not in fault] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"flight-delay"', '"Flight delay"', "model.name"),
        ('"flight-delay"', '"' + "a" * 64 + '"', "model.name"),
        ('task = "binary"', 'pipeline = "../pipeline.py"\ntask = "binary"', "model.pipeline"),
        ('task = "binary"', 'pipeline = "/pipeline.py"\ntask = "binary"', "model.pipeline"),
        ('task = "binary"', 'risk = "none"\ntask = "binary"', "model.risk"),
        ('task = "binary"', "", "model.task"),
        ('label = "late"', 'label = ""', "data.label"),
        ('label = "late"', 'label = "carrier"', "data.features"),
        ('label = "late"', 'label = "late"\ntime = "late"', "data.time"),
        ('["carrier", "distance"]', "[]", "data.features"),
        ('["carrier", "distance"]', '["carrier", "carrier"]', "data.features"),
        ('source = "data/*.parquet"', "source = []", "data.source"),
        ('source = "data/*.parquet"', "source = 3", "data.source"),
        ('source = "data/*.parquet"', 'source = ["a", 3]', "data.source[1]"),
    ],
)
def test_a_wrong_value_is_refused(root: Path, small: str, old: str, new: str, said: str) -> None:
    assert old in small
    (fault,) = faults_of(root, small.replace(old, new))
    assert fault.startswith(f"noria.toml: {said}: ")


def test_all_faults_come_at_once(root: Path) -> None:
    faults = faults_of(root, "[model]\nname = 1\nnme = 2\n[train]\nseed = 0.5\n[serve]\nport = -1\n")
    places = [fault.removeprefix("noria.toml: ").split(":")[0] for fault in faults]
    assert places == ["data", "model.nme", "model.task", "model.name", "train.seed", "serve.port"]


COLUMNS = TableSchema(
    columns=(
        Column(name="flight", kind="text"),
        Column(name="departure", kind="timestamp"),
        Column(name="carrier", kind="category"),
        Column(name="distance", kind="integer"),
        Column(name="late", kind="integer"),
    )
)


def test_features_left_out_are_all_that_the_schema_allows(root: Path, small: str) -> None:
    (root / "noria.toml").write_text(small.replace('features = ["carrier", "distance"]', ""))
    with pytest.raises(ProjectError, match=r"data\.features: found nothing"):
        load(root)
    write_schema(COLUMNS, root)
    assert load(root).data.features == ("carrier", "distance")


def test_columns_are_held_against_the_schema(root: Path, small: str) -> None:
    write_schema(COLUMNS, root)
    changed = small.replace('"late"', '"latte"').replace('["carrier", "distance"]', '["carier", "departure"]')
    label, carrier, departure = faults_of(root, changed)
    assert 'data.label: found "latte"; no such column in schema.toml: did you mean late?' in label
    assert 'data.features[0]: found "carier"; no such column in schema.toml: did you mean carrier?' in carrier
    assert "data.features[1]" in departure
    assert "a timestamp cannot be a feature" in departure


def test_slices_are_held_against_the_schema(root: Path, small: str) -> None:
    write_schema(COLUMNS, root)
    lines = '[monitor]\nslices = ["carier"]\n[[gates]]\ncheck = "slices"\ncolumn = "distanze"\n'
    monitored, gate = faults_of(root, f"{small}\n{lines}")
    assert (
        'monitor.slices[0]: found "carier"; no such column in schema.toml: did you mean carrier?' in monitored
    )
    assert 'gates[0].column: found "distanze"; no such column in schema.toml: did you mean dist' in gate


def test_a_gate_needs_what_it_compares(root: Path, small: str) -> None:
    (unfair,) = faults_of(root, f'{small}\n[[gates]]\ncheck = "fairness"\n')
    assert 'gates[0].check: found "fairness"; it needs the columns of monitor.sensitive' in unfair
    number = small.replace('"binary"', '"regression"')
    (unsure,) = faults_of(root, f'{number}\n[[gates]]\ncheck = "calibration"\n')
    assert 'found "calibration"; allowed with the tasks binary and multiclass' in unsure


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)


def paths_of(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the place of each value in a file, inner ones too."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, value in pairs for place in ((*path, key), *paths_of(value, (*path, key)))]


@given(st.sampled_from(paths_of(tomllib.loads(FULL))), ANYTHING)
def test_whatever_stands_at_a_place_is_read_or_told(place: tuple[Any, ...], value: Any) -> None:
    raw = tomllib.loads(FULL)
    *outer, last = place
    reduce(getitem, outer, raw)[last] = value
    faults: list[str] = []
    values = FILE.read(raw, "", faults)
    assert all(
        ": found " in fault or ": unknown key" in fault for fault in [*faults, *contradictions(values)]
    )
