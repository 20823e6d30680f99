"""Estimators of scikit-learn as files, by skops."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from noria.artifact.predictor.scikit import TRUSTED
from noria.errors import PipelineError


def dump(estimator: Any, path: Path) -> None:
    """Write the estimator with skops; equal estimators give equal bytes.

    Raises:
        PipelineError: it holds types that are not trusted, or something that is not data.
    """
    import skops.io

    try:
        content = skops.io.dumps(estimator)
    except TypeError as error:  # such as a pandas Index where a list of columns belongs
        raise PipelineError(
            f"the {type(estimator).__name__} holds what cannot be kept ({error}); build it of plain values, "
            "such as lists of column names",
            hint="noria run",
        ) from error
    strange = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
    if strange:
        raise PipelineError(
            f"the {type(estimator).__name__} holds {', '.join(strange)}, and loading such a type could run "
            "any code; build it of scikit-learn's own classes, or return a LightGBM or XGBoost model",
            hint="noria run",
        )
    path.write_bytes(_canonical(content))


def restore(path: Path) -> Any:
    """Return the estimator that `dump` wrote."""
    import skops.io

    return skops.io.load(path, trusted=list(TRUSTED))


def _canonical(content: bytes) -> bytes:
    """Number the memory addresses and drop the times that skops writes into its archive."""
    source = ZipFile(io.BytesIO(content))
    schema = source.read("schema.json").decode()
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    numbers = {address: str(number) for number, address in enumerate(addresses)}

    def numbered(match: re.Match[str]) -> str:
        return match[1] + numbers.get(match[2], match[2]) + match[3]

    schema = re.sub(r'("__id__": |"file": ")(\d+)(\b)', numbered, schema)
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for name in source.namelist():
            if name != "schema.json":
                archive.writestr(ZipInfo(re.sub(r"()(\d+)(\b)", numbered, name)), source.read(name))
        archive.writestr(ZipInfo("schema.json"), schema)
    return target.getvalue()
