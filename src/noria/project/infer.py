"""What a table tells about itself: its columns, the task, and which columns are features."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from noria.errors import DataError
from noria.project.kinds import nearest
from noria.project.model import Task
from noria.project.table import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 200
MOST_CLASSES = 20
UNNAMEABLE = frozenset('",:[]{}')
_RERUN = "noria init --help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What was inferred from `rows` rows. `left_out` says, for each column that is no feature, why.

    `span` is the time from the first row to the last, None where the rows have only an order.
    """

    rows: int
    span: timedelta | None
    schema: TableSchema
    task: Task
    features: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    def without(self, name: str, reason: str) -> Inference:
        """Return the same without a feature."""
        features = tuple(feature for feature in self.features if feature != name)
        return replace(self, features=features, left_out={**self.left_out, name: reason})


def infer(
    frame: pl.DataFrame,
    *,
    label: str,
    time: str | None = None,
    entity: str | None = None,
    label_time: str | None = None,
) -> Inference:
    """Return what `frame` says about itself, given which columns mean what.

    Raises:
        DataError: a named column is not there, the label can be no task, an entity has several rows (at
            one time), or the times cannot be read.
    """
    roles = {"label": label, "time": time, "entity": entity, "label time": label_time}
    _require(frame, {role: name for role, name in roles.items() if name})
    task = _task(frame[label])
    if entity:
        _require_unique(frame, entity, time)
    columns: list[Column] = []
    left_out: dict[str, str] = {}
    for series in frame:
        role = next((role for role, name in roles.items() if name == series.name), "")
        timed = role in ("time", "label time")
        kind = _timestamp(series, required=role == "time") if timed else _kind(series)
        columns.append(_column(series, kind, required=bool(role)))
        if reason := f"the {role}" if role else _unfit(series, kind):
            left_out[series.name] = reason
    features = tuple(column.name for column in columns if column.name not in left_out)
    if not features:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataError(f"no column is left that a model could learn from ({reasons})", hint=_RERUN)
    return Inference(
        rows=len(frame),
        span=_span(frame[time]) if time else None,
        schema=TableSchema(columns=tuple(columns)),
        task=task,
        features=features,
        left_out=left_out,
    )


def _require(frame: pl.DataFrame, roles: dict[str, str]) -> None:
    if frame.is_empty():
        raise DataError("the table has no rows", hint=_RERUN)
    for role, name in roles.items():
        if name not in frame.columns:
            raise DataError(
                f'{role}: found "{name}"; no such column; {nearest(name, frame.columns)}', hint=_RERUN
            )


def _require_unique(frame: pl.DataFrame, entity: str, time: str | None) -> None:
    distinct = frame.n_unique([entity, time] if time else entity)
    if distinct == len(frame):
        return
    each, allowed = ("", "one row for each, or several with --time COLUMN, each of its own time")
    if time:
        each, allowed = (f' at different "{time}"', "one row of an entity at a time")
    found = f"found {len(frame)} rows of {distinct} entities{each}"
    raise DataError(f'entity "{entity}": {found}; allowed: {allowed}', hint=_RERUN)


def _task(label: pl.Series) -> Task:
    """Two values are binary; a few texts or whole numbers are classes; other numbers are a regression."""
    values = label.drop_nulls()
    distinct = values.n_unique()
    if distinct < 2:
        raise DataError(
            f'label "{label.name}": found {distinct} distinct values; at least 2 are needed', hint=_RERUN
        )
    if distinct == 2:
        return Task.BINARY
    if distinct <= MOST_CLASSES and not label.dtype.is_float():
        return Task.MULTICLASS
    if label.dtype.is_numeric():
        return Task.REGRESSION
    raise DataError(
        f'label "{label.name}": found {distinct} distinct values of type {label.dtype}; '
        f"allowed: numbers, or up to {MOST_CLASSES} classes",
        hint=_RERUN,
    )


def _kind(series: pl.Series) -> str:
    import polars as pl

    dtype = series.dtype
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    if dtype.is_integer():
        return "integer"
    if dtype in (pl.Date, pl.Datetime):
        return "timestamp"
    if dtype == pl.Boolean:
        return "boolean"
    return "category" if _has_categories(series) else "text"


def _has_categories(series: pl.Series) -> bool:
    """A text with at most 200 distinct values, each of them in two rows or more on average."""
    import polars as pl

    texts = series.dtype in (pl.String, pl.Categorical, pl.Enum)
    return texts and series.n_unique() <= min(MOST_CATEGORIES, max(2, len(series) // 2))


def _timestamp(series: pl.Series, *, required: bool) -> str:
    """Return "timestamp" for a column of moments, or of texts that all read as such."""
    import polars as pl

    if required and series.null_count():
        raise DataError(f'time "{series.name}": {series.null_count()} rows have none', hint=_RERUN)
    if series.dtype in (pl.Date, pl.Datetime):
        return "timestamp"
    if series.dtype != pl.String:
        found = f"found {series.dtype}, such as {series[0]}"
        raise DataError(
            f'time "{series.name}": {found}; allowed: dates, or texts such as 2013-01-31T08:15', hint=_RERUN
        )
    try:
        series.str.to_datetime(time_zone="UTC")
    except pl.exceptions.PolarsError:
        raise DataError(
            f'time "{series.name}": found texts such as "{series[0]}" that do not all read as times; '
            "allowed: texts such as 2013-01-31T08:15:00",
            hint=_RERUN,
        ) from None
    return "timestamp"


def _span(times: pl.Series) -> timedelta:
    import polars as pl

    moments = times.str.to_datetime(time_zone="UTC") if times.dtype == pl.String else times
    return cast(timedelta, cast(Any, moments.max()) - cast(Any, moments.min()))


def _column(series: pl.Series, kind: str, *, required: bool) -> Column:
    """A number may be missing even if none was: sensors fail, and the models take it."""
    nullable = not required and (kind == "number" or bool(series.null_count()))
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] | None = None
    if kind in ("number", "integer"):
        seen = series.drop_nulls().cast(float).drop_nans()
        low, high = cast("float | None", seen.min()), cast("float | None", seen.max())
    if kind == "category":
        categories = tuple(series.drop_nulls().cast(str).unique().sort())
    return Column(name=series.name, kind=kind, nullable=nullable, categories=categories, low=low, high=high)


def _unfit(series: pl.Series, kind: str) -> str:
    """Return why a column cannot be a feature, or "" when it can."""
    if set(series.name) & UNNAMEABLE:
        return f"LightGBM takes no name with any of {' '.join(sorted(UNNAMEABLE))}: rename the column"
    distinct, rows = series.drop_nulls().n_unique(), len(series)
    if distinct < 2:
        return "constant" if distinct else "always missing"
    if kind == "timestamp":
        return "a timestamp: derive numbers from it"
    if kind == "text":
        return "an identifier: another text in each row" if distinct == rows else f"a text: {distinct} values"
    if kind == "integer" and distinct == rows and _numbers_rows(series):
        return "an identifier: another number in each row"
    return ""


def _numbers_rows(series: pl.Series) -> bool:
    low, high = cast(int, series.min()), cast(int, series.max())
    return high - low == len(series) - 1 or series.name.lower().endswith("id")
