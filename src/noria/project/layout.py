"""The tables and keys of noria.toml: one description for the parser, the JSON Schema and the docs."""

from __future__ import annotations

from noria.core.quality import METRICS
from noria.project.checks import CHECKS, TIMEOUT, installed
from noria.project.kinds import Key, ListOf, Table, Tagged, one_of
from noria.project.model import Evaluation, Task
from noria.project.scalars import (
    ABORT,
    BOOLEAN,
    CRON,
    DURATION,
    FREE_TABLE,
    HOLDOUT,
    INTERVAL,
    NAME,
    NAME_OF_MODEL,
    NUMBER,
    PYTHON_FILE,
    RATE,
    REFIT,
    REQUEST_RATE,
    SHARE,
    TEXT,
    WINDOW,
    number,
    whole,
)

MODEL = Table(
    (
        Key("name", NAME_OF_MODEL, "The model's name: it stands in URLs and in the registry.", required=True),
        Key("task", one_of(*Task), "What is predicted: two classes, several, or a number.", required=True),
        Key("pipeline", PYTHON_FILE, "The file whose public functions are the steps."),
        Key("owner", TEXT, "Who answers for the model."),
        Key("purpose", TEXT, "What its predictions are for, in a sentence."),
        Key("risk", one_of("low", "medium", "high"), "The risk class."),
        Key("pickle", BOOLEAN, "Allow Python models of MLflow, which run code when they are loaded."),
    )
)
SOURCES = ListOf(NAME, "a glob, or a list of globs", single=True, least=1)
COLUMNS = ListOf(NAME, "a list of one or more columns", least=1)
DATA = Table(
    (
        Key("source", SOURCES, "Globs of CSV or Parquet files, or Delta tables.", required=True),
        Key("label", NAME, "The column with the truth.", required=True),
        Key("time", NAME, "The column with a row's moment; without it, the order of the rows."),
        Key(
            "entity",
            NAME,
            "Whom a row is about, once or at each time; it keeps traffic sticky.",
        ),
        Key("label_delay", DURATION, "How long after its row a label is due."),
        Key("label_time", NAME, "The column that says when the label became known."),
        Key("features", COLUMNS, "What the model sees; without it, all that schema.toml allows."),
    )
)
TRAIN = Table(
    (
        Key("window", WINDOW, "How far back the training rows go."),
        Key("evaluation", one_of(*Evaluation), "By which model, and on which rows, one is judged."),
        Key("holdout", HOLDOUT, "The newest rows, on which candidates are judged."),
        Key("refit", REFIT, "Ship what is refitted on all matured rows once the gates have passed."),
        Key("seed", whole(0, 2**31 - 1), "Handed to the pipeline."),
        Key("timeout", DURATION, "The longest that one execution of the pipeline may take."),
        Key("params", FREE_TABLE, "Handed to the pipeline as `params`."),
    )
)
QUALITY = Table(
    (
        Key("metric", one_of(*METRICS), "Which realised metric is watched.", required=True),
        Key("worse_by", SHARE, "By which share it may be worse than at the promotion.", required=True),
    )
)
CADENCE = Table(
    (
        Key("floor", INTERVAL, "The shortest time between two runs that nobody asked for.", required=True),
        Key("ceiling", INTERVAL, "The longest.", required=True),
    )
)
DRIFT = Table(
    (Key("false_alarms", RATE, "How often, at most, it may call where nothing drifts.", required=True),)
)
TRIGGERS = Table(
    (
        Key("commit", BOOLEAN, "A new commit."),
        Key("data", BOOLEAN, "New rows in the source."),
        Key("schedule", CRON, "A cron expression, in UTC."),
        Key("cadence", CADENCE, "As often as retraining has proven to pay."),
        Key("labels", whole(1), "So many new labelled rows."),
        Key("quality", QUALITY, "Realised quality is worse than at the promotion."),
        Key("drift", DRIFT, "What comes in is not what the champion learnt from."),
    )
)
BRAKES = Table(
    (
        Key("cooldown", DURATION, "The shortest time between two runs that nobody asked for."),
        Key("runs", RATE, "How many runs at most."),
        Key("promotions", RATE, "How many promotions at most."),
    )
)
STEP = Table(
    (
        Key("shadow", whole(1), "Copies of so many requests; the challenger answers none."),
        Key("weight", whole(1, 99), "The percentage of entities that the challenger answers."),
        Key("requests", whole(1), "How many requests at this weight."),
    )
)
LOSSES = [metric.name for metric in METRICS.values() if metric.per_row]
LIMIT = Table(
    (
        Key("metric", one_of(*LOSSES), "Which loss; without it, that of the task's first metric."),
        Key("margin", number(0), "How much worse the challenger may be, in loss a row.", required=True),
        Key("labels", whole(0), "So many matured labels have to prove it; 0: it is watched only."),
    )
)
ROLLOUT = Table(
    (
        Key("steps", ListOf(STEP, "a list of steps"), "From candidate to champion; empty: at once."),
        Key("abort", ListOf(ABORT, "a list of limits"), "Limits whose breach ends the rollout."),
        Key("quality", LIMIT, "How much worse than the champion, by matured labels."),
        Key("guard", DURATION, "How long the champion before goes on as a shadow, and may come back."),
    )
)
SERVE = Table(
    (
        Key("host", NAME, "Where the gateway listens."),
        Key("port", whole(0, 65535), "0: any free port."),
        Key("workers", whole(1, 64), "How many processes share the port."),
        Key("max_body", whole(1), "The largest request body, in bytes."),
        Key("connections", whole(1), "How many connections may be open at once."),
        Key("deadline", INTERVAL, "The longest that a model may take for one call."),
        Key("memory", whole(2**26), "The most that the process of one version may hold, in bytes."),
        Key("compile", BOOLEAN, "Serve a scikit-learn model in a faster form that answers the same."),
        Key("log", one_of("buffered", "durable"), "Answer once a prediction is written, or on the disk."),
        Key("full", one_of("serve", "refuse"), "What to do when the disk takes no more records."),
        Key("fallback", NUMBER, "What is answered when no version can."),
        Key("nan", one_of("missing", "refuse"), "What a NaN in a binary request is."),
        Key("tokens", BOOLEAN, "Every request needs a token, see `noria token`."),
        Key("rate", REQUEST_RATE, "How many requests one client may send."),
        Key("certificate", NAME, "The PEM file of the TLS certificate and its chain."),
        Key("key", NAME, "The PEM file of its private key."),
        Key("insecure", BOOLEAN, "Listen on other addresses than loopback without TLS."),
        Key("access_log", BOOLEAN, "Write a line of JSON for each request."),
    )
)
SOME_COLUMNS = ListOf(NAME, "a list of columns")
MONITOR = Table(
    (
        Key("slices", SOME_COLUMNS, "Columns whose values are watched each by itself."),
        Key("sensitive", SOME_COLUMNS, "Columns between whose values the model is to be fair."),
        Key("outliers", one_of("pass", "clip", "fallback", "abstain"), "What to do with an outlier."),
        Key("coverage", SHARE, "The share of truths that a prediction set or interval is to cover."),
    )
)
ALERTS = Table(
    (
        Key("false_alarms", RATE, "How many false alarms at most."),
        Key(
            "routes", ListOf(NAME, "a list of apprise URLs, or $NAME for one of the environment"), "To whom."
        ),
    )
)
FEEDBACK = Table((Key("cap", RATE, "How many labels a source may send; more of them wait."),))
EXPLAIN = Table(
    (
        Key("changeable", SOME_COLUMNS, "Features that may be changed to flip an answer."),
        Key("threshold", NUMBER, "The answer at which a decision turns; for two classes 0.5 without it."),
    )
)
GATES = ListOf(Tagged("check", CHECKS, others=installed, always=(TIMEOUT,)), "a list of tables [[gates]]")
FILE = Table(
    (
        Key("model", MODEL, "The model under continuous delivery.", required=True),
        Key("data", DATA, "Where the labelled examples come from.", required=True),
        Key("train", TRAIN, "How a candidate is trained."),
        Key("triggers", TRIGGERS, "What starts a run."),
        Key("brakes", BRAKES, "What holds runs and promotions back."),
        Key("gates", GATES, "Checks on a candidate; without them, all with their defaults."),
        Key("rollout", ROLLOUT, "From candidate to champion."),
        Key("serve", SERVE, "How the gateway serves."),
        Key("monitor", MONITOR, "What is watched beside the columns and the quality of the whole."),
        Key("alerts", ALERTS, "Who is told, and how often for nothing."),
        Key("feedback", FEEDBACK, "What may come from a source of labels."),
        Key("explain", EXPLAIN, "What would have had to be otherwise for another answer."),
    )
)
