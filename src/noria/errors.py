"""Everything that noria raises on purpose.

NoriaError
├── ProjectError          noria.toml or schema.toml has faults: all of them at once
├── DataError             a source, a batch or a label cannot be used
├── GitError              the repository or a commit cannot be used
├── PipelineError         the pipeline's graph or its result is wrong
├── JobError              a job in a child process did not end well
│   ├── JobRaised           its code raised
│   ├── JobTimedOut         it ran longer than it may
│   └── JobKilled           a signal ended it, such as the kernel's out-of-memory killer
├── ArtifactError         a model cannot be packaged, verified or loaded
├── StateError            the control state refuses a change
│   ├── StaleEpoch          somebody else changed it first
│   └── IllegalSignal       a rollout in this phase cannot take this signal
├── ProfileError          a profile of traffic is damaged, or cannot be read with another
├── RequestError          a client's request is refused, with a status
└── Unavailable           a part of noria does not answer, or is running already

Each says what happened, where, and the next command to try.
"""

from __future__ import annotations


class NoriaError(Exception):
    """What happened, and the next command to try.

    `message` is the sentence for the reader; `hint` is the command, without a prompt sign, or "".
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  try: {self.hint}" if self.hint else self.message


class ProjectError(NoriaError):
    """The project's files have faults; `faults` holds a sentence for each."""

    exit_code = 2

    def __init__(self, faults: tuple[str, ...], *, hint: str = "noria doctor") -> None:
        super().__init__("\n".join(faults), hint=hint)
        self.faults = faults


class DataError(NoriaError):
    """A source, a batch or a label cannot be used."""


class GitError(NoriaError):
    """The repository or a commit cannot be used."""


class PipelineError(NoriaError):
    """The pipeline's graph or its result is wrong."""


class JobError(NoriaError):
    """A job in a child process did not end well; `log` is the end of what it printed."""

    def __init__(self, message: str, *, log: str = "", hint: str = "noria runs") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class JobRaised(JobError):
    """The job's code raised."""


class JobTimedOut(JobError):
    """The job ran longer than it may."""


class JobKilled(JobError):
    """A signal ended the job, such as the kernel's out-of-memory killer."""


class ArtifactError(NoriaError):
    """A model cannot be packaged, verified or loaded."""


class StateError(NoriaError):
    """The control state refuses a change."""


class StaleEpoch(StateError):
    """Somebody else changed the model's state first; read it again and decide anew."""


class IllegalSignal(StateError):
    """A rollout in this phase cannot take this signal; nothing was changed."""


class ProfileError(NoriaError):
    """A profile of traffic is damaged, or cannot be read with another."""


class RequestError(NoriaError):
    """A client's request is refused; `status` is the HTTP status.

    A client that gets 429 or 503 may ask again after `retry` seconds.
    """

    def __init__(self, status: int, message: str, *, retry: int = 1) -> None:
        super().__init__(message)
        self.status = status
        self.retry = retry


class Unavailable(NoriaError):
    """A part of noria does not answer, or is running already."""
