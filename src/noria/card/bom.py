"""A version's bill of materials: CycloneDX 1.6 with a model card (ML-BOM), as JSON.

https://cyclonedx.org/docs/1.6/json/. It is written here, because the library of CycloneDX knows no model
cards; the tests validate it by that library. The same records give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from math import isfinite
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from noria.card.evidence import limits
from noria.card.figures import over_days
from noria.card.licences import licences
from noria.card.provenance import Provenance, Rows
from noria.card.record import Record
from noria.core.interval import Interval

Part = dict[str, Any]
MODEL, TRAINING, EVALUATION = "model", "training-data", "evaluation-data"
"""What components call one another."""


def bill(record: Record) -> str:
    """Return the bill of materials, JSON."""
    datasets, packages = list(_datasets(record)), list(_packages(record.made_from))
    refs = [part["bom-ref"] for part in (*datasets, *packages)]
    found = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid5(NAMESPACE_URL, f"{record.name} {record.row.digest}").urn,
        "version": 1,
        "metadata": {
            "timestamp": record.row.registered.isoformat(),
            "tools": {"components": [{"type": "application", "name": "noria", "version": version("noria")}]},
            "component": _model(record),
        },
        "components": [*datasets, *packages],
        "dependencies": [{"ref": MODEL, "dependsOn": refs}, *({"ref": ref} for ref in refs)],
    }
    return json.dumps(found, indent=1) + "\n"


def _model(record: Record) -> Part:
    row, made = record.row, record.made_from
    files = [
        {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": _hashes(digest)}
        for name, digest in sorted(record.files.items())
    ]
    part: Part = {
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "name": row.model,
        "version": str(row.version),
        "hashes": _hashes(row.digest),
        "modelCard": _card(record),
        "components": files,
        "properties": _properties(record),
    }
    if made and made.purpose:
        part["description"] = made.purpose
    if made and made.owner:
        part["publisher"] = made.owner
    if commit := row.facts.get("commit"):
        part["pedigree"] = {"commits": [{"uid": commit}]}
    return part


def _card(record: Record) -> Part:
    spec, made = record.spec, record.made_from
    held_out = [{"ref": EVALUATION}] if made and made.holdout else []
    use = {"useCases": [made.purpose]} if made and made.purpose else {}
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": spec["task"],
            "architectureFamily": spec["kind"],
            "datasets": [{"ref": TRAINING}, *held_out] if made else [],
            "inputs": [{"format": f"{each['name']}: {each['kind']}"} for each in spec["features"]],
            "outputs": [{"format": _output(spec)}],
        },
        "quantitativeAnalysis": {"performanceMetrics": list(_metrics(record))},
        "considerations": {
            **use,
            "technicalLimitations": [each.text for each in limits(record) if each.text],
        },
    }


def _output(spec: Part) -> str:
    if spec["task"] == "regression":
        return "a number"
    return f"probabilities of {', '.join(map(str, spec['classes']))}"


def _metrics(record: Record) -> Iterator[Part]:
    """Yield the metrics on the holdout, and in service, with their intervals over days."""
    facts, service = record.row.facts, record.service
    for name, value in facts["metrics"].items():
        yield _metric(name, value, "holdout", over_days(facts.get("daily", {}).get(name, ())))
    for name, mean in (service.metrics if service else {}).items():
        yield _metric(name, mean.value, "in service", mean)


def _metric(name: str, value: float, rows: str, interval: Interval | None) -> Part:
    part: Part = {"type": name, "value": str(value), "slice": rows}
    if interval and isfinite(interval.high - interval.low):
        part["confidenceInterval"] = {"lowerBound": str(interval.low), "upperBound": str(interval.high)}
    return part


def _datasets(record: Record) -> Iterator[Part]:
    made = record.made_from
    if made:
        yield _dataset(record, TRAINING, made.train)
    if made and made.holdout:
        yield _dataset(record, EVALUATION, made.holdout)


def _dataset(record: Record, ref: str, rows: Rows) -> Part:
    number = str(record.row.facts["data_version"])
    sources = record.made_from.source if record.made_from else ()
    about = [{"name": "rows", "value": str(rows.rows)}]
    about += [{"name": "source", "value": glob} for glob in sources]
    return {
        "type": "data",
        "bom-ref": ref,
        "name": f"{record.row.model} {ref.replace('-', ' ')}",
        "version": number,
        "hashes": _hashes(rows.sha256),
        "data": [{"type": "dataset", "contents": {"properties": about}}],
    }


def _packages(made: Provenance | None) -> Iterator[Part]:
    """Yield the packages of the environment, each with its licences as far as it is still installed."""
    for name, number in (made.packages if made else {}).items():
        normal = re.sub(r"[-_.]+", "-", name).lower()
        purl = f"pkg:pypi/{normal}@{number}"
        part = {"type": "library", "bom-ref": purl, "name": normal, "version": number, "purl": purl}
        yield {**part, **_licensed(name, number)}


def _licensed(name: str, number: str) -> Part:
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return {}
    found = licences(package.metadata) if package.version == number else []
    return {"licenses": found} if found else {}


def _properties(record: Record) -> list[Part]:
    made, facts = record.made_from, record.row.facts
    said: dict[str, Any] = {"run": record.row.run, "policy": facts.get("policy"), "signature": record.signed}
    if made:
        said |= {f"parameter:{name}": value for name, value in made.parameters.items()}
        said |= {"seed": made.seed, "python": made.python, "risk": made.risk, "schema": made.schema}
    return [{"name": f"noria:{name}", "value": str(value)} for name, value in said.items() if value != ""]


def _hashes(digest: str) -> list[Part]:
    return [{"alg": "SHA-256", "content": digest}]
