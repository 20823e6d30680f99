"""Routes the rows of a request to versions, one by one, and merges what they answer.

A challenger's failure is recorded as its own and answered by the champion, so a client never sees a bad
canary. The champion's rows get a second try when its process died. Shadow copies leave after the answer, and
only when few rows wait. Rows unlike all that the champion learnt from are handled by the project's rule.
"""

from __future__ import annotations

from array import array
from functools import partial
from math import nan
from time import monotonic
from typing import Any

import msgspec

from noria.core.traffic import Plan, choose
from noria.errors import RequestError
from noria.gateway import outliers
from noria.gateway.answer import ABSTAINED, FALLBACK, Done, Merge
from noria.gateway.batch import Batch, join, take
from noria.gateway.batching import BUSY, Job
from noria.gateway.hosting.frames import encode_call
from noria.gateway.ids import Mint
from noria.gateway.log.record import Recorder, Settled
from noria.gateway.served import Served
from noria.gateway.settings import ModelSettings
from noria.ports import Clock

SHADOW_ROWS = 64
"""Rows that wait, for an answer or as copies, from which on copies are shed."""
NOBODY = 0
"""The version of rows that no version answers."""

UNKEPT = RequestError(503, "predictions cannot be kept now, and this gateway answers none without")


class Router:
    """Answers batches from `served`; None until a plan is ready.

    `shed` counts copies that were not made, `outliers` the rows that the project's rule was applied to.
    """

    def __init__(self, settings: ModelSettings, recorder: Recorder, clock: Clock) -> None:
        self.served: Served | None = None
        self.shed = self.outliers = 0
        self._model = settings.name
        self._entity = settings.entity
        self._refuse = settings.full == "refuse"  # nobody is answered whose prediction is not kept
        self._fallback = settings.fallback
        self._rule = settings.outliers
        self._recorder = recorder
        self._clock = clock
        self._mint = Mint(clock)

    def ready(self) -> Served:
        """Return what is served.

        Raises:
            RequestError: 503, no version serves yet.
        """
        if self.served is None or not self.served.plan.arms:
            raise RequestError(503, f"no version of {self._model} serves yet")
        return self.served

    def answer(
        self,
        batch: Batch,
        done: Done,
        *,
        key: str,
        entity: str,
        client: str = "",
        version: int | None = None,
    ) -> None:
        """Have every row answered by the version that the plan chooses, or by `version`; then call `done`.

        `key`, the id of the request, and `entity` may be empty: the id is then minted, and is the entity.
        `client` is recorded with the rows.

        Raises:
            RequestError: nobody can answer now, or shall, or `version` does not serve.
        """
        served = self.ready()
        if self._refuse and self._recorder.full:
            raise UNKEPT
        plan = served.plan
        key = key or self._mint()
        ids = [key] if batch.rows == 1 else [f"{key}/{row}" for row in range(batch.rows)]
        entities = self._entities(batch, entity, ids)
        if version is None:
            versions = [choose(plan, each) for each in entities]
        else:
            versions = [_pinned(plan, version)] * batch.rows
        if self._rule != "pass":
            batch = self._screened(batch, versions)
        merge = Merge(key, versions, self._recorder.mode, done)
        started = monotonic()
        if plan.champion in merge.rows and served.lanes[plan.champion].full:
            raise BUSY  # a challenger's lane says so itself, and the champion answers
        for chosen, rows in merge.rows.items():
            job = Job(batch, ids, entities, 0, "", started, partial(self._settled, merge, rows), client)
            if len(merge.rows) > 1:
                job.batch = take(batch, rows)
                job.ids = [ids[row] for row in rows]
                job.entities = [entities[row] for row in rows]
            if chosen == NOBODY:
                self._decline(merge, rows, job, served)
            else:
                self._submit(job, chosen, served)

    def log(
        self,
        version: int,
        jobs: list[Job],
        call: bytes,
        outputs: bytes,
        settled: Settled,
        error: str | None = None,
    ) -> None:
        """Record jobs of one plan and role, as sent and answered; then tell whether they are kept."""
        now = monotonic()
        first = jobs[0]
        more: dict[str, Any] = {}
        if first.client:
            more["clients"] = [job.client for job in jobs for _ in job.ids]
        if self.served and version in self.served.margins:
            more["margin"] = self.served.margins[version]
        self._recorder.append(
            {
                **more,
                "k": "p",
                "model": self._model,
                "at": self._clock.now().timestamp(),
                "plan": first.plan,
                "version": version,
                "role": first.role,
                "ids": [key for job in jobs for key in job.ids],
                "entities": [entity for job in jobs for entity in job.entities],
                "columns": msgspec.Raw(call),
                "outputs": outputs,
                "latencies": array("d", [now - job.started for job in jobs for _ in job.ids]).tobytes(),
                "error": error,
            },
            settled,
        )

    def _entities(self, batch: Batch, entity: str, ids: list[str]) -> list[str]:
        column = batch.column(self._entity) if self._entity else None
        if column is None:
            return [entity] * batch.rows if entity else ids
        return [_text(value) or entity or key for value, key in zip(column, ids, strict=True)]

    def _screened(self, batch: Batch, versions: list[int]) -> Batch:
        """Return a batch with its outliers clipped; or leave none of the `versions` to answer them."""
        detector = self.ready().detector
        found = outliers.find(batch, detector) if detector else []
        self.outliers += len(found)
        if detector and found and self._rule == "clip":
            return outliers.clip(batch, found, detector)
        for row in range(batch.rows) if found and self._rule == "abstain" else found:
            versions[row] = NOBODY
        return batch

    def _decline(self, merge: Merge, rows: list[int], job: Job, served: Served) -> None:
        """Answer a job with the value that the project names, or refuse it, as the rule is; record either."""
        champion = served.plan.champion or NOBODY
        job.plan = served.plan.number
        if self._rule == "fallback":
            self._fall_back(merge, rows, job, champion)
            return
        assert served.detector is not None
        job.role = ABSTAINED
        self.log(champion, [job], _call(job), array("d", [nan] * len(rows)).tobytes(), _ignore)
        merge.fail(outliers.refusal(job.batch, served.detector))

    def _submit(self, job: Job, version: int, served: Served) -> None:
        job.plan, job.role = served.plan.number, served.plan.role(version)
        lacking = served.beyond[version].difference(job.batch.names)
        if lacking:
            fault = f"the request lacks what version {version} needs: {', '.join(sorted(lacking))}"
            job.settle(job, version, RequestError(400, fault), True)
        else:
            served.lanes[version].submit(job)

    def _settled(
        self,
        merge: Merge,
        rows: list[int],
        job: Job,
        version: int,
        result: list[Any] | RequestError,
        logged: bool,
    ) -> None:
        if not logged and self._refuse:
            merge.fail(UNKEPT)
            return
        if not isinstance(result, RequestError):
            merge.add(rows, version, job.role, result, logged)
            self._shadow(job)
            return
        again = job.role == "challenger" or (result.status == 503 and not job.alone)
        if job.role == "challenger" or not again:
            self._log_failure(job, version, result)
        served = self.served
        if again and served and served.plan.champion is not None:
            job.alone = result is not BUSY
            self._submit(job, served.plan.champion, served)
        elif self._fallback is not None and result.status >= 500:
            self._fall_back(merge, rows, job, NOBODY)
        else:
            merge.fail(result)

    def _fall_back(self, merge: Merge, rows: list[int], job: Job, version: int) -> None:
        """Answer the rows of a job with the value that the project names, in place of a `version`, if any."""
        assert self._fallback is not None
        job.role = FALLBACK
        outputs = [self._fallback] * job.batch.rows
        tell = partial(self._settled, merge, rows, job, NOBODY, outputs)
        self.log(version, [job], _call(job), array("d", outputs).tobytes(), tell)

    def _shadow(self, job: Job) -> None:
        served = self.served
        if served is None or served.plan.shadow is None:
            return
        if sum(lane.rows for lane in served.lanes.values()) < SHADOW_ROWS:
            copy = Job(job.batch, job.ids, job.entities, 0, "", monotonic(), self._shadow_settled, job.client)
            self._submit(copy, served.plan.shadow, served)
        else:
            self.shed += 1

    def _shadow_settled(self, job: Job, version: int, result: list[Any] | RequestError, logged: bool) -> None:
        if isinstance(result, RequestError):
            self._log_failure(job, version, result)

    def _log_failure(self, job: Job, version: int, error: RequestError) -> None:
        self.log(version, [job], _call(job), b"", _ignore, error.message)


def _call(job: Job) -> bytes:
    return encode_call(join([job.batch], frozenset()))


def _ignore(logged: bool) -> None:
    """Nobody waits for the record of a failure."""


def _pinned(plan: Plan, version: int) -> int:
    if all(arm.version != version for arm in plan.arms):
        serving = ", ".join(str(arm.version) for arm in plan.arms)
        raise RequestError(404, f"version {version} does not serve; serving: {serving}")
    return version


def _text(value: float | str | None) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
