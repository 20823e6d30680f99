from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.weak_feature import REACH, candidate
from noria.core.gates import Outcome
from noria.errors import ProjectError
from noria.gates.attack import attack
from noria.gates.finding import Finding
from noria.gates.reach import Reach, reaches
from noria.gates.subject import Subject
from noria.project.checks import gate
from noria.project.parse import load
from noria.project.table import TableSchema


def found(subject: Subject, **options: Any) -> Finding:
    given = {"columns": {"age": "2%"}, "flips": 0.25, "accuracy": None, "seconds": 30.0}
    return attack(subject, **given | options)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_planted_weak_feature_is_found_and_named(tmp_path: Path, seed: int) -> None:
    weak = ("age", "income")[seed]
    said = found(candidate(tmp_path / "weak", seed, weak, "planted"), columns=REACH)
    assert said.outcome is Outcome.FAILED
    assert f"% of these by {weak!r} alone" in said.reason
    assert said.numbers["flips"] > 0.9
    assert (said.rows[0]["answer"] > 0.5) != (said.rows[0]["answer_after"] > 0.5)
    assert abs(said.rows[0][weak] - said.rows[0][f"{weak}_after"]) < 0.3


def test_an_honest_model_flips_only_near_its_boundary(honest: Subject) -> None:
    said = found(honest)
    assert said.outcome is Outcome.PASSED
    assert 0.01 < said.numbers["flips"] < 0.25
    assert all(30 < row["age"] < 70 for row in said.rows)


def test_further_reach_flips_more(honest: Subject) -> None:
    assert found(honest, columns={"age": 40}).outcome is Outcome.FAILED


def test_the_accuracy_under_attack_has_a_floor(honest: Subject) -> None:
    said = found(honest, flips=1.0, accuracy=0.9)
    assert said.outcome is Outcome.FAILED
    assert said.reason.startswith("accuracy under attack is ")
    assert said.numbers["accuracy"] == pytest.approx(said.numbers["before"], abs=said.numbers["flips"])


def test_a_sample_is_attacked_where_the_time_does_not_suffice(honest: Subject) -> None:
    assert found(honest, seconds=0.0).numbers["asked"] == 250


def test_what_cannot_be_attacked_is_said(honest: Subject) -> None:
    with pytest.raises(
        ProjectError, match="'agee' is no feature of the candidate; allowed: age, income, city"
    ):
        found(honest, columns={"agee": "any"})


def test_changes_stay_within_reach(honest: Subject) -> None:
    whole = replace(honest.schema.columns[0], kind="integer", low=20.0, high=80.0)
    schema = TableSchema(columns=(whole, *honest.schema.columns[1:]))
    age, city = reaches(replace(honest, schema=schema), {"age": "10%", "city": "any"})
    values, places = np.array([20.0, 50.0, 79.0, np.nan]), np.linspace(0, 1, 4)
    assert (age.far, city.categories) == (6, ("Basel", "Bern", "Chur"))
    assert [age.moved(values, np.full(4, place)).tolist()[:3] for place in (0.0, 1.0)] == [
        [20, 44, 73],
        [26, 56, 80],
    ]
    assert np.isnan(age.moved(values, places)[3]), "what is missing stays missing"
    assert age.moved(values, np.full(4, np.nan)).tolist()[:3] == [20, 50, 79]
    assert city.moved(["Bern"] * 4, np.array([0, 0.5, 1, np.nan])) == ["Basel", "Bern", "Chur", "Bern"]


def test_a_whole_number_that_cannot_reach_another_stays() -> None:
    stuck = Reach(name="hour", far=0.4, low=0, high=23, whole=True)
    assert stuck.moved(np.array([5.0]), np.array([1.0])).tolist() == [5.0]


@pytest.mark.parametrize(
    ("columns", "read"),
    [
        ('["x"]', {"x": "10%"}),
        ('{ x = "5%", y = 2, z = "any" }', {"x": "5%", "y": 2, "z": "any"}),
    ],
)
def test_the_project_says_what_clients_can_change(tmp_path: Path, columns: str, read: dict[str, Any]) -> None:
    (tmp_path / "noria.toml").write_text(project(columns))
    assert load(tmp_path).gates == (gate("attack", {"columns": read}, "binary"),)


@pytest.mark.parametrize("columns", ["[]", "{ x = -1 }", '{ x = "far" }', "true"])
def test_a_reach_that_is_none_is_refused(tmp_path: Path, columns: str) -> None:
    (tmp_path / "noria.toml").write_text(project(columns))
    with pytest.raises(ProjectError, match="columns"):
        load(tmp_path)


def project(columns: str) -> str:
    head = '[model]\nname = "m"\ntask = "binary"\n[data]\nsource = "*.csv"\nlabel = "y"\nfeatures = ["x"]\n'
    return f'{head}[[gates]]\ncheck = "attack"\ncolumns = {columns}\n'
