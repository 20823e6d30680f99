"""Labels as clients send them: `POST /feedback`, one or many, before or after their predictions are seen."""

from __future__ import annotations

import msgspec

from noria.errors import RequestError
from noria.gateway.protocols import body

Value = float | int | str | bool


class _Label(msgspec.Struct):
    id: str
    label: Value


class _Feedback(msgspec.Struct):
    """Either {"labels": [{"id", "label"}]}, {"ids": [...], "labels": [...]}, {"id", "label"} or {"label"}."""

    labels: list[_Label | Value] | None = None
    ids: list[str] | None = None
    id: str | None = None
    label: Value | None = None


_decoder = msgspec.json.Decoder(_Feedback)


def decode(content: bytes, key: str = "") -> tuple[list[str], list[Value]]:
    """Return the prediction ids and their labels. A single label without an id is that of `key`.

    Raises:
        RequestError: 400, the body has none of the forms, or a label is no number or text of the usual size.
    """
    ids, labels = _pairs(body.decode(_decoder, content), key)
    for key, label in zip(ids, labels, strict=True):
        if type(label) is int and abs(label) >= 2**63:
            raise RequestError(400, f"label: that of {key!r} is an integer beyond 64 bits")
    return ids, labels


def _pairs(feedback: _Feedback, key: str) -> tuple[list[str], list[Value]]:
    if feedback.label is not None and (feedback.id or key):
        return [feedback.id or key], [feedback.label]
    labels = feedback.labels or []
    pairs = [label for label in labels if isinstance(label, _Label)]
    if feedback.ids is None and labels and len(pairs) == len(labels):
        return [pair.id for pair in pairs], [pair.label for pair in pairs]
    if feedback.ids and not pairs and len(labels) == len(feedback.ids):
        return feedback.ids, [label for label in labels if not isinstance(label, _Label)]
    forms = '{"labels": [{"id": ..., "label": ...}]} or {"ids": [...], "labels": [...]} of one length'
    raise RequestError(400, f"labels: send {forms}")
