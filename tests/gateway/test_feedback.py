import pytest

from noria.errors import RequestError
from noria.gateway.feedback import decode

JANUARY = 1_356_998_400.0  # 2013-01-01T00:00Z
FORMS = [
    ('{"id": "a", "label": 1}', ["a"], [1], []),
    ('{"label": 1}', ["header"], [1], []),
    ('{"id": "a", "label": 1, "at": 1356998400}', ["a"], [1], [JANUARY]),
    ('{"id": "a", "label": 1, "at": "2013-01-01T01:00:00+01:00"}', ["a"], [1], [JANUARY]),
    ('{"id": "a", "label": "yes", "at": "2013-01-01T00:00:00"}', ["a"], ["yes"], [JANUARY]),
    ('{"labels": [{"id": "a", "label": 1}, {"id": "b", "label": 0}]}', ["a", "b"], [1, 0], []),
    (
        '{"labels": [{"id": "a", "label": 1, "at": 1356998400}, {"id": "b", "label": 0}]}',
        ["a", "b"],
        [1, 0],
        [JANUARY, None],
    ),
    (
        '{"ids": ["a", "b"], "labels": [1, 0], "at": [null, 1356998400]}',
        ["a", "b"],
        [1, 0],
        [None, JANUARY],
    ),
]


@pytest.mark.parametrize(("content", "ids", "labels", "times"), FORMS)
def test_forms(content: str, ids: list, labels: list, times: list) -> None:
    given = decode(content.encode(), "header")
    assert (given.ids, given.labels, given.times) == (ids, labels, times)


def test_so_many_labels_that_others_would_wait_are_refused() -> None:
    with pytest.raises(RequestError, match="noria label FILE sends any number") as raised:
        decode(b'{"ids": ["a"], "labels": [1]}' + b" " * 2 * 2**20)
    assert raised.value.status == 413


FAULTS = [
    ("{}", "labels: send"),
    ('{"label": 1}', "labels: send"),
    ('{"ids": ["a", "b"], "labels": [1]}', "labels: send"),
    ('{"ids": ["a"], "labels": [1], "at": [1, 2]}', "labels: send"),
    ('{"ids": ["a"], "labels": [1], "at": 1}', "labels: send"),
    ('{"id": "a", "label": 1, "at": [1]}', "labels: send"),
    ('{"id": "a", "label": 1, "at": -1}', "at: -1 is no number of seconds since 1970"),
    ('{"id": "a", "label": 1, "at": 1e300}', "at: 1e"),
    ('{"id": "a", "label": 1, "at": "yesterday"}', "the body cannot be used"),
    ('{"id": "a", "label": 99999999999999999999}', "beyond 64 bits"),
]


@pytest.mark.parametrize(("content", "said"), FAULTS)
def test_faults(content: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as raised:
        decode(content.encode())
    assert raised.value.status == 400
