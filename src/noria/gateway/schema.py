"""What a request's columns may hold: the versions that serve decide it, and it is checked first of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from noria.block import Column
from noria.errors import RequestError
from noria.gateway.batch import Batch

_ALLOWED: dict[str, frozenset[type]] = {
    "number": frozenset({float, int, bool, type(None)}),
    "category": frozenset({str, type(None)}),
    "any": frozenset({float, int, str, bool, type(None)}),
}
MAX_ROWS = 10_000
"""Rows of a request: more of them would keep everybody else waiting."""
_FLOATS = frozenset({float, type(None)})
_LARGEST = 2**63


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a model's requests: `kinds` holds number, category or any for each known one.

    `features` are the champion's, in its order: each of them must come, and a table without names means them.
    `numeric` says that all of them are numbers. `task` is binary, multiclass or regression; `classes` are a
    multiclass model's. `nan` says what a NaN in an array is: missing, or refuse. `pick` takes the features'
    values out of an object with a value per column; it raises KeyError.
    """

    kinds: dict[str, str]
    features: tuple[str, ...]
    numeric: bool
    task: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    classes: tuple[Any, ...] = ()
    nan: str = "missing"

    @classmethod
    def of(cls, specs: Sequence[Mapping[str, Any]], extras: Sequence[str], nan: str = "missing") -> Self:
        """Return the schema for the specs (artifacts' spec.json) of all versions of a plan, champion first.

        `extras` are the columns that a request may carry beside the features, such as the entity.
        """
        kinds = dict.fromkeys(extras, "any")
        for spec in reversed(specs):
            kinds |= {feature["name"]: feature["kind"] for feature in spec["features"]}
        champion = specs[0]
        features = tuple(feature["name"] for feature in champion["features"])
        ordered = dict.fromkeys((*features, *kinds))
        return cls(
            kinds={name: kinds[name] for name in ordered},
            features=features,
            numeric=all(kinds[name] == "number" for name in features),
            task=champion["task"],
            pick=itemgetter(*features) if len(features) > 1 else partial(_only, features[0]),
            classes=tuple(champion.get("classes") or ()),
            nan=nan,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row's output: () for a number, (classes,) for a multiclass model."""
        return (len(self.classes),) if self.task == "multiclass" else ()

    def batch(self, columns: Mapping[str, Column], key: str = "", form: Any = None) -> Batch:
        """Return the columns as a batch with numbers as floats, in the schema's order.

        Raises:
            RequestError: 400, naming the column that is unknown, missing, ragged or of the wrong type; 413.
        """
        try:
            names, cells = self.features, [columns[name] for name in self.features]
        except KeyError as missing:
            raise RequestError(
                400, f"{missing.args[0]!r}: the column is missing; the model has {self._names()}"
            ) from None
        if len(columns) > len(names):
            names = self._known(columns)
            cells = [columns[name] for name in names]
        rows = len(cells[0])
        check_rows(rows)
        if set(map(len, cells)) != {rows}:
            ragged = next(name for name, values in zip(names, cells, strict=True) if len(values) != rows)
            raise RequestError(
                400, f"{ragged!r}: has {len(columns[ragged])} values, and other columns have {rows}"
            )
        return self._checked(names, cells, rows, key, form)

    def rows(self, rows: Sequence[Sequence[Any]], key: str = "", form: Any = None) -> Batch:
        """Return rows as a batch; each holds the values of the features in their order.

        Raises:
            RequestError: 400, naming the row of another length, or the column of the wrong type; 413.
        """
        check_rows(len(rows))
        width = len(self.features)
        if set(map(len, rows)) - {width}:
            number, row = next((number, row) for number, row in enumerate(rows) if len(row) != width)
            features = ", ".join(self.features)
            raise RequestError(
                400, f"row {number} has {len(row)} values, and the model has {width} columns: {features}"
            )
        columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in self.features]
        return self.ordered(columns, key, form)

    def ordered(
        self, columns: list[list[Any]] | NDArray[np.float64], key: str = "", form: Any = None
    ) -> Batch:
        """Return columns of one length, in the order of the features, as a batch.

        An array has the shape [features, rows].

        Raises:
            RequestError: 400, naming the column of the wrong type; 413.
        """
        rows = len(columns[0])
        check_rows(rows)
        if isinstance(columns, np.ndarray) and self.numeric and rows and np.isfinite(columns).all():
            return Batch(self.features, list(columns), rows, key, form)
        return self._checked(self.features, list(columns), rows, key, form)

    def _checked(
        self, names: tuple[str, ...], cells: Sequence[Column], rows: int, key: str, form: Any
    ) -> Batch:
        if rows == 0:
            raise RequestError(400, "the request has no rows")
        # One pass over a row of floats, the most frequent request by far, instead of a look at each column.
        if not (self.numeric and _FLOATS.issuperset(map(type, chain.from_iterable(cells)))):
            cells = [self._column(name, values) for name, values in zip(names, cells, strict=True)]
        return Batch(names, cells, rows, key, form)

    def _known(self, columns: Mapping[str, Column]) -> tuple[str, ...]:
        for name in columns:
            if name not in self.kinds:
                raise RequestError(400, f"{name!r}: there is no such column; the model has {self._names()}")
        return tuple(name for name in self.kinds if name in columns)

    def _column(self, name: str, values: Column) -> Column:
        kind = self.kinds[name]
        if isinstance(values, np.ndarray):
            numbers = self._numbers(name, values)
            if kind == "number":
                return numbers
            values = [None if value != value else value for value in values.tolist()]
        types = set(map(type, values))
        if not types <= _ALLOWED[kind]:
            row = next(row for row, value in enumerate(values) if type(value) not in _ALLOWED[kind])
            raise RequestError(
                400, f"{name!r}: row {row} has {_say(values[row])}, and it is a {_NOUNS[kind]}"
            )
        if kind == "number" and not types <= _FLOATS:
            return _floats(name, values)
        if int in types and max(abs(value) for value in values if type(value) is int) >= _LARGEST:
            raise RequestError(400, f"{name!r}: holds an integer beyond 64 bits")
        return values

    def _numbers(self, name: str, values: NDArray[Any]) -> NDArray[np.float64]:
        numbers = values.astype(np.float64, copy=False)
        if np.isfinite(numbers).all():
            return numbers
        if np.isinf(numbers).any():
            raise RequestError(400, f"{name!r}: row {np.isinf(numbers).argmax()} is an infinity")
        if self.nan == "refuse":
            raise RequestError(400, f"{name!r}: row {np.isnan(numbers).argmax()} is NaN")
        return numbers

    def _names(self) -> str:
        return ", ".join(self.kinds)


def check_rows(count: int) -> None:
    """Refuse a request with too many rows, best before anything is made of them.

    Raises:
        RequestError: 413.
    """
    if count > MAX_ROWS:
        raise RequestError(413, f"the request has {count} rows; up to {MAX_ROWS} are taken")


def _only(name: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row[name],)


_NOUNS = {"number": "number", "category": "category: a string", "any": "string or number"}


def _floats(name: str, values: list[Any]) -> list[float | None]:
    try:
        return [None if value is None else float(value) for value in values]
    except OverflowError:
        raise RequestError(400, f"{name!r}: holds a number beyond the range of float64") from None


def _say(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 40 else text[:40] + '…'}"
