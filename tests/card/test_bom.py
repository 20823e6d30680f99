from __future__ import annotations

import json
from dataclasses import replace

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from noria.artifact import manifest
from noria.card.bom import bill
from noria.card.record import Record


def fault(text: str) -> object:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def test_it_is_valid_and_the_same_each_time(record: Record) -> None:
    assert fault(bill(record)) is None
    assert bill(record) == bill(record)


def test_the_schema_refuses_another(record: Record) -> None:
    found = json.loads(bill(record))
    found["metadata"]["component"]["modelCard"]["modelParameters"]["approach"]["type"] = "guessed"
    assert fault(json.dumps(found)) is not None


def test_it_holds_model_files_datasets_and_packages_with_their_hashes(record: Record) -> None:
    found = json.loads(bill(record))
    model = found["metadata"]["component"]
    assert (model["name"], model["version"], model["hashes"][0]["content"]) == (
        "delay",
        "2",
        record.row.digest,
    )
    files = {part["name"]: part["hashes"][0]["content"] for part in model["components"]}
    assert files == manifest.files(record.artifact)
    assert model["pedigree"]["commits"] == [{"uid": "c0ffee" + "0" * 34}]
    card = model["modelCard"]
    assert card["quantitativeAnalysis"]["performanceMetrics"][0]["slice"] == "holdout"
    assert "confidenceInterval" not in card["quantitativeAnalysis"]["performanceMetrics"][1]
    assert card["modelParameters"]["outputs"] == [{"format": "probabilities of 0, 1"}]
    parts = {part["bom-ref"]: part for part in found["components"]}
    made = record.made_from
    assert made
    assert made.holdout
    assert parts["training-data"]["hashes"][0]["content"] == made.train.sha256
    assert parts["evaluation-data"]["hashes"][0]["content"] == made.holdout.sha256
    numpy = parts[f"pkg:pypi/numpy@{made.packages['numpy']}"]
    assert "BSD" in json.dumps(numpy["licenses"])
    assert set(found["dependencies"][0]["dependsOn"]) == set(parts)


def test_a_package_that_is_installed_no_longer_has_no_licence(record: Record) -> None:
    assert record.made_from
    old = replace(record.made_from, packages={"numpy": "0.1", "nobody_knows": "2"})
    text = bill(replace(record, made_from=old))
    assert fault(text) is None
    parts = [part for part in json.loads(text)["components"] if part["type"] == "library"]
    assert [part["purl"] for part in parts] == ["pkg:pypi/numpy@0.1", "pkg:pypi/nobody-knows@2"]
    assert not any("licenses" in part for part in parts)


def test_without_records_it_is_valid_too(record: Record) -> None:
    assert fault(bill(replace(record, made_from=None, run=None, service=None, signed=""))) is None
