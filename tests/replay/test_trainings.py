import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from noria.errors import PipelineError
from noria.pipeline.train import Request
from noria.replay.trainings import SMALLEST, Ordered, Trainings
from noria.replay.workers import Predicted, Trained, Workers
from tests.replay.tiny import pipeline, rows

COUNT = 600


class Counting:
    """The workers, and how often each was asked."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.trained: list[np.ndarray] = []
        self.predicted: list[range] = []

    def train(self, request: Request, numbers: np.ndarray) -> Future[Trained]:
        self.trained.append(numbers)
        return self.workers.train(request, numbers)

    def predict(self, artifact: str, rows: str, numbers: range) -> Future[Predicted]:
        self.predicted.append(numbers)
        return self.workers.predict(artifact, rows, numbers)


@pytest.fixture
def counting(workers: Workers) -> Counting:
    return Counting(workers)


@pytest.fixture
def request_for(tmp_path: Path) -> Request:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "pipeline.py").write_text(pipeline())
    rows(COUNT).write_ipc(tmp_path / "rows.arrow", compression="uncompressed")
    return Request(
        checkout=str(tmp_path / "code"),
        pipeline="pipeline.py",
        rows="",
        out="",
        cache="",
        params={},
        seed=0,
        features={"x": "number"},
        label="y",
        task="binary",
    )


def trainings(tmp_path: Path, counting: Counting, code: str = "code") -> Trainings:
    (tmp_path / "models").mkdir(exist_ok=True)
    return Trainings(counting, tmp_path / "models", tmp_path / "rows.arrow", COUNT, code)  # type: ignore[arg-type]


def written(tmp_path: Path) -> None:
    """Wait until the record of a training is written, which its future does not wait for."""
    while not list((tmp_path / "models").glob("*.json")):
        time.sleep(0.01)


def first(count: int, request: Request) -> Ordered:
    return Ordered(request=request, rows=np.arange(count))


def test_the_same_training_is_made_once(tmp_path, counting, request_for):
    shared = trainings(tmp_path, counting)
    one, again, longer = (shared.train(first(count, request_for)) for count in (100, 100, 101))
    assert one is again
    assert one.result().artifact != longer.result().artifact
    assert [len(numbers) for numbers in counting.trained] == [100, 101]
    assert one.result().rows == 100


def test_what_was_trained_is_kept_for_the_next_replay(tmp_path, counting, request_for):
    before = trainings(tmp_path, counting).train(first(100, request_for)).result()
    written(tmp_path)
    shared = trainings(tmp_path, counting)
    assert shared.train(first(100, request_for)).result() == before
    assert len(counting.trained) == 1
    assert shared.seconds == before.seconds  # nothing was called now, but this call is needed


def test_other_code_parameters_or_seeds_are_other_trainings(tmp_path, counting, request_for):
    shared = trainings(tmp_path, counting)
    asked = [request_for, replace(request_for, seed=1), replace(request_for, params={"C": 0.5})]
    artifacts = {shared.train(first(100, request)).result().artifact for request in asked}
    artifacts.add(
        trainings(tmp_path, counting, "other code").train(first(100, request_for)).result().artifact
    )
    assert len(artifacts) == len(counting.trained) == 4


def test_a_champion_is_part_of_what_is_asked_where_the_pipeline_takes_it(tmp_path, counting, request_for):
    shared = trainings(tmp_path, counting)
    champions = [shared.train(first(count, request_for)).result().artifact for count in (100, 120)]
    asked = [replace(request_for, champion=champion) for champion in (*champions, champions[0])]
    found = [shared.train(first(140, request)).result().artifact for request in asked]
    assert found[0] == found[2] != found[1]


def test_a_damaged_model_is_trained_again(tmp_path, counting, request_for):
    before = trainings(tmp_path, counting).train(first(100, request_for)).result()
    written(tmp_path)
    file = next(Path(before.artifact).glob("data/*.skops"))
    file.write_bytes(file.read_bytes()[:-10])
    shared = trainings(tmp_path, counting)
    assert shared.train(first(100, request_for)).result().artifact == before.artifact
    assert len(counting.trained) == 2
    assert shared.outputs(before, range(3)).shape == (3,)


def test_a_model_predicts_the_chunks_that_are_asked_for_once(tmp_path, counting, request_for):
    shared = trainings(tmp_path, counting)
    model = shared.train(first(100, request_for)).result()
    whole = shared.outputs(model, range(COUNT))
    assert np.array_equal(shared.outputs(model, range(200, 300)), whole[200:300])
    assert counting.predicted == [range(256), range(256, 512), range(512, 600)]  # chunks of SMALLEST rows
    assert SMALLEST == 256
    assert 0 < whole.min() < whole.max() < 1


def test_a_pipeline_that_raises_is_told_to_each_that_asks(tmp_path, counting, request_for):
    (tmp_path / "code" / "pipeline.py").write_text("def model(train):\n    raise KeyError('wind')\n")
    shared = trainings(tmp_path, counting)
    for _ in range(2):
        with pytest.raises(PipelineError, match="in the step model of the pipeline: KeyError: 'wind'"):
            shared.train(first(100, request_for)).result()
    assert len(counting.trained) == 1
    assert not list((tmp_path / "models").glob("*.json"))


def test_the_seconds_are_those_of_each_call_once(tmp_path, counting, request_for):
    shared = trainings(tmp_path, counting)
    model = shared.train(first(100, request_for)).result()
    for _ in range(3):
        shared.outputs(model, range(COUNT))
    once = shared.seconds
    shared.outputs(model, range(COUNT))
    assert once == shared.seconds >= model.seconds > 0
