import os
import time
from pathlib import Path

import numpy as np
import pytest

from noria.adapters.compute import processors
from noria.errors import JobKilled, PipelineError
from noria.pipeline.train import Request
from noria.replay.workers import Workers, result
from tests.replay.tiny import pipeline, rows

HEAD = "import os, signal, sys\n"


@pytest.fixture
def asked(tmp_path: Path):
    """Builds a request to train with some code."""
    rows(100).write_ipc(tmp_path / "rows.arrow", compression="uncompressed")

    def ask(code: str) -> Request:
        folder = tmp_path / str(abs(hash(code)))
        folder.mkdir()
        (folder / "pipeline.py").write_text(HEAD + code)
        return Request(
            checkout=str(folder),
            pipeline="pipeline.py",
            rows=str(tmp_path / "rows.arrow"),
            out=str(folder / "model"),
            cache="",
            params={},
            seed=0,
            features={"x": "number"},
            label="y",
            task="binary",
        )

    return ask


EVERY = np.arange(100)


def test_a_model_is_trained_and_asked(workers, asked):
    request = asked(pipeline())
    trained = result(workers.train(request, EVERY[:80]))
    assert (trained.rows, trained.classes, trained.not_repeatable) == (80, ("0", "1"), 0)
    assert trained.seconds > 0 < trained.cpu_seconds
    predicted = result(workers.predict(trained.artifact, request.rows, range(90, 100)))
    assert predicted.outputs.shape == (10,)


OWN = "class Own(Exception):\n    def __init__(self, a, b):\n        super().__init__(a)\n"
RAISING = [
    ("def model(train):\n    raise ValueError('no wind')\n",
     "in the step model of the pipeline: ValueError: no wind"),
    (f"{OWN}\ndef model(train):\n    raise Own('of its own kind', 2)\n",
     "in the step model of the pipeline: Own: of its own kind"),
    ("def model(train):\n    sys.exit('enough')\n", "in the step model of the pipeline: SystemExit: enough"),
    ("import nowhere\n\ndef model(train): ...\n",
     "in pipeline.py: ModuleNotFoundError: No module named 'nowhere'"),
    ("def model(train):\n    return 3\n", "model"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "sentence"), RAISING)
def test_what_a_pipeline_raises_is_told_in_a_sentence(workers, asked, code, sentence):
    with pytest.raises(PipelineError) as caught:
        result(workers.train(asked(code), EVERY))
    assert sentence in caught.value.message


def test_what_the_steps_take_is_read(workers, asked):
    code = "def rows(train): ...\n\ndef model(rows, champion): ...\n"
    assert workers.inputs(Path(asked(code).checkout), "pipeline.py") == {"train", "rows", "champion"}
    with pytest.raises(PipelineError, match=r"in pipeline\.py: SyntaxError"):
        workers.inputs(Path(asked("def model(\n").checkout), "pipeline.py")


def test_a_process_that_dies_is_told_and_none_is_left(asked):
    with Workers() as workers:
        processes = list(workers._pool._processes)
        dying = asked("def model(train):\n    os.kill(os.getpid(), signal.SIGKILL)\n")
        with pytest.raises(
            JobKilled, match="ended while it trained or predicted: by the pipeline's own code"
        ):
            result(workers.train(dying, EVERY))
        with pytest.raises(JobKilled):  # there is nobody any more who could be asked
            result(workers.train(asked(pipeline()), EVERY))
    assert gone(processes)


def test_closing_ends_what_the_processes_do(asked):
    workers = Workers()
    endless = asked("import time\n\ndef model(train):\n    time.sleep(60)\n")
    futures = [workers.train(endless, EVERY) for _ in range(processors() + 1)]
    processes = list(workers._pool._processes)
    began = time.monotonic()
    workers.close()
    for future in futures:
        with pytest.raises(JobKilled):
            result(future)
    assert time.monotonic() - began < 10
    assert gone(processes)


def gone(processes: list[int]) -> bool:
    """Whether all processes end within seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{process}").exists() for process in processes):
            return True
        time.sleep(0.05)
    return False


def test_the_environment_stays_as_it_was(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    Workers().close()
    assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ["MKL_NUM_THREADS"] == "7"
