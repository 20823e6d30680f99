"""Labels as clients send them: `POST /feedback`, one or many, before or after their predictions are seen."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from noria.errors import RequestError
from noria.gateway.protocols import body

Value = float | int | str | bool
Time = float | datetime
"""Of which moment a label tells: seconds since 1970, or as in RFC 3339, in UTC where it names no zone."""

LARGEST = 2 * 2**20
"""Bytes of a body that are decoded in less than a tenth of a second."""
LATEST = 2**33
"""Seconds since 1970 below which a time lies: the year 2242."""


class _Label(msgspec.Struct):
    id: str
    label: Value
    at: Time | None = None


class _Feedback(msgspec.Struct):
    """Either {"labels": [{"id", "label"}]}, {"ids": [...], "labels": [...]}, {"id", "label"} or {"label"}.

    A label may have its `at`; beside `ids` that is a list, too.
    """

    labels: list[_Label | Value] | None = None
    ids: list[str] | None = None
    id: str | None = None
    label: Value | None = None
    at: Time | list[Time | None] | None = None


class Given(msgspec.Struct, frozen=True):
    """Labels by prediction id; `times` are in seconds since 1970, and empty where none was sent."""

    ids: list[str]
    labels: list[Value]
    times: list[float | None]


_decoder = msgspec.json.Decoder(_Feedback)


def decode(content: bytes, key: str = "") -> Given:
    """Return the labels of a body. A single label without an id is that of `key`.

    Raises:
        RequestError: 400, the body has none of the forms, or a label or a time is none that can be kept; 413,
            it is so large that all others would wait for it.
    """
    if len(content) > LARGEST:
        raise RequestError(413, f"labels: at most {LARGEST} bytes at once; noria label FILE sends any number")
    ids, labels, times = _triples(body.decode(_decoder, content), key)
    for key, label in zip(ids, labels, strict=True):
        if type(label) is int and abs(label) >= 2**63:
            raise RequestError(400, f"label: that of {key!r} is an integer beyond 64 bits")
    given = any(time is not None for time in times)
    return Given(ids, labels, list(map(_seconds, times)) if given else [])


def _triples(feedback: _Feedback, key: str) -> tuple[list[str], list[Value], list[Time | None]]:
    at, labels = feedback.at, feedback.labels or []
    if feedback.label is not None and (feedback.id or key) and not isinstance(at, list):
        return [feedback.id or key], [feedback.label], [at]
    whole = [label for label in labels if isinstance(label, _Label)]
    if feedback.ids is None and at is None and labels and len(whole) == len(labels):
        return [each.id for each in whole], [each.label for each in whole], [each.at for each in whole]
    times: Time | list[Time | None] = [None] * len(labels) if at is None else at
    bare = [label for label in labels if not isinstance(label, _Label)]
    ids = feedback.ids or []
    if ids and isinstance(times, list) and len(ids) == len(bare) == len(times) == len(labels):
        return ids, bare, times
    forms = '{"labels": [{"id": ..., "label": ...}]} or {"ids": [...], "labels": [...]} of one length'
    raise RequestError(400, f"labels: send {forms}, with or without at")


def _seconds(time: Time | None) -> float | None:
    if isinstance(time, datetime):
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if time is not None and not 0 <= time < LATEST:
        raise RequestError(400, f"at: {time:g} is no number of seconds since 1970")
    return time
