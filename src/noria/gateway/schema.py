"""What a request's columns may hold: the versions that serve decide it, and it is checked first of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Self

import msgspec

from noria.errors import RequestError
from noria.gateway.batch import Batch

_ALLOWED: dict[str, frozenset[type]] = {
    "number": frozenset({float, int, bool, type(None)}),
    "category": frozenset({str, type(None)}),
    "any": frozenset({float, int, str, bool, type(None)}),
}
_FLOATS = frozenset({float, type(None)})
_LARGEST = 2**63


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a model's requests: `kinds` holds number, category or any for each known one.

    `features` are the champion's, in its order: each of them must come, and a table without names means them.
    `numeric` says that all of them are numbers. `task` is binary, multiclass or regression; `classes` are a
    multiclass model's.
    """

    kinds: dict[str, str]
    features: tuple[str, ...]
    numeric: bool
    task: str
    classes: tuple[Any, ...] = ()

    @classmethod
    def of(cls, specs: Sequence[Mapping[str, Any]], extras: Sequence[str]) -> Self:
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
            classes=tuple(champion.get("classes") or ()),
        )

    def batch(self, columns: Mapping[str, list[Any]], key: str = "") -> Batch:
        """Return the columns as a batch with numbers as floats, in the schema's order.

        Raises:
            RequestError: 400, naming the column that is unknown, missing, ragged or of the wrong type.
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
        if rows == 0:
            raise RequestError(400, "the request has no rows")
        # One pass over a row of floats, the most frequent request by far, instead of a look at each column.
        if not (
            self.numeric and set(map(len, cells)) == {rows} and _FLOATS.issuperset(map(type, chain(*cells)))
        ):
            cells = [self._column(name, values, rows) for name, values in zip(names, cells, strict=True)]
        return Batch(names, cells, rows, key)

    def _known(self, columns: Mapping[str, list[Any]]) -> tuple[str, ...]:
        for name in columns:
            if name not in self.kinds:
                raise RequestError(400, f"{name!r}: there is no such column; the model has {self._names()}")
        return tuple(name for name in self.kinds if name in columns)

    def _column(self, name: str, values: list[Any], rows: int) -> list[Any]:
        if len(values) != rows:
            raise RequestError(400, f"{name!r}: has {len(values)} values, and other columns have {rows}")
        kind = self.kinds[name]
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

    def _names(self) -> str:
        return ", ".join(self.kinds)


_NOUNS = {"number": "number", "category": "category: a string", "any": "string or number"}


def _floats(name: str, values: list[Any]) -> list[float | None]:
    try:
        return [None if value is None else float(value) for value in values]
    except OverflowError:
        raise RequestError(400, f"{name!r}: holds a number beyond the range of float64") from None


def _say(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 40 else text[:40] + '…'}"
