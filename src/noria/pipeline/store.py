"""The outputs of steps, kept by the digest of their content, in formats that hold data and no code."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from noria.artifact import estimators, native
from noria.errors import PipelineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A step's output in the store; `form` says how it is read, `digest` is the SHA-256 of its file."""

    form: str
    digest: str


class Store:
    """A folder of outputs, and beside them which key made which output of which parts."""

    def __init__(self, directory: Path) -> None:
        self._objects = directory / "objects"
        self._keys = directory / "keys"
        self._last = directory / "last"
        for folder in (self._objects, self._keys, self._last):
            folder.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Stored | None:
        """Return the output that was made under this key, None if there is none or it is damaged."""
        try:
            stored = Stored(**json.loads((self._keys / key).read_text()))
            intact = digest(self.path(stored)) == stored.digest
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return stored if intact else None

    def put(self, key: str, value: Any) -> Stored:
        """Keep a step's output under its key.

        Raises:
            PipelineError: the value is of a kind that cannot be kept without pickle.
        """
        form = next((name for name, form in FORMS.items() if form.holds(value)), None)
        if form is None:
            raise PipelineError(
                f"a {type(value).__name__} such as this cannot be kept; what can is a Polars or pandas "
                "frame, a NumPy array, a fitted model, or what JSON gives back unchanged (no tuples, no NaN)"
            )
        temporary = self._objects / f".{uuid4().hex}"
        try:
            FORMS[form].write(value, temporary)
            stored = Stored(form=form, digest=digest(temporary))
            temporary.replace(self.path(stored))
        finally:
            temporary.unlink(missing_ok=True)
        write_atomically(self._keys / key, {"form": stored.form, "digest": stored.digest})
        return stored

    def load(self, stored: Stored) -> Any:
        return FORMS[stored.form].read(self.path(stored))

    def path(self, stored: Stored) -> Path:
        return self._objects / f"{stored.digest}{FORMS[stored.form].suffix}"

    def remember(self, step: str, parts: dict[str, Any]) -> None:
        """Keep what the step's key was made of in its last execution, for `noria why`."""
        write_atomically(self._last / f"{step}.json", parts)

    def last(self, step: str) -> dict[str, Any] | None:
        """Return what the step's key was made of in its last execution, None before the first."""
        try:
            return dict(json.loads((self._last / f"{step}.json").read_text()))
        except (OSError, ValueError):
            return None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old content or the new, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value))
    temporary.replace(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one kind of value is recognised, written and read."""

    suffix: str
    holds: Callable[[Any], bool]
    write: Callable[[Any, Path], object]
    read: Callable[[Path], Any]


def _of(name: str) -> Callable[[Any], bool]:
    """Recognise a type by name, so that a library which the pipeline does not use is not imported either."""
    module, _, attribute = name.rpartition(".")
    return lambda value: isinstance(value, getattr(sys.modules.get(module), attribute, ()))


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _write_array(array: Any, path: Path) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _read_array(path: Path) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _read_polars(path: Path) -> Any:
    import polars as pl

    return pl.read_parquet(path)


def _read_polars_series(path: Path) -> Any:
    return _read_polars(path).to_series()


def _read_pandas(path: Path) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


FORMS = {
    "polars": Form(
        suffix=".parquet",
        holds=_of("polars.DataFrame"),
        write=lambda frame, path: frame.write_parquet(path),
        read=_read_polars,
    ),
    "polars-series": Form(
        suffix=".parquet",
        holds=_of("polars.Series"),
        write=lambda series, path: series.to_frame().write_parquet(path),
        read=_read_polars_series,
    ),
    "pandas": Form(
        suffix=".parquet",
        holds=_of("pandas.DataFrame"),
        write=lambda frame, path: frame.to_parquet(path),
        read=_read_pandas,
    ),
    "numpy": Form(
        suffix=".npy",
        holds=lambda value: _of("numpy.ndarray")(value) and not value.dtype.hasobject,
        write=_write_array,
        read=_read_array,
    ),
    "json": Form(
        suffix=".json",
        holds=_is_json,
        write=lambda value, path: path.write_text(json.dumps(value)),
        read=lambda path: json.loads(path.read_text()),
    ),
    "estimator": Form(suffix=".skops", holds=native.is_model, write=estimators.dump, read=estimators.restore),
}
