"""What noria.toml says, as frozen values with units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from noria.core.gain import QualityLimit
from noria.core.gates import Gate
from noria.core.policy import Brakes, Rate, Triggers
from noria.core.quality import METRICS, Metric, primary
from noria.core.rollout import Step
from noria.core.window import AbortRule

MONTHLY = Rate(count=1, period=timedelta(days=30))


class Task(StrEnum):
    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Evaluation(StrEnum):
    """By whom a candidate is judged that knows all rows, see `noria.loop.forerunner`."""

    HOLDOUT = "holdout"  # by a twin that was trained without the newest rows
    PREQUENTIAL = "prequential"  # by the model of the run before, on all that came since


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where the labelled examples come from, and which columns mean what.

    `source` holds globs of CSV or Parquet files or Delta tables, relative to the project. Without `time`,
    the order of the rows is the time. A label is due `label_delay` after its row, unless `label_time` names
    the column that says when it became known. An entity, such as a customer, has one row at a time, or one
    at all without `time`.
    """

    source: tuple[str, ...]
    label: str
    features: tuple[str, ...]
    time: str | None = None
    entity: str | None = None
    label_delay: timedelta = timedelta(0)
    label_time: str | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns by which a row is known again; () without an entity: then by all its values."""
        return tuple(name for name in (self.entity, self.time) if name) if self.entity else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """How a candidate is trained: on which window, with which rows held out, from which seed.

    `window` is "all", "recent", "auto" or a duration, see `noria.core.windows`. `holdout` is the newest
    stretch of time, or the newest share of the rows (0 to 1); 0 holds nothing out. `params` is handed to the
    pipeline. `timeout` is for one execution of the pipeline.
    """

    window: str = "all"
    evaluation: Evaluation = Evaluation.HOLDOUT
    holdout: timedelta | float = 0.2
    refit: bool | str = True
    seed: int = 0
    timeout: timedelta = timedelta(hours=1)
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPolicy:
    """From candidate to champion; `guard` is how long the champion before may come back by itself."""

    steps: tuple[Step, ...] = ()
    abort: tuple[AbortRule, ...] = ()
    quality: QualityLimit | None = None
    guard: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """How the gateway serves.

    `workers` are the processes that share the port. `max_body` and `memory` (of the process of one version)
    are in bytes; `deadline` is for one call of a model. `log` says when a prediction is kept: once it is
    written (buffered) or once it is on the disk (durable); `full`, what happens when the disk takes no more.
    `fallback` is answered when no version can. `nan` says what a NaN in a request is. `rate` is per token and
    model; with `tokens`, every request needs one. `certificate` and `key` are PEM files, relative to the
    project.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    max_body: int = 16 * 2**20
    connections: int = 10_000
    deadline: timedelta = timedelta(seconds=5)
    memory: int = 4 * 2**30
    compile: bool = True
    log: str = "buffered"
    full: str = "serve"
    fallback: float | None = None
    nan: str = "missing"
    tokens: bool = False
    rate: Rate | None = None
    certificate: str | None = None
    key: str | None = None
    insecure: bool = False
    access_log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """What is watched beside the columns and the quality of the whole.

    `slices` and `sensitive` are columns of the schema. `outliers` says what is answered to a request unlike
    all that the model learnt from; `coverage` is the share (0 to 1) of truths that sets or intervals cover.
    """

    slices: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    outliers: str = "pass"
    coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """Which features may be changed to flip an answer, and the `threshold` that it would have to cross.

    Without a threshold it is 0.5 for two classes; of several classes another one would have to win.
    """

    changeable: tuple[str, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """How many labels a source may send; more of them wait until somebody has looked at them."""

    cap: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The budget of false alarms, and the routes on which alerts go out: apprise URLs, or $NAME for one."""

    false_alarms: Rate = MONTHLY
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project: a git repository with a noria.toml.

    `pipeline` is relative to `root`. `owner` and `purpose` may be empty; `risk` is low, medium or high.
    `pickle` allows models that run code of their own when they are loaded.
    """

    root: Path
    name: str
    task: Task
    pipeline: str = "pipeline.py"
    owner: str = ""
    purpose: str = ""
    risk: str = "low"
    pickle: bool = False
    data: Data
    train: Train = field(default_factory=Train)
    triggers: Triggers = field(default_factory=Triggers)
    brakes: Brakes = field(default_factory=Brakes)
    gates: tuple[Gate, ...]
    rollout: RolloutPolicy = field(default_factory=RolloutPolicy)
    serve: Serve = field(default_factory=Serve)
    monitor: Monitor = field(default_factory=Monitor)
    alerts: Alerts = field(default_factory=Alerts)
    feedback: Feedback = field(default_factory=Feedback)
    explain: Explain = field(default_factory=Explain)

    @property
    def loss(self) -> Metric:
        """The metric whose losses, row by row, say in rollouts and guards which model is better."""
        quality = self.rollout.quality
        return METRICS[quality.metric] if quality else primary(self.task)

    @property
    def enough_rows(self) -> int:
        """How many rows the gates want to judge a model by; two models are compared by two rows at least."""
        return max((gate.options["rows"] for gate in self.gates if gate.check == "enough-rows"), default=2)

    @property
    def home(self) -> Path:
        """Everything that noria writes for this project; never under version control."""
        return self.root / ".noria"
