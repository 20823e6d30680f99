"""The files of a new project, from the templates beside this module."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path

from noria.core.quality import primary
from noria.errors import ProjectError
from noria.project.infer import Inference
from noria.project.pace import pace
from noria.project.table import quoted, write_schema
from noria.project.units import parse_duration

_TEMPLATES = Path(__file__).with_name("templates")
_BASE = "tabular"
_FILES = {
    "noria.toml.jinja": "noria.toml",
    "pipeline.py.jinja": "pipeline.py",
    "README.md.jinja": "README.md",
    "gitignore.jinja": ".gitignore",
    "test_model.py.jinja": "tests/model/test_model.py",
}
_OWN = {"flights": {"test_flights.py.jinja": "tests/model/test_flights.py"}}
"""What a template has beside the files of every project."""
_SLICED = 3
"""Of the categories, the first ones whose values are tested each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Where the examples lie, below the project, and which columns mean what; `unused` is left to try out."""

    source: str
    label: str
    time: str | None = None
    entity: str | None = None
    label_time: str | None = None
    label_delay: str = "0s"
    unused: str | None = None


def write_project(root: Path, template: str | None, examples: Examples, inference: Inference) -> None:
    """Write noria.toml, schema.toml, pipeline.py, tests/model, README.md and .gitignore into `root`.

    Without a template it is a project of one's own data; a file that `template` lacks is the tabular one.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader([_TEMPLATES / (template or _BASE), _TEMPLATES / _BASE])
    environment = Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"quoted": quoted, "array": _array}
    kind_of = {column.name: column.kind for column in inference.schema.columns}.__getitem__
    categories = [name for name in inference.features if kind_of(name) == "category"]
    facts = {
        **asdict(examples),
        **asdict(pace(inference.span, inference.rows)),
        "name": root.name,
        "own_data": template is None,
        "task": inference.task,
        "guard": _guard(examples.label_delay),
        "metric": primary(inference.task).name,
        "features": inference.features,
        "categories": categories,
        "slices": ", ".join(map(quoted, categories[:_SLICED])),
        "estimator": "LGBMRegressor" if inference.task == "regression" else "LGBMClassifier",
    }
    for source, target in (_FILES | _OWN.get(template or "", {})).items():
        text = environment.get_template(source).render(facts)
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        (root / target).write_text(text, encoding="utf-8")
    notes = {name: f"no feature: {reason}" for name, reason in inference.left_out.items()}
    write_schema(inference.schema, root, notes)


def _guard(label_delay: str) -> str:
    """Return two weeks beyond the label delay: a guard judges days whose labels are known."""
    try:
        delay = parse_duration(label_delay)
    except ValueError as error:
        raise ProjectError(
            (f'label_delay: found "{label_delay}"; allowed: {error}',), hint="noria init --help"
        ) from None
    return f"{14 + ceil(delay / timedelta(days=1))}d"


def _array(names: Sequence[str]) -> str:
    """Return names as an array that both TOML and Python read: on one line where they fit."""
    items = [f"{quoted(name)}," for name in names]
    line = f"[{' '.join(items).rstrip(',')}]"
    if len(line) <= 90:
        return line
    whole = textwrap.wrap("\n".join(item.replace(" ", "\0") for item in items), 90, break_on_hyphens=False)
    return "[\n" + "".join(f"    {row}\n" for row in whole).replace("\0", " ") + "]"
