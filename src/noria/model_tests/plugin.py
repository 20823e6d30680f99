"""The pytest plugin: fixtures for the model under test, its rows and its champion.

It is loaded in every pytest run where noria is installed, so it imports little and does nothing until a test
asks for one of its fixtures. Which model: that of `--noria-version` (it may be repeated), else the champion
of the project around pytest's root directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from noria.errors import NoriaError, ProjectError
from noria.model_tests import reporting, under_test

if TYPE_CHECKING:
    import polars as pl

    from noria.artifact.model import Model
    from noria.model_tests.assertions import Predict, Rows
    from noria.model_tests.under_test import UnderTest
    from noria.project.model import Project

ENOUGH = 100
"""Rows of the holdout that a slice has at least."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("noria", "tests of a model")
    group.addoption(
        "--noria-version", type=int, action="append", default=[], help="a version to test; may be repeated"
    )
    group.addoption("--noria-under-test", type=Path, help="a file that says what is tested, written by noria")
    group.addoption("--noria-report", type=Path, help="where each test's result goes, a line of JSON each")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "versions(*numbers): the versions of the model that a test is for")
    config.addinivalue_line(
        "markers", "slices(*columns, rows=100): once for each value, in slice_rows, that has so many rows"
    )
    if report := config.getoption("--noria-report"):
        config.pluginmanager.register(reporting.Reporter(report))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "noria_under_test" not in metafunc.fixturenames:
        return
    versions = _versions(metafunc)
    if versions:
        names = [f"version {number}" for number in versions]
        metafunc.parametrize("noria_under_test", versions, indirect=True, ids=names, scope="session")
    if "slice_rows" in metafunc.fixturenames:
        with _told():
            slices = _slices(metafunc, versions)
        names = [f"{column}={value}" for column, value in slices]
        metafunc.parametrize("slice_rows", slices, indirect=True, ids=names)


@pytest.fixture(scope="session")
def noria_under_test(request: pytest.FixtureRequest) -> UnderTest:
    """What is tested: a version of the project, or what a gate has in hand."""
    with _told():
        return _under_test(request.config, getattr(request, "param", None))


@pytest.fixture(scope="session")
def project(noria_under_test: UnderTest) -> Project:
    """The project, as its noria.toml says it."""
    from noria.project.parse import load

    with _told():
        return load(Path(noria_under_test.root))


@pytest.fixture(scope="session")
def candidate(noria_under_test: UnderTest) -> Model:
    """The model under test: the one that ships."""
    return _model(noria_under_test.shipped)


@pytest.fixture(scope="session")
def twin(noria_under_test: UnderTest) -> Model:
    """The model under test as it was judged: it has not seen the holdout."""
    return _model(noria_under_test.judged)


@pytest.fixture(scope="session")
def champion(noria_under_test: UnderTest) -> Model:
    """The champion."""
    if noria_under_test.champion is None:
        pytest.skip("there is no champion yet")
    return _model(noria_under_test.champion)


@pytest.fixture(scope="session")
def train(noria_under_test: UnderTest) -> pl.DataFrame:
    """The rows that the twin learnt from."""
    return _frame(noria_under_test.train)


@pytest.fixture(scope="session")
def holdout(noria_under_test: UnderTest) -> pl.DataFrame:
    """The newest matured rows, which the twin has not seen."""
    rows = _frame(noria_under_test.holdout)
    if rows.is_empty():
        pytest.skip("nothing is held out: train.holdout is 0")
    return rows


@pytest.fixture
def slice_rows(request: pytest.FixtureRequest, holdout: pl.DataFrame) -> pl.DataFrame:
    """The rows of the holdout with one value of a column that the marker `slices` names."""
    column, value = request.param
    return holdout.filter(holdout[column] == value)


@pytest.fixture(scope="session")
def predict(candidate: Model) -> Predict:
    """A function from rows (a Polars frame, or a list of dicts) to the candidate's scores."""
    import polars as pl

    def scores(rows: Rows) -> Any:
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
        return candidate.predict(frame)

    return scores


def _under_test(config: pytest.Config, version: int | None) -> UnderTest:
    if file := config.getoption("--noria-under-test"):
        return under_test.read(file)
    from noria.project.parse import load

    for folder in (config.rootpath, *config.rootpath.parents):
        if (folder / "noria.toml").is_file():
            return under_test.of_version(load(folder), version)
    raise ProjectError(
        (f"there is no noria.toml in {config.rootpath} or above it",), hint="pytest --rootdir PROJECT"
    )


def _versions(metafunc: pytest.Metafunc) -> list[int]:
    """Return the versions that a test is repeated for: [] for the one that is tested anyway."""
    if metafunc.config.getoption("--noria-under-test"):
        return []
    marker = metafunc.definition.get_closest_marker("versions")
    return metafunc.config.getoption("--noria-version") or (list(marker.args) if marker else [])


def _slices(metafunc: pytest.Metafunc, versions: list[int]) -> list[tuple[str, Any]]:
    """Return the columns and values that a test is repeated for, the most frequent values first."""
    marker = metafunc.definition.get_closest_marker("slices")
    if marker is None:
        raise ProjectError(("slice_rows: of which column? Mark the test: @pytest.mark.slices(COLUMN)",))
    columns, enough = marker.args, marker.kwargs.get("rows", ENOUGH)
    rows = _frame(_under_test(metafunc.config, versions[0] if versions else None).holdout)
    for column in columns:
        if column not in rows.columns:
            known = ", ".join(name for name in rows.columns if not name.startswith("_"))
            raise ProjectError(
                (f"slices({column!r}): there is no such column; there are: {known}",), hint="noria doctor"
            )
    counts = [(column, rows[column].drop_nulls().value_counts(sort=True)) for column in columns]
    return [
        (column, value) for column, values in counts for value, count in values.iter_rows() if count >= enough
    ]


def _model(artifact: str) -> Model:
    from noria.artifact.model import Model

    with _told():
        return Model(Path(artifact))


def _frame(file: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(file)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what noria raises as a sentence, without its traceback."""
    try:
        yield
    except NoriaError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
