from noria.gateway.protocols import metadata
from noria.gateway.schema import Schema

SPEC = {
    "task": "multiclass",
    "classes": ["a", "b", "c"],
    "features": [{"name": "age", "kind": "number"}, {"name": "town", "kind": "category"}],
}
SCHEMA = Schema.of([SPEC], ["customer"])


def test_metadata_names_every_feature_and_no_more() -> None:
    told = metadata.metadata("m", ["7"], SCHEMA)
    inputs = [(each["name"], each["datatype"], each["shape"]) for each in told["inputs"]]
    assert inputs == [("age", "FP64", [-1]), ("town", "BYTES", [-1])]
    assert told["outputs"] == [{"name": "predict", "datatype": "FP64", "shape": [-1, 3]}]
    assert (told["name"], told["versions"]) == ("m", ["7"])


def test_the_configuration_says_the_same_in_tritons_words() -> None:
    told = metadata.configuration("m", ["7"], SCHEMA)
    assert told["input"][1] == {"name": "town", "data_type": "TYPE_STRING", "dims": [-1]}
    assert told["output"] == [{"name": "predict", "data_type": "TYPE_FP64", "dims": [-1, 3]}]


def test_the_index_has_every_version_that_answers() -> None:
    states = [
        (each["name"], each["version"], each["state"]) for each in metadata.index({"m": {7: True, 8: False}})
    ]
    assert states == [("m", "7", "READY"), ("m", "8", "UNAVAILABLE")]
